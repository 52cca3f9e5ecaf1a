/* Stores and followers on Postgres: several machines, broken lines, transactions of the caller's, pgbouncer. */

import { Pool, type PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConflictError, InvalidOptionError, type Recipe, hasDocument, verify } from 'shardex';
import { type Follower, type Store, memoryLog, openFollower, openStore } from 'shardex/store';
import { type PostgresPool, postgresLog } from 'shardex/postgres';
import { programs, run } from '../store/support/children.js';
import { temporaryFolder } from '../store/support/logs.js';
import { numbers, vectorFrom, wholeBytes } from '../store/support/versions.js';
import { asLog, wrappedLog } from '../store/support/wrapped-log.js';
import { rejectionOf } from '../support/thrown.js';
import {
  type Cluster,
  connection,
  hasPgbouncer,
  hasPostgres,
  startCluster,
  startPgbouncer,
} from './support/cluster.js';
import { type Fate, startProxy } from './support/proxy.js';

const OPTIONS = { dimensions: 5, shardCapacity: 24 } as const;
const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(30_000) });

const folder = temporaryFolder();
const program = programs(folder, 'postgres/support/store-child');

function add(to: Store, documentId: string, seed = documentId.length): ReturnType<Store['update']> {
  return to.update((draft) => {
    draft.addPosting({ documentId, vector: vectorFrom(numbers(seed)) });
  });
}

