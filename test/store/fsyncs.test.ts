/*
 * Counts the syncs of a program that commits: one for each commit at least, or what was acknowledged could be lost with the
 * power. Nothing else finds that out; a killed process loses nothing that the system was given.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programs, run } from './support/children.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

const COMMITS = 20;
const folder = temporaryFolder();
const program = programs(folder, 'log-child', 'careless-child');

/** Whether system calls can be traced here. */
const canTrace =
  process.platform === 'linux' &&
  spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true'], { stdio: 'ignore' }).status === 0;

/** Syncs of the log between the opening and the last acknowledgement, and the commits acknowledged. */
async function syncsOf(
  script: string,
  driver: string,
): Promise<{ readonly syncs: number; readonly acks: number }> {
  const path = `${folder()}/${script}-${driver.replace(/\W/g, '')}.db`;
  const trace = `${path}.trace`;
  const args = ['-f', '-y', '-o', trace, '-e', 'trace=fsync,fdatasync,write', process.execPath];
  const { code, errors } = await run('strace', [
    ...args,
    program(script),
    path,
    driver,
    'append',
    String(COMMITS),
  ]);
  expect([code, errors.replace(/.*(Experimental|trace-warnings).*\n?/g, '')]).toEqual([0, '']);
  let isOpen = false;
  let syncs = 0;
  let acks = 0;
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    if (line.includes('write(1<') && line.includes('"open')) isOpen = true;
    if (!isOpen) continue;
    if (/f(data)?sync\(.*\.db/.test(line)) syncs++;
    if (line.includes('write(1<') && line.includes('"ack ')) {
      acks++;
      // Each acknowledgement has its own sync before it.
      if (syncs < acks) return { syncs, acks: COMMITS };
    }
  }
  rmSync(trace);
  return { syncs, acks };
}

test('calls of the system can be counted, or those tests are skipped where that is allowed', () => {
  if (process.env.SHARDEX_NO_SKIP !== undefined) expect(canTrace).toBe(true);
});

describe.skipIf(!canTrace).each(await sqliteDrivers())('%s', (name) => {
  const driver = name === 'node:sqlite' ? 'own' : name;

  test('each commit is synced before it is acknowledged', async () => {
    const { syncs, acks } = await syncsOf('log-child', driver);
    expect(acks).toBe(COMMITS);
    expect(syncs).toBeGreaterThanOrEqual(COMMITS);
    // One for each commit, and few for moving the log into the file.
    expect(syncs).toBeLessThan(COMMITS + 10);
  });

  test('a log that does not wait for the disk would show', async () => {
    const { syncs } = await syncsOf('careless-child', driver);
    expect(syncs).toBeLessThan(COMMITS);
  });
});
