/* What a log in Postgres does beside what every log does: its tables, large values, broken lines, hints. */

import { Client, Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { InvalidOptionError } from 'shardex';
import {
  type CommitLog,
  type Entry,
  type Head,
  LogFailedError,
  LogFormatError,
  UnansweredError,
} from 'shardex/store';
import {
  type PostgresLogOptions,
  type PostgresPool,
  migratePostgres,
  postgresLog,
  postgresSchema,
} from 'shardex/postgres';
import { rejectionOf, thrownBy } from '../support/thrown.js';
import { type Cluster, connection, hasPostgres, rowCount, startCluster } from './support/cluster.js';
import { type Fate, startProxy } from './support/proxy.js';

const settings = new Uint8Array([1]);

function entry(version: number, bytes = new Uint8Array([version]), token = `t${version}`): Entry {
  return { version, token, bytes };
}

function head(version: number): Head {
  return { version, token: `t${version}` };
}

function bytesOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed + (i >>> 9)) & 0xff);
}

async function all(log: CommitLog, after = 0): Promise<Entry[]> {
  const read: Entry[] = [];
  for await (const batch of log.read(after)) read.push(...batch);
  return read;
}

test('what is no pool, and options that cannot be, are refused', () => {
  const pool = { query: () => undefined, connect: () => undefined, on: () => undefined } as unknown;
  const wrong: [unknown, unknown][] = [
    [undefined, { namespace: 'a' }],
    [{}, { namespace: 'a' }],
    [{ query: () => undefined }, { namespace: 'a' }],
    [pool, undefined],
    [pool, {}],
    [pool, { namespace: '' }],
    [pool, { namespace: 'a', pollMs: 0 }],
    [pool, { namespace: 'a', listen: 1 }],
    [pool, { namespace: 'a', schema: 7 }],
    [pool, { namespace: 'a', colour: 'red' }],
  ];
  for (const [given, options] of wrong)
    expect(thrownBy(() => postgresLog(given as PostgresPool, options as PostgresLogOptions))).toBeInstanceOf(
      InvalidOptionError,
    );
  expect(thrownBy(() => postgresSchema({ from: 9 }))).toBeInstanceOf(InvalidOptionError);
  expect(postgresSchema({ from: 1 })).toBe('');
});

