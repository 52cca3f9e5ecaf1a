/* Writers that take turns: what a turn promises, what ends it, and that nobody is passed over in a race. */

import type { ChildProcess } from 'node:child_process';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasDocument } from 'shardex';
import { type CommitLog, type Entry, type Head, type Store, openStore } from 'shardex/store';
import { type PostgresLogOptions, type PostgresPool, postgresLog } from 'shardex/postgres';
import { programs, run } from '../store/support/children.js';
import { temporaryFolder } from '../store/support/logs.js';
import { numbers, vectorFrom } from '../store/support/versions.js';
import { asLog, wrappedLog } from '../store/support/wrapped-log.js';
import { rejectionOf } from '../support/thrown.js';
import { type Cluster, connection, hasPostgres, startCluster } from './support/cluster.js';
import { type Fate, startProxy } from './support/proxy.js';

const WRITERS = 4;
const COMMITS = 40;
/** Races in a row that a writer may lose before its turn. */
const MOST_LOST = 2;

type TurningLog = CommitLog & Required<Pick<CommitLog, 'inTurn'>>;

const folder = temporaryFolder();
const program = programs(folder, 'postgres/support/racing-child');

function entry(version: number, token = `t${version}`): Entry {
  return { version, token, bytes: new Uint8Array([version]) };
}

function head(version: number, token = `t${version}`): Head {
  return { version, token };
}

function add(to: Store, documentId: string): ReturnType<Store['update']> {
  return to.update((draft) => {
    draft.addPosting({ documentId, vector: vectorFrom(numbers(documentId.length)) });
  });
}

