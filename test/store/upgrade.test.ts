/* Files that earlier formats left behind: they are opened, brought to the present one, and go on. */

import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { verify } from 'shardex';
import { type CommitLog, openStore } from 'shardex/store';
import type { SqliteDriver } from '../../src/store/sqlite/driver.js';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { rejectionOf } from '../support/thrown.js';
import { sqliteError, wrapped } from './support/broken-driver.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const drivers = await sqliteDrivers();

/** A copy of a golden file. It has 12 versions; checkpoints of 4, 6, 7 and 9, the second for a tag; and was trimmed to 7. */
function golden(name: string): string {
  const path = `${folder()}/${name}`;
  writeFileSync(path, gunzipSync(readFileSync(new URL('golden/store-1.db.gz', import.meta.url))));
  return path;
}

function logAt(path: string, driver: SqliteDriver): CommitLog {
  return newSqliteLog(path, driver, () => Promise.reject(new Error('unused')));
}

/** All that a file holds, table by table, with its format and what its tables are like. */
function contentsOf(path: string, driver: SqliteDriver): Record<string, unknown> {
  const db = new driver(path);
  const all = (sql: string): unknown[] => db.prepare(sql).all();
  const rows = Object.fromEntries(
    ['entry', 'note', 'chunk', 'checkpoint', 'checkpoint_chunk'].map((table) => [
      table,
      all(`SELECT * FROM ${table} ORDER BY 1, 2`),
    ]),
  );
  const contents = {
    ...rows,
    branch: all('SELECT id, name, settings FROM branch'),
    columns: all('PRAGMA table_info(branch)'),
    format: all('PRAGMA user_version'),
  };
  db.close();
  return contents;
}

describe.each(drivers)('upgrading a file of format 1, with %s', (name, driver) => {
  const at = (file: string): string => golden(`${name.replace(/\W/g, '-')}-${file}.db`);

  test('changes no row, and makes the tables those of a new file', async () => {
    const path = at('rows');
    const before = contentsOf(path, driver);
    const log = logAt(path, driver);
    await log.open();
    await log.close();
    const made = logAt(`${path}-new`, driver);
    await made.open(new Uint8Array([1]));
    await made.close();
    const { columns, format } = contentsOf(made.name, driver);
    expect(before.format).toEqual([{ user_version: 1 }]);
    expect(format).toEqual([{ user_version: 2 }]);
    expect(contentsOf(path, driver)).toEqual({ ...before, columns, format });
  });

  test.each(['before', 'after'] as const)(
    'that breaks off %s any of its statements leaves a file of the one format or the other',
    async (when) => {
      const whole = contentsOf(at(`${when}-whole`), driver);
      let done = 0;
      for (let n = 1, isBroken = true; isBroken; n++) {
        done = 0;
        const path = at(`${when}-${n}`);
        // Statement by statement, as a process can be killed between any two.
        const failing = wrapped(driver, (sql, run, db) => {
          if (!sql.includes('ALTER TABLE')) return run();
          for (const statement of sql.split(';').filter((part) => part.trim() !== '')) {
            const isIt = ++done === n;
            if (isIt && when === 'before') throw sqliteError(10, 'disk I/O error');
            db.exec(statement);
            if (isIt) throw sqliteError(10, 'disk I/O error');
          }
          return undefined;
        });
        const broken = logAt(path, failing);
        isBroken = await broken.open().then(
          () => false,
          () => true,
        );
        await broken.close().catch(() => undefined);
        if (isBroken) expect(contentsOf(path, driver)).toEqual(whole);
        const store = await openStore(logAt(path, driver));
        expect(store.read()).toMatchObject({ version: 12, postingCount: 72, documentCount: 12 });
        await store.close();
      }
      expect(done).toBe(4);
    },
  );
});

test.each(drivers)('a file of format 1, with %s', async (name, driver) => {
  const path = golden(`${name.replace(/\W/g, '-')}.db`);
  const open = (): CommitLog => logAt(path, driver);
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
  const log = logAt(path, driver);
  expect(await rejectionOf(openStore(log))).toMatchObject({ code: 'LOG_FORMAT' });
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
});
