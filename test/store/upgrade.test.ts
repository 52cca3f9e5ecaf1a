/* Files that earlier formats left behind: they are opened, brought to the present one, and go on. */

import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { verify } from 'shardex';
import { type CommitLog, openStore } from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { rejectionOf } from '../support/thrown.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const drivers = await sqliteDrivers();

/** A copy of a golden file. It has 12 versions; checkpoints of 4, 6, 7 and 9, the second for a tag; and was trimmed to 7. */
function golden(name: string): string {
  const path = `${folder()}/${name}`;
  writeFileSync(path, gunzipSync(readFileSync(new URL('golden/store-1.db.gz', import.meta.url))));
  return path;
}

test.each(drivers)('a file of format 1, with %s', async (name, driver) => {
  const path = golden(`${name.replace(/\W/g, '-')}.db`);
  const open = (): CommitLog => newSqliteLog(path, driver, () => Promise.reject(new Error('unused')));
  const store = await openStore(open());
  expect(store.read()).toMatchObject({ version: 12, postingCount: 72, documentCount: 12 });
  expect([...verify(store.read())]).toEqual([]);
  expect(store.tags()).toEqual(new Map([['six', 6]]));
  expect((await store.load('six')).documentCount).toBe(6);
  expect(await store.outcome('t3')).toEqual({ version: 3 });
  await store.update((draft) => {
    draft.removeDocument('d1');
  });
  await store.close();
  const log = open();
  await log.open();
  expect(await log.branches()).toMatchObject([{ name: 'main', parent: undefined, head: { version: 13 } }]);
  expect(await log.fork('b', { version: 12, token: 't12' })).toBe('made');
  expect((await log.entries(99, 99)).map(({ version }) => version)).toEqual([13, 12, 11, 10, 9, 8, 7]);
  await log.close();
  const branch = await openStore(open().branch('b'));
  expect(branch.documentCount).toBe(12);
  await branch.close();
});

test('a file of a later format is refused, and stays as it is', async () => {
  const [[, driver]] = drivers;
  const path = golden('later.db');
  const db = new driver(path);
  db.exec('PRAGMA user_version = 3');
  db.close();
  const bytes = readFileSync(path);
  const log = newSqliteLog(path, driver, () => Promise.reject(new Error('unused')));
  expect(await rejectionOf(openStore(log))).toMatchObject({ code: 'LOG_FORMAT' });
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
});
