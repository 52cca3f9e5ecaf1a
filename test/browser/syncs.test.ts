/* Counts the syncs of a browser: one for each commit at least, or what was acknowledged could be lost with the power. */

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { site } from './support/browser.js';

const COMMITS = 20;
const folder = mkdtempSync(join(tmpdir(), 'shardex-syncs-'));
const trace = join(folder, 'trace');
const { open } = site(tracedChromium());

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Chromium with its calls to sync the files of IndexedDB written down. */
function tracedChromium(): string {
  const path = join(folder, 'chromium');
  const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const options = `-f -y -o ${trace} -e trace=fsync,fdatasync`;
  writeFileSync(path, `#!/bin/sh\nexec strace ${options} ${chromium} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

function syncs(): number {
  if (!existsSync(trace)) throw new Error('There is no strace here: install it.');
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /sync\(.*indexeddb/i.test(line)).length;
}

/** Syncs while a page commits. */
async function syncsOf(name: string, isCareless: boolean): Promise<number> {
  const page = await open();
  if (isCareless)
    await page.evaluate(() => {
      const transaction = Reflect.get<IDBDatabase, 'transaction'>(IDBDatabase.prototype, 'transaction');
      IDBDatabase.prototype.transaction = function (stores, mode) {
        return transaction.call(this, stores, mode);
      };
    });
  await page.evaluate((name) => window.inPage.write(name, 'opening', 1), name);
  const before = syncs();
  await page.evaluate(([name, count]) => window.inPage.write(name, 'a', count), [name, COMMITS] as const);
  const counted = syncs() - before;
  await page.close();
  return counted;
}

test('Chromium syncs each commit before it is acknowledged', async () => {
  const counted = await syncsOf('careful', false);
  expect(counted).toBeGreaterThanOrEqual(COMMITS);
  // One for each, and few for the rest.
  expect(counted).toBeLessThan(COMMITS + 10);
});

test('a log that does not ask for it would show', async () => {
  expect(await syncsOf('careless', true)).toBeLessThan(COMMITS / 2);
});