/** Resolves to whether something is settled by now, or soon. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setTimeout(resolve, 100, false));
  return Promise.race([promise.then(() => true), later]);
}

describe.skipIf(!hasPostgres)('turns', () => {
  let cluster: Cluster;
  let pool: Pool;
  let places = 0;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    pool = new Pool({ ...connection(cluster.port), max: 20 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await pool.end();
    await cluster.stop();
  });

  function logOn(on: PostgresPool = pool, options: Partial<PostgresLogOptions> = {}): TurningLog {
    const log = postgresLog(on, { namespace: `n${places}`, listen: false, ...options });
    ends.push(() => log.close());
    return log as TurningLog;
  }

  async function open(...where: Parameters<typeof logOn>): Promise<TurningLog> {
    const log = logOn(...where);
    await log.open(new Uint8Array([1]));
    return log;
  }

  const versions = async (log: CommitLog): Promise<string[]> => {
    const tokens: string[] = [];
    for await (const batch of log.read(0)) tokens.push(...batch.map(({ token }) => token));
    return tokens;
  };

  test('others wait, and have lost; the turn reads what is new', async () => {
    places++;
    const [log, other] = [await open(), await open()];
    await other.append(undefined, [entry(1)]);
    let waiting: Promise<unknown> | undefined;
    await log.inTurn(async (turn) => {
      expect([await versions(turn), await turn.head()]).toEqual([['t1'], head(1)]);
      waiting = other.append(head(1), [entry(2, 'other')]);
      expect(await isSettled(waiting)).toBe(false);
      expect(await turn.append(head(1), [entry(2), entry(3)])).toEqual({ head: head(3) });
    });
    expect(await waiting).toEqual({ conflict: head(3) });
    expect(await versions(other)).toEqual(['t1', 't2', 't3']);
  });

  test('whoever asks first has the first turn, and none is held up by one on another branch', async () => {
    places++;
    const logs = [await open(), await open(), await open(), await open()];
    await logs[0].append(undefined, [entry(1)]);
    await logs[0].fork('side', head(1));
    const side = logs[0].branch('side') as TurningLog;
    ends.push(() => side.close());
    await side.open();
    const order: number[] = [];
    const asked: Promise<void>[] = [];
    await logs[0].inTurn(async () => {
      for (const i of [2, 1, 3]) {
        asked.push(
          logs[i].inTurn(() => {
            order.push(i);
            return Promise.resolve();
          }),
        );
        // Until it stands in line.
        expect(await isSettled(asked[asked.length - 1])).toBe(false);
      }
      expect(await side.append(head(1), [entry(2, 's2')])).toEqual({ head: head(2, 's2') });
    });
    await Promise.all(asked);
    expect(order).toEqual([2, 1, 3]);
  });

  test('a turn ends with its work, whether that fails, appends nothing, or what is there already', async () => {
    places++;
    const [log, other] = [await open(), await open()];
    const broken = new Error('of the work');
    expect(await rejectionOf(log.inTurn(() => Promise.reject(broken)))).toBe(broken);
    expect(await log.inTurn(() => Promise.resolve(7))).toBe(7);
    await other.append(undefined, [entry(1)]);
    await log.inTurn(async (turn) => {
      expect(await turn.append(undefined, [entry(1, 'late')])).toEqual({ conflict: head(1) });
      // It is over, so that others may.
      expect(await other.append(head(1), [entry(2)])).toEqual({ head: head(2) });
    });
    expect(await versions(log)).toEqual(['t1', 't2']);
  });

  test('one who is silent for too long loses the turn, and cannot append by it', async () => {
    places++;
    const [log, other] = [await open(pool, { timeoutMs: 300 }), await open()];
    await log.inTurn(async (turn) => {
      expect(await other.append(undefined, [entry(1)])).toEqual({ head: head(1) });
      expect(await turn.append(undefined, [entry(1, 'late')])).toEqual({ conflict: head(1) });
    });
    expect(await versions(log)).toEqual(['t1']);
  });

  test('a pool of one has enough for a turn, also for entries in pieces', async () => {
    places++;
    const single = new Pool({ ...connection(cluster.port), max: 1 });
    ends.push(() => single.end());
    const log = await open(single);
    const large = { ...entry(2), bytes: new Uint8Array(5_000_000).fill(3) };
    await log.append(undefined, [entry(1)]);
    await log.inTurn(async (turn) => {
      expect(await versions(turn)).toEqual(['t1']);
      expect(await turn.append(head(1), [large])).toEqual({ head: head(2) });
    });
    expect((await versions(log)).length).toBe(2);
  });

  test('a line that breaks in a turn: each append is there once, and told', async () => {
    places++;
    const fates: readonly Fate[] = ['swallowed', 'cut after', 'cut before', 'late', 'passed'];
    // Now the append, now the end of the turn.
    let messages = 0;
    const proxy = await startProxy(cluster.port, () => {
      const at = messages++;
      return at % 3 === 1 ? fates[Math.floor(at / 3) % fates.length] : 'passed';
    });
    const shaky = new Pool(connection(proxy.port));
    ends.push(proxy.close, () => shaky.end());
    const log = await open(shaky, { timeoutMs: 400 });
    let at: Head | undefined;
    for (let version = 1; version <= 24; version++) {
      const answer = await log.inTurn((turn) => turn.append(at, [entry(version)]));
      expect(answer).toEqual({ head: head(version) });
      at = answer.head;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await versions(log)).toEqual(Array.from({ length: 24 }, (_, i) => `t${i + 1}`));
  }, 60_000);

  test.each([
    ['takes a turn', 0, 2, 1],
    ['tries again without where there is none, and asks for the next', 1, 4, 2],
  ])('a store that loses races %s', async (_, failing, races, asked) => {
    places++;
    const options = { dimensions: 5 } as const;
    const rival = await openStore(logOn(), options);
    const inner = logOn();
    let turns = 0;
    const log = wrappedLog(inner, async (name, call) => {
      if (name === 'inTurn' && ++turns <= failing) throw new Error('There is no connection.');
      // Somebody is ahead of each append.
      if (name === 'append') await add(rival, `rival ${rival.version}`);
      return call();
    });
    const store = await openStore(asLog(log, inner), options);
    const commit = await add(store, 'mine');
    expect([commit.version, store.metrics().lostRaces, turns]).toEqual([races + 1, races, asked]);
    await add(store, 'another');
    expect(turns).toBe(asked + 1);
    await rival.refresh();
    expect(hasDocument(rival.read(), 'mine')).toBe(true);
    await Promise.all([store.close(), rival.close()]);
  });

  test('a write in a transaction of the caller’s loses one race at most', async () => {
    places++;
    const options = { dimensions: 5 } as const;
    const rival = await openStore(logOn(), options);
    const inner = logOn();
    let tries = 0;
    let waiting: Promise<unknown> | undefined;
    const log = wrappedLog(inner, async (name, call) => {
      if (name === 'appendWithin' && ++tries === 1) await add(rival, 'rival');
      if (name === 'appendWithin' && tries === 2) {
        // Somebody else is about to write, but the line is the transaction's by now.
        waiting = add(rival, 'more');
        expect(await isSettled(waiting)).toBe(false);
      }
      return call();
    });
    const store = await openStore(asLog(log, inner), options);
    const client = await pool.connect();
    await client.query('BEGIN');
    const { version, settled } = await store.update(
      (draft) => {
        draft.addPosting({ documentId: 'mine', vector: [1, 2, 3, 4, 5] });
      },
      { client },
    );
    expect([version, tries]).toEqual([2, 2]);
    await client.query('COMMIT');
    client.release();
    expect((await settled)?.version).toBe(2);
    await waiting;
    expect(rival.version).toBe(3);
    await Promise.all([store.close(), rival.close()]);
  });

  // How many commits of others come between two of one writer is up to who runs when; how many races it loses is not.
  test('several processes without a pause: none loses more than two races in a row', async () => {
    const children: ChildProcess[] = [];
    const lost: number[][] = [];
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, i) => {
        lost[i] = [];
        const script = program('postgres/support/racing-child');
        const args = [script, String(cluster.port), 'races', `w${i}`, String(COMMITS), 'with turns'];
        const { code, errors } = await run(process.execPath, args, (line, child) => {
          const [kind, races] = line.split(' ');
          if (kind === 'commit') lost[i].push(Number(races));
          else if (children.push(child) === WRITERS) for (const one of children) one.stdin?.write('go\n');
        });
        expect([errors, code]).toEqual(['', 0]);
      }),
    );
    expect(lost.map(({ length }) => length)).toEqual(Array(WRITERS).fill(COMMITS));
    expect(Math.max(...lost.flat())).toBeLessThanOrEqual(MOST_LOST);
    expect(await versionOf(pool)).toBe(WRITERS * COMMITS);
  }, 120_000);
});

async function versionOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ version: number }>(
    `SELECT max(version)::int AS version FROM shardex.entry
     WHERE branch = (SELECT id FROM shardex.branch WHERE namespace = 'races')`,
  );
  return rows[0].version;
}