describe.skipIf(!hasPostgres)('on Postgres', () => {
  let cluster: Cluster;
  let pool: Pool;
  let namespace = '';
  let places = 0;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    pool = new Pool({ ...connection(cluster.port), max: 20 });
    await pool.query('CREATE TABLE public.app_row (id text PRIMARY KEY)');
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await pool.end();
    await cluster.stop();
  });

  async function open(on: PostgresPool = pool, options: object = {}): Promise<Store> {
    if (ends.length === 0) namespace = `n${++places}`;
    const store = await openStore(postgresLog(on, { namespace, pollMs: 20, ...options }), OPTIONS);
    ends.push(() => store.close());
    return store;
  }

  async function follow(on: PostgresPool = pool, options: object = {}): Promise<Follower> {
    const follower = await openFollower(postgresLog(on, { namespace, pollMs: 20, ...options }));
    ends.push(() => follower.close());
    return follower;
  }

  async function agree(...all: readonly (Store | Follower)[]): Promise<void> {
    for (const one of all) await one.refresh();
    for (const one of all.slice(1)) {
      expect(one.version).toBe(all[0].version);
      expect(Buffer.compare(wholeBytes(one.read()), wholeBytes(all[0].read()))).toBe(0);
    }
  }

  test('several stores write at once: each write is there once, none starves, all agree', async () => {
    const stores = [await open(), await open(), await open()];
    const follower = await follow();
    const last = await Promise.all(
      stores.map(async (store, s) => {
        let version = 0;
        for (let i = 0; i < 30; i++) ({ version } = await add(store, `s${s}-${i}`, 31 * s + i));
        return version;
      }),
    );
    expect(Math.max(...last)).toBe(90);
    await follower.waitFor(90, soon());
    expect(follower.documentCount).toBe(90);
    await agree(...stores, follower);
    const overlapping = await Promise.allSettled(stores.map((store, i) => add(store, 'the same', i)));
    const lost = overlapping.filter((one) => one.status === 'rejected');
    expect(lost.length).toBeGreaterThanOrEqual(1);
    for (const { reason } of lost) expect(reason).toBeInstanceOf(ConflictError);
  }, 60_000);

  test('a follower that looks once a minute is told of each commit, also of one in a transaction', async () => {
    const store = await open();
    await add(store, 'a');
    const inner = postgresLog(pool, { namespace, pollMs: 60_000, listen: true });
    const woken: string[] = [];
    const log = wrappedLog(inner, async (name, call, args) => {
      const answer = await call();
      // Whoever waits is told, or the time has come to look all the same.
      if (name === 'changed') woken.push((args[1] as AbortSignal).aborted ? 'looked' : 'told');
      return answer;
    });
    const follower = await openFollower(asLog(log, inner));
    ends.push(() => follower.close());
    const isListening = async (): Promise<boolean> => {
      const { rows } = await pool.query(
        `SELECT FROM pg_stat_activity, shardex.branch
         WHERE namespace = $1 AND state = 'idle' AND query = 'LISTEN "shardex ' || id || '"'`,
        [namespace],
      );
      return rows.length > 0;
    };
    await expect.poll(isListening).toBe(true);
    const last: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      // It has seen the last one, and waits.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const client = i === 3 ? await pool.connect() : undefined;
      await client?.query('BEGIN');
      const recipe: Recipe = (draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: vectorFrom(numbers(i)) });
      };
      const { version } = await (client === undefined
        ? store.update(recipe)
        : store.update(recipe, { client }));
      await client?.query('COMMIT');
      client?.release();
      await follower.waitFor(version, soon());
      last.push(woken.at(-1));
    }
    expect(last).toEqual(Array(5).fill('told'));
  }, 60_000);

  test('a line that breaks under a store makes no write twice, and loses none', async () => {
    const fates: readonly Fate[] = ['passed', 'swallowed', 'cut after', 'passed', 'late', 'cut before'];
    let appends = 0;
    const proxy = await startProxy(cluster.port, () => fates[appends++ % fates.length]);
    const shaky = new Pool(connection(proxy.port));
    const store = await open(shaky, { timeoutMs: 300 });
    ends.unshift(proxy.close, () => shaky.end());
    const other = await open();
    for (let i = 0; i < 20; i++) {
      const [mine, theirs] = await Promise.all([add(store, `mine ${i}`, i), add(other, `other ${i}`, i)]);
      expect([mine.isEmpty, theirs.isEmpty]).toEqual([false, false]);
    }
    await agree(store, other);
    expect([store.version, store.documentCount]).toEqual([40, 40]);
  }, 120_000);

  test('processes that are killed, paused and cut off: a history without gaps in which all that was told is', async () => {
    const watching = await open();
    const follower = await follow();
    const proxy = await startProxy(cluster.port, () => 'passed');
    ends.push(proxy.close);
    const acknowledged: [string, number, number][] = [];
    const child = async (
      name: string,
      port: number,
      most: string,
      after: number,
      what: string,
    ): Promise<void> => {
      let heard = 0;
      const args = [program('postgres/support/store-child'), String(port), namespace, name, most];
      const { signal, errors, code } = await run(process.execPath, args, (line, process) => {
        const [kind, id, version, before] = line.split(' ');
        if (kind === 'ack') acknowledged.push([id, Number(version), Number(before)]);
        if (++heard !== after) return;
        if (what === 'killed') process.kill('SIGKILL');
        if (what === 'cut') proxy.cut();
        if (what !== 'paused') return;
        process.kill('SIGSTOP');
        setTimeout(() => process.kill('SIGCONT'), 400);
      });
      expect(errors).toBe('');
      if (what === 'killed') expect(signal).toBe('SIGKILL');
      else expect(code).toBe(0);
    };
    await Promise.all([
      child('a', cluster.port, 'Infinity', 20, 'killed'),
      child('b', cluster.port, '40', 12, 'paused'),
      child('c', proxy.port, '40', 9, 'cut'),
    ]);
    await agree(watching, follower);
    const index = watching.read();
    for (const [id, version, before] of acknowledged) {
      expect(hasDocument(index, id), id).toBe(true);
      // What was visible before a write came before it.
      expect(version).toBeGreaterThan(before);
    }
    // One version for each, and each document once.
    expect(new Set(acknowledged.map(([, version]) => version)).size).toBe(acknowledged.length);
    expect(index.version).toBe(index.documentCount);
    expect(acknowledged.length).toBeGreaterThanOrEqual(99);
    expect([...verify(index)]).toEqual([]);
  }, 120_000);

  test('a follower of a database that lost its last commits stops', async () => {
    const store = await open();
    for (const id of ['a', 'bb', 'ccc', 'dddd']) await add(store, id);
    const follower = await follow();
    // As a replica that takes over, and had not heard of the last two.
    await pool.query(
      'DELETE FROM shardex.entry WHERE version > 2 AND branch = (SELECT id FROM shardex.branch WHERE namespace = $1)',
      [namespace],
    );
    const other = await open();
    for (let i = 0; i < 3; i++) await add(other, `other ${i}`, i);
    expect(await rejectionOf(follower.waitFor(99))).toMatchObject({ code: 'LOG_FORKED' });
    expect(await rejectionOf(add(store, 'more'))).toMatchObject({ code: 'LOG_FORKED' });
    const again = await follower.rebuild();
    ends.push(() => again.close());
    await agree(again, other);
  });

  describe('in a transaction of the caller’s', () => {
    async function within<T>(work: (client: PoolClient) => Promise<T>, end = 'COMMIT'): Promise<T> {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const result = await work(client);
        await client.query(end);
        client.release();
        return result;
      } catch (error) {
        client.release(true);
        throw error;
      }
    }

    const put = (client: PoolClient, store: Store, id: string): ReturnType<typeof pending> =>
      client
        .query('INSERT INTO public.app_row VALUES ($1)', [`${namespace} ${id}`])
        .then(() => pending(client, store, id));

    const pending = (client: PoolClient, store: Store, documentId: string) =>
      store.update(
        (draft) => {
          draft.addPosting({ documentId, vector: vectorFrom(numbers(documentId.length)) });
        },
        { client },
      );

    test('a write is there with the rows of the application', async () => {
      const [store, other] = [await open(), await open()];
      const follower = await openFollower(postgresLog(pool, { namespace }));
      ends.push(() => follower.close());
      await add(store, 'before');
      const { settled, index } = await within(async (client) => {
        const made = await put(client, store, 'a');
        expect([made.version, made.index.documentCount]).toEqual([2, 2]);
        await other.refresh();
        expect([store.version, other.version]).toEqual([1, 1]);
        return made;
      });
      const commit = await settled;
      expect(commit?.index).toBe(store.read());
      expect(Buffer.compare(wholeBytes(index), wholeBytes(store.read()))).toBe(0);
      await follower.waitFor(2, soon());
      await agree(store, other, follower);
    });

    test('of one that is rolled back, or whose connection ends, nothing is seen; others go on', async () => {
      const store = await open();
      await add(store, 'before');
      const { settled } = await within((client) => put(client, store, 'a'), 'ROLLBACK');
      expect(await settled).toBeUndefined();
      expect([store.version, store.documentCount]).toEqual([1, 1]);
      const client = await pool.connect();
      await client.query('BEGIN');
      const lost = await put(client, store, 'a');
      const waiting = add(store, 'waits');
      client.release(true);
      expect(await lost.settled).toBeUndefined();
      expect((await waiting).version).toBe(2);
      expect(hasDocument(store.read(), 'a')).toBe(false);
    });

    test('others wait for it, and are joined or conflict', async () => {
      const [store, other] = [await open(), await open()];
      let waiting: readonly Promise<unknown>[] = [];
      const { settled } = await within(async (client) => {
        const made = await put(client, store, 'a');
        waiting = [add(store, 'bb'), add(other, 'ccc'), add(other, 'a', 9)];
        for (const one of waiting) one.catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return made;
      });
      expect((await settled)?.version).toBe(1);
      const [joined, also, lost] = await Promise.allSettled(waiting);
      expect([joined.status, also.status, lost.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      await agree(store, other);
      expect(store.documentCount).toBe(3);
    });

    test('is made once by its token, though another store was first with it', async () => {
      const [store, other] = [await open(), await open()];
      const write = (to: Store, documentId: string) =>
        within((client) =>
          to.update(
            (draft) => {
              draft.addPosting({ documentId, vector: [1, 2, 3, 4, 5] });
            },
            { client, token: 'order 17' },
          ),
        );
      const made = await Promise.all([write(store, 'a'), write(other, 'b')]);
      const settled = await Promise.all(made.map((one) => one.settled));
      expect(settled.filter((commit) => commit?.isEmpty === false)).toHaveLength(1);
      // One that has not seen it yet, and one that has.
      const late = await open();
      await add(store, 'more');
      for (const to of [late, store]) expect((await (await write(to, 'c')).settled)?.isEmpty).toBe(true);
      await agree(store, other, late);
      expect([store.version, store.documentCount]).toEqual([2, 2]);
    });

    test('several writes of one go together; a savepoint takes back the last', async () => {
      const store = await open();
      const all = await within(async (client) => {
        const first = await put(client, store, 'a');
        const second = await put(client, store, 'bb');
        await client.query('SAVEPOINT s');
        const third = await put(client, store, 'ccc');
        await client.query('ROLLBACK TO s');
        return [first, second, third];
      });
      const settled = await Promise.all(all.map((one) => one.settled));
      expect(settled.map((commit) => commit?.version)).toEqual([1, 2, undefined]);
      expect(store.documentCount).toBe(2);
    });

    test('what cannot be is refused, and the log is free again', async () => {
      const store = await open();
      const inMemory = await openStore(memoryLog(), OPTIONS);
      expect(await rejectionOf(inMemory.update(() => undefined, { client: {} }))).toBeInstanceOf(
        InvalidOptionError,
      );
      for (const client of [{}, 7 as unknown as object])
        expect(
          await rejectionOf(
            store.update(
              (draft) => {
                draft.addPosting({ documentId: 'a', vector: [1, 2, 3, 4, 5] });
              },
              {
                client,
              },
            ),
          ),
        ).toBeInstanceOf(InvalidOptionError);
      const broken = new Error('of the recipe');
      await within(async (client) => {
        const failing = store.update(
          () => {
            throw broken;
          },
          { client },
        );
        expect(await rejectionOf(failing)).toBe(broken);
        const nothing = await store.update(() => undefined, { client });
        expect((await nothing.settled)?.isEmpty).toBe(true);
      });
      expect((await add(store, 'after')).version).toBe(1);
    });
  });

  test.skipIf(!hasPgbouncer)(
    'behind pgbouncer in transaction mode',
    async () => {
      const bouncer = await startPgbouncer(cluster);
      const through = new Pool({ ...connection(bouncer.port), max: 8 });
      const store = await open(through);
      ends.unshift(bouncer.stop, () => through.end());
      const other = await open(through);
      const follower = await follow(through);
      const writes = [];
      for (let i = 0; i < 60; i++) writes.push(await add(i % 2 === 0 ? store : other, `d${i}`, i));
      await store.checkpoint();
      const client = await through.connect();
      await client.query('BEGIN');
      const { settled } = await store.update(
        (draft) => {
          draft.removeDocument('d0');
        },
        { client },
      );
      await client.query('COMMIT');
      client.release();
      expect((await settled)?.version).toBe(61);
      // Nobody is heard there, so that it looks.
      await follower.waitFor(61, soon());
      await agree(store, other, follower);
    },
    60_000,
  );
});