describe.skipIf(!hasPostgres)('in Postgres', () => {
  let cluster: Cluster;
  let pool: Pool;
  let places = 0;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    pool = new Pool(connection(cluster.port));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await pool.end();
    await cluster.stop();
  });

  const count = (table: string): Promise<number> => rowCount(pool, table);

  async function open(
    on: PostgresPool = pool,
    options: Partial<PostgresLogOptions> = {},
  ): Promise<CommitLog> {
    const log = postgresLog(on, { namespace: `n${++places}`, listen: false, ...options });
    ends.push(() => log.close());
    await log.open(settings);
    return log;
  }

  describe('tables', () => {
    test('are made by whoever comes first of many', async () => {
      const schema = 'many "at\\once"';
      const logs = Array.from({ length: 8 }, () => postgresLog(pool, { namespace: 'a\'b\\c"', schema }));
      const opened = await Promise.all(logs.map((log) => log.open(settings)));
      for (const one of opened) expect(one).toEqual({ settings, head: undefined });
      await logs[0].append(undefined, [entry(1)]);
      await logs[0].putChunk("k'\\", settings);
      expect(await logs[1].chunk("k'\\")).toEqual(settings);
      expect(await all(logs[1])).toHaveLength(1);
      await Promise.all(logs.map((log) => log.close()));
    });

    test('are told before they are made, and by the same SQL', async () => {
      const schema = 'by_hand';
      const sql = await migratePostgres(pool, { schema, dryRun: true });
      expect(sql).toBe(postgresSchema({ schema }));
      expect(sql).toContain('CREATE TABLE "by_hand".entry');
      expect(await migratePostgres(pool, { schema, dryRun: true })).toBe(sql);
      await pool.query(sql);
      expect(await migratePostgres(pool, { schema })).toBe('');
      const { rows } = await pool.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_attribute WHERE attrelid::regclass::text LIKE 'by_hand.%'
         AND atttypid = 'bytea'::regtype AND attname = 'bytes' AND attstorage = 'e'`,
      );
      expect(rows[0].n).toBe(4);
    });

    test('of a later version of the library are refused', async () => {
      const schema = 'later';
      await migratePostgres(pool, { schema });
      await pool.query('UPDATE later.format SET format = 99');
      const log = postgresLog(pool, { namespace: 'a', schema });
      expect(await rejectionOf(log.open(settings))).toBeInstanceOf(LogFormatError);
      await log.close();
    });

    test('that may not be made are an error that says so', async () => {
      await pool.query('CREATE ROLE reader LOGIN');
      const weak = new Pool({ ...connection(cluster.port), user: 'reader' });
      const log = postgresLog(weak, { namespace: 'a', schema: 'forbidden' });
      const error = await rejectionOf(log.open(settings));
      expect(error).toBeInstanceOf(LogFailedError);
      expect((error as Error).message).toContain('42501');
      await log.close();
      await weak.end();
    });
  });

  describe('what is large goes in pieces', () => {
    const large = bytesOf(5_000_000, 3);

    test('an entry, a chunk and a manifest come back whole', async () => {
      const log = await open();
      await log.append(undefined, [entry(1), entry(2, large), entry(3)]);
      expect(Buffer.compare((await all(log))[1].bytes, large)).toBe(0);
      await log.putChunk('c', large);
      await log.putChunk('c', large);
      expect(Buffer.compare(await log.chunk('c'), large)).toBe(0);
      await log.commitCheckpoint({ ...head(3), manifest: large, chunks: ['c'] });
      expect(Buffer.compare((await log.latestCheckpoint())?.manifest ?? settings, large)).toBe(0);
      // Three each, and none of the chunk that was there already.
      expect(await count('piece')).toBe(9);
      const { rows } = await pool.query<{ most: number }>(
        'SELECT max(length(bytes)) AS most FROM shardex.piece',
      );
      expect(rows[0].most).toBeLessThanOrEqual(4 << 20);
      await log.commitCheckpoint({ ...head(3), manifest: settings, chunks: [] });
      await log.append(head(3), [entry(4)]);
      await log.commitCheckpoint({ ...head(4), manifest: settings, chunks: [] });
      await log.trim(4);
      expect(await count('piece')).toBe(0);
    });

    test('what was not taken leaves none', async () => {
      const log = await open();
      await log.append(undefined, [entry(1)]);
      const before = await count('piece');
      expect((await log.append(undefined, [entry(1, large, 'x')])).conflict).toEqual(head(1));
      expect(await log.commitCheckpoint({ ...head(1), manifest: large, chunks: ['none'] })).toBe(false);
      await log.close();
      expect(await count('piece')).toBe(before);
    });

    test('a piece that is missing is damage', async () => {
      const log = await open();
      await log.append(undefined, [entry(1), entry(2, large)]);
      await pool.query('DELETE FROM shardex.piece WHERE place = 1');
      expect(await rejectionOf(all(log))).toMatchObject({ code: 'LOG_CORRUPT', version: 2 });
    });
  });

  describe('a writer that was paused', () => {
    test('cannot append, though what it follows is being dropped at that moment', async () => {
      const log = await open();
      await log.append(
        undefined,
        Array.from({ length: 6 }, (_, i) => entry(i + 1)),
      );
      const trimmer = new Client(connection(cluster.port));
      await trimmer.connect();
      await trimmer.query('BEGIN');
      const { rows } = await trimmer.query<{ id: string }>(
        'UPDATE shardex.branch SET trimmed = 5 WHERE namespace = $1 RETURNING id',
        [`n${places}`],
      );
      expect(rows).toHaveLength(1);
      await trimmer.query(
        `DELETE FROM shardex.entry WHERE version BETWEEN 0 AND 4
         AND branch = (SELECT id FROM shardex.branch WHERE namespace = $1)`,
        [`n${places}`],
      );
      const late = log.append(head(2), [entry(3, settings, 'late')]);
      const first = log.append(undefined, [entry(1, settings, 'first')]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await trimmer.query('COMMIT');
      await trimmer.end();
      expect((await late).conflict).toEqual(head(6));
      expect((await first).conflict).toEqual(head(6));
      expect((await all(log, 4)).map(({ version }) => version)).toEqual([5, 6]);
    });

    test('and whose version another one is about to write waits, and has lost', async () => {
      const log = await open();
      await log.append(undefined, [entry(1)]);
      const other = new Client(connection(cluster.port));
      await other.connect();
      await other.query('BEGIN');
      await other.query(
        `INSERT INTO shardex.entry SELECT branch, 2, 'other', token, checksum, size, bytes, upload FROM shardex.entry
         WHERE version = 1 AND branch = (SELECT id FROM shardex.branch WHERE namespace = $1)`,
        [`n${places}`],
      );
      const group = log.append(head(1), [entry(2), entry(3), entry(4)]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await other.query('COMMIT');
      await other.end();
      expect((await group).conflict).toEqual({ version: 2, token: 'other' });
      expect((await log.head())?.version).toBe(2);
    });
  });

  describe('a line that breaks', () => {
    test('in the middle of appends: each is there once, and each is told', async () => {
      const fates: readonly Fate[] = ['passed', 'swallowed', 'cut after', 'cut before', 'late', 'passed'];
      let appends = 0;
      const proxy = await startProxy(cluster.port, () => fates[appends++ % fates.length]);
      const shaky = new Pool(connection(proxy.port));
      ends.push(proxy.close, () => shaky.end());
      const log = await open(shaky, { timeoutMs: 400 });
      let at: Head | undefined;
      for (let version = 1; version <= 24; version++) {
        const answer: Awaited<ReturnType<CommitLog['append']>> = await log.append(at, [entry(version)]);
        expect(answer).toEqual({ head: head(version) });
        at = answer.head;
      }
      // What is late must not do anything.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await all(log)).map(({ token }) => token)).toEqual(
        Array.from({ length: 24 }, (_, i) => `t${i + 1}`),
      );
      expect(appends).toBeGreaterThan(24);
    }, 60_000);

    test('for good is an append that nobody knows of, and a reading that failed', async () => {
      const proxy = await startProxy(cluster.port, () => 'passed');
      const shaky = new Pool(connection(proxy.port));
      ends.push(() => shaky.end());
      const log = await open(shaky, { timeoutMs: 200, patienceMs: 100 });
      await proxy.close();
      expect(await rejectionOf(log.append(undefined, [entry(1)]))).toBeInstanceOf(UnansweredError);
      expect(await rejectionOf(log.head())).toMatchObject({ code: 'LOG_FAILED', isUnknown: false });
    });

    test('and a server that ends all connections, or crashes, are waited for', async () => {
      const log = await open();
      await log.append(undefined, [entry(1)]);
      await pool.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      );
      expect((await log.append(head(1), [entry(2)])).head).toEqual(head(2));
      await cluster.crash();
      const waiting = log.append(head(2), [entry(3)]);
      await cluster.start();
      expect((await waiting).head).toEqual(head(3));
      expect(await all(log)).toHaveLength(3);
    }, 60_000);
  });

  describe('hints', () => {
    const never = 3_600_000;

    test('alone are enough to hear of a commit', async () => {
      const log = await open(pool, { listen: true, pollMs: never });
      // The first wait starts to listen.
      await rejectionOf(
        Promise.race([log.changed?.(0, AbortSignal.timeout(200)), Promise.reject(new Error())]),
      );
      const other = postgresLog(pool, { namespace: `n${places}`, listen: false });
      await other.open();
      for (let version = 1; version <= 5; version++) {
        const signal = AbortSignal.timeout(10_000);
        const hint = log.changed?.(version - 1, signal);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await other.append(version === 1 ? undefined : head(version - 1), [entry(version)]);
        await hint;
        // It was told, and did not give up waiting.
        expect(signal.aborted).toBe(false);
        expect((await log.head())?.version).toBe(version);
      }
      await other.close();
    });

    test('are not needed: looking does, where nobody may listen', async () => {
      const one = new Pool({ ...connection(cluster.port), max: 1 });
      ends.push(() => one.end());
      // A pool of one connection has none for listening.
      const log = await open(one, { listen: undefined as unknown as boolean, pollMs: 10 });
      const hint = log.changed?.(0, AbortSignal.timeout(50_000));
      await log.append(undefined, [entry(1)]);
      await hint;
      expect((await log.head())?.version).toBe(1);
    });

    test('come again after the line of the listener was cut', async () => {
      const proxy = await startProxy(cluster.port, () => 'passed');
      const shaky = new Pool(connection(proxy.port));
      ends.push(proxy.close, () => shaky.end());
      const log = await open(shaky, { listen: true, pollMs: 20 });
      for (let version = 1; version <= 4; version++) {
        const hint = log.changed?.(version - 1, AbortSignal.timeout(50_000));
        proxy.cut();
        await log.append(version === 1 ? undefined : head(version - 1), [entry(version)]);
        await hint;
        expect((await log.head())?.version).toBe(version);
      }
    });

    test('go to those of the same index alone, and end with the log', async () => {
      const listening = async (): Promise<number> => {
        const { rows } = await pool.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`,
        );
        return rows[0].n;
      };
      const log = await open(pool, { listen: true });
      void log.changed?.(0, AbortSignal.timeout(50_000));
      while ((await listening()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await log.close();
      while ((await listening()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });
  });
});
