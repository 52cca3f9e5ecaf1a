import { spawnSync } from 'node:child_process';
import { EventEmitter, getEventListeners } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  CellClosedError,
  CowShardexIndex,
  InvalidOptionError,
  InvalidVectorError,
  PoolClosedError,
  type Posting,
  ResourceExhaustedError,
  SearchPool,
  type SearchPoolOptions,
  type Thread,
  WorkerFailedError,
  answerSearches,
  createIndex,
  search,
} from 'shardex';
import { gaussianVector, integerBelow, seeded } from '../support/random.js';
import { cellStateOf } from '../../src/cell/readable-cell.js';
import type { Library } from '../support/library.js';
import { rejectionOf } from '../support/thrown.js';
import { eventually, until } from '../support/until.js';
import { built } from './support/built.js';
import { DEADLY, Gate, SLOW } from './support/special-searches.js';

const library = built('bad-searcher');
const DIMENSIONS = 8;
const pools: SearchPool[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const spawn = (): Thread => new Worker(library.address('pool-worker'), { execArgv: [] });
const bad =
  (dies = 'when asked') =>
  (): Thread =>
    library.start('bad-searcher', { dies });

async function opened(cell: CowShardexIndex, options: SearchPoolOptions = {}): Promise<SearchPool> {
  const pool = await SearchPool.open(cell, { threads: 2, spawn, ...options });
  pools.push(pool);
  return pool;
}

function filled(count: number, random = seeded(1)): CowShardexIndex {
  const postings = Array.from({ length: count }, (_, i): Posting => ({
    documentId: `d${i % Math.ceil(count / 3)}`,
    start: i,
    vector:
      i % 10 === 0
        ? Array.from({ length: DIMENSIONS }, () => integerBelow(random, 3))
        : gaussianVector(random, DIMENSIONS),
  }));
  return new CowShardexIndex(
    createIndex({ dimensions: DIMENSIONS, metric: 'euclidean', shardCapacity: 64 }, postings),
    {
      history: { versions: 1000 },
    },
  );
}

function add(cell: CowShardexIndex, documentId: string, vector: readonly number[]): void {
  cell.update((draft) => {
    draft.addPosting({ documentId, vector });
  });
}

describe('a pool answers as one thread does', () => {
  test('one search and many, with every option, while the cell is written to', async () => {
    const random = seeded(2);
    const cell = filled(3000);
    const pool = await opened(cell);
    const asked: Promise<void>[] = [];
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) add(cell, `new ${i}`, gaussianVector(random, DIMENSIONS));
      const options = {
        k: 1 + integerBelow(random, 30),
        ...(i % 2 === 0 ? { slopFactor: i % 4 === 0 ? ('all' as const) : 3 } : {}),
        ...(i % 5 === 0 ? { distinct: 'document' as const } : {}),
        ...(i % 7 === 0 ? { includeVector: true } : {}),
        ...(i % 4 === 1 ? { offset: integerBelow(random, 20) } : {}),
        ...(i % 6 === 2 ? { k: Infinity, minScore: 0.35 } : {}),
        ...(i % 6 === 4 ? { maxDistance: 2 } : {}),
      };
      const queries = Array.from({ length: i % 11 === 0 ? 40 : 1 }, () => gaussianVector(random, DIMENSIONS));
      const atLeast = cell.version;
      const expectAnswer = ({ version, results }: { version: number; results: unknown }, q: number): void => {
        expect(version).toBeGreaterThanOrEqual(atLeast);
        expect(results).toEqual(search(cell.at(version), queries[q], options));
      };
      if (queries.length > 1) {
        asked.push(
          pool.searchMany(queries, options, { atLeast }).then((answers) => {
            expect(answers).toHaveLength(queries.length);
            answers.forEach(expectAnswer);
          }),
        );
      } else {
        asked.push(
          pool.search(queries[0], options, { atLeast }).then((answer) => {
            expectAnswer(answer, 0);
          }),
        );
      }
      if (i % 10 === 0) await asked.at(-1);
    }
    await Promise.all(asked);
    expect(pool.pending).toBe(0);
    expect(await pool.searchMany([], { k: 1 })).toEqual([]);
  });

  test('a split search gives the same results, ties and all', async () => {
    const random = seeded(3);
    const cell = filled(4000);
    const pool = await opened(cell, { threads: 3 });
    for (let i = 0; i < 60; i++) {
      const query =
        i % 2 === 0
          ? gaussianVector(random, DIMENSIONS)
          : Array.from({ length: DIMENSIONS }, () => integerBelow(random, 3));
      const options = {
        k: 1 + integerBelow(random, 100),
        slopFactor: 'all' as const,
        ...(i % 3 === 0 ? { distinct: 'document' as const } : {}),
        ...(i % 5 === 0 ? { includeVector: true } : {}),
        ...(i % 4 === 1 ? { offset: integerBelow(random, 200) } : {}),
        ...(i % 4 === 2 ? { k: Infinity, maxDistance: 2, offset: i } : {}),
        ...(i % 8 === 3 ? { minScore: 0.3 } : {}),
      };
      const answer = pool.search(query, options, { split: true });
      // Written while the parts are under way.
      add(cell, `new ${i}`, query);
      const { version, results } = await answer;
      expect(results).toEqual(search(cell.at(version), query, options));
    }
    expect(
      await rejectionOf(
        pool.search(gaussianVector(random, DIMENSIONS), { k: 1, slopFactor: 2 }, { split: true }),
      ),
    ).toMatchObject({ option: 'split' });
  });

  test('a large index is split without being asked', async () => {
    const cell = filled(12_000);
    const pool = await opened(cell);
    const posted: unknown[] = [];
    const query = gaussianVector(seeded(4), DIMENSIONS);
    const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      message,
    ) {
      posted.push(message);
      post.mockRestore();
      this.postMessage(message);
    });
    const { results } = await pool.search(query, { k: 10, slopFactor: 'all' });
    expect(posted).toMatchObject([{ body: { part: { index: 0, count: 2 } } }]);
    expect(results).toEqual(search(cell.read(), query, { k: 10, slopFactor: 'all' }));
  });
});

describe('atLeast', () => {
  test('what was just written is found, every time', async () => {
    const random = seeded(5);
    const cell = filled(500);
    const pool = await opened(cell);
    for (let i = 0; i < 200; i++) {
      const vector = gaussianVector(random, DIMENSIONS);
      add(cell, `mine ${i}`, vector);
      const { results, version } = await pool.search(vector, { k: 1 }, { atLeast: cell.version });
      expect([results[0].documentId, version]).toEqual([`mine ${i}`, cell.version]);
    }
  });

  test('a version that is yet to come is waited for, and keeps no thread meanwhile', async () => {
    const cell = filled(100);
    const pool = await opened(cell, { threads: 1 });
    const query = new Array<number>(DIMENSIONS).fill(9);
    const later = [1, 2, 3, 4].map((n) => pool.search(query, { k: 1 }, { atLeast: cell.version + n }));
    expect((await pool.search(query, { k: 1 })).version).toBe(cell.version);
    const controller = new AbortController();
    const given = rejectionOf(pool.search(query, { k: 1 }, { atLeast: 1000, signal: controller.signal }));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await given).toBe(reason);
    for (let i = 0; i < 4; i++) add(cell, `d${i}`, query);
    const versions = (await Promise.all(later)).map(({ version }) => version);
    expect(versions.every((version, i) => version >= i + 1)).toBe(true);
  });
});

describe('bounds', () => {
  test('what goes beyond maxPending is refused, and nothing else', async () => {
    const cell = filled(200);
    const pool = await opened(cell, { threads: 1, maxPending: 8 });
    const query = new Array<number>(DIMENSIONS).fill(0);
    const asked = Array.from({ length: 12 }, () => pool.search(query, { k: 1 }));
    const settled = await Promise.allSettled(asked);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(ResourceExhaustedError);
      expect(reason).toMatchObject({ limit: 8 });
    }
    expect(await rejectionOf(pool.searchMany(new Array<number[]>(9).fill(query), { k: 1 }))).toBeInstanceOf(
      ResourceExhaustedError,
    );
    expect(await pool.searchMany(new Array<number[]>(8).fill(query), { k: 1 })).toHaveLength(8);
    expect(pool.pending).toBe(0);
  });

  test('a search that is given up before a thread has begun it is not carried out', async () => {
    const cell = filled(200);
    const gate = new Gate();
    const answers: unknown[] = [];
    const pool = await opened(cell, {
      threads: 1,
      spawn: () => {
        const worker = library.start('bad-searcher', { dies: 'when asked', gate: gate.state });
        worker.on('message', ({ body }: { body: { kind: string } }) => answers.push(body.kind));
        return worker;
      },
    });
    const query = new Array<number>(DIMENSIONS).fill(0);
    const busy = pool.search(query, { k: SLOW });
    await until(() => gate.isReached);
    const controller = new AbortController();
    // One that waits in the thread, and others that wait here.
    const reason = new Error('never mind');
    const given = Array.from({ length: 5 }, () =>
      rejectionOf(pool.search(query, { k: 1 }, { signal: controller.signal })),
    );
    controller.abort(reason);
    // At once, and not when the thread has time.
    expect(await Promise.all(given)).toEqual(new Array(5).fill(reason));
    expect(pool.pending).toBe(1);
    gate.open();
    await busy;
    expect((await pool.search(query, { k: 1 })).results).toHaveLength(1);
    expect(answers.filter((kind) => kind === 'found' || kind === 'skipped')).toEqual([
      'found',
      'skipped',
      'found',
    ]);
  });
});

describe('threads that die', () => {
  test('are replaced, and their searches are carried out elsewhere', async () => {
    const cell = filled(500);
    const workers: Worker[] = [];
    const pool = await opened(cell, {
      threads: 2,
      spawn: () => {
        const worker = new Worker(library.address('pool-worker'), { execArgv: [] });
        workers.push(worker);
        return worker;
      },
    });
    const random = seeded(6);
    for (let round = 0; round < 6; round++) {
      await eventually(() => {
        expect(pool.ready).toBe(2);
      });
      const queries = Array.from({ length: 200 }, () => gaussianVector(random, DIMENSIONS));
      const answers = queries.map((query) => pool.search(query, { k: 3, slopFactor: 'all' }));
      if (round % 2 === 0) add(cell, `d${round}`, queries[0]);
      void workers.at(-1 - integerBelow(random, 2))?.terminate();
      for (const [i, answer] of answers.entries()) {
        const { version, results } = await answer;
        expect(results).toEqual(search(cell.at(version), queries[i], { k: 3, slopFactor: 'all' }));
      }
    }
    expect(workers.length).toBeGreaterThan(4);
    await eventually(() => {
      const labels = cell.held().flatMap(({ pins }) => pins);
      expect(labels.length).toBeLessThanOrEqual(2);
    });
  });

  test('a search that kills every thread is given up, and the others are answered', async () => {
    const cell = filled(200);
    const pool = await opened(cell, { spawn: bad() });
    const query = new Array<number>(DIMENSIONS).fill(0);
    const deadly = rejectionOf(pool.search(query, { k: DEADLY }));
    const others = Array.from({ length: 20 }, () => pool.search(query, { k: 1 }));
    expect(await deadly).toBeInstanceOf(WorkerFailedError);
    const settled = await Promise.allSettled(others);
    // One that was in the same thread both times shares its fate.
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(18);
    expect((await pool.search(query, { k: 1 })).results).toHaveLength(1);
  });

  test.each([1, 4, 6])(
    'all %i at one time, again and again: the pool goes on with as many',
    async (threads) => {
      const cell = filled(100);
      const workers: Worker[] = [];
      const started = (): Worker => {
        const worker = new Worker(library.address('pool-worker'), { execArgv: [] });
        workers.push(worker);
        return worker;
      };
      const pool = await opened(cell, { threads, spawn: started });
      const query = new Array<number>(DIMENSIONS).fill(0);
      for (let round = 0; round < 2; round++) {
        await Promise.all(workers.slice(-threads).map((worker) => worker.terminate()));
        await eventually(() => {
          expect([pool.isClosed, pool.ready, workers.length]).toEqual([
            false,
            threads,
            (round + 2) * threads,
          ]);
        });
        expect((await pool.search(query, { k: 3 })).results).toEqual(search(cell.read(), query, { k: 3 }));
      }
    },
  );

  test('and three in their place that fail to start: the pool goes on', async () => {
    const threads = 4;
    const workers: Worker[] = [];
    let failing = 0;
    const pool = await opened(filled(100), {
      threads,
      spawn: () => {
        if (failing-- > 0) throw new Error('no memory just now');
        const worker = new Worker(library.address('pool-worker'), { execArgv: [] });
        workers.push(worker);
        return worker;
      },
    });
    failing = 3;
    await Promise.all(workers.map((worker) => worker.terminate()));
    await eventually(() => {
      expect([pool.isClosed, pool.ready]).toEqual([false, threads]);
    });
  });

  test('of a pool that is closed keep no listener, where they outlive it', async () => {
    const { port1, port2 } = new MessageChannel();
    await answerSearches(port2);
    // As a worker, but for that nothing ends it, and that those who listen stay.
    const thread = Object.assign(new EventEmitter(), {
      postMessage: port1.postMessage.bind(port1),
      terminate: () => undefined,
    });
    port1.addEventListener('message', ({ data }: MessageEvent) => thread.emit('message', data));
    const counts = (): number[] =>
      ['message', 'error', 'messageerror', 'close', 'exit'].map((event) => thread.listenerCount(event));
    const pool = await opened(filled(10), { threads: 1, spawn: () => thread });
    expect(counts()).toEqual([1, 1, 1, 1, 1]);
    await pool.close();
    expect(counts()).toEqual([0, 0, 0, 0, 0]);
    port1.close();
  });

  test('at the start: the pool does not open', async () => {
    expect(
      await rejectionOf(SearchPool.open(filled(10), { threads: 2, spawn: bad('at once') })),
    ).toBeInstanceOf(WorkerFailedError);
    const missing = (): Thread => new Worker(new URL('nowhere.js', library.address('index')));
    expect(await rejectionOf(SearchPool.open(filled(10), { threads: 1, spawn: missing }))).toBeInstanceOf(
      WorkerFailedError,
    );
    const throwing = (): Thread => {
      throw new Error('no');
    };
    expect(await rejectionOf(SearchPool.open(filled(10), { threads: 1, spawn: throwing }))).toBeInstanceOf(
      WorkerFailedError,
    );
  });

  test('and cannot be replaced: the pool ends, and says why', async () => {
    let first = true;
    const cell = filled(10);
    const pool = await opened(cell, {
      threads: 1,
      spawn: () => {
        const made = first ? bad()() : bad('at once')();
        first = false;
        return made;
      },
    });
    const query = new Array<number>(DIMENSIONS).fill(0);
    const asked = [pool.search(query, { k: DEADLY }), pool.search(query, { k: 1 })].map(rejectionOf);
    for (const error of await Promise.all(asked)) expect(error).toBeInstanceOf(WorkerFailedError);
    expect(pool.isClosed).toBe(true);
    expect(await rejectionOf(pool.search(query, { k: 1 }))).toBeInstanceOf(PoolClosedError);
  });
});

describe('endings', () => {
  test('a pool that is closed answers nothing more, and leaves nothing behind', async () => {
    const cell = filled(3000);
    const pool = await opened(cell);
    const query = new Array<number>(DIMENSIONS).fill(0);
    const asked = Array.from({ length: 50 }, () =>
      rejectionOf(pool.search(query, { k: 100, slopFactor: 'all' })),
    );
    const many = rejectionOf(pool.searchMany(new Array<number[]>(50).fill(query), { k: 1 }));
    const waiting = rejectionOf(pool.search(query, { k: 1 }, { atLeast: 1000 }));
    const closing = pool.close();
    for (const error of await Promise.all([...asked, many, waiting]))
      expect(error).toBeInstanceOf(PoolClosedError);
    await closing;
    await pool.close();
    expect(pool.pending).toBe(0);
    expect(await rejectionOf(pool.search(query, { k: 1 }))).toBeInstanceOf(PoolClosedError);
    add(cell, 'a', query);
    expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
  });

  test('of a call that is over nothing stays on its signal or on the cell, however it ended', async () => {
    const cell = filled(100);
    const pool = await opened(cell);
    const query = new Array<number>(DIMENSIONS).fill(0);
    const controller = new AbortController();
    const { signal } = controller;
    const left = (): unknown[] => getEventListeners(signal, 'abort');
    const many = <T>(call: () => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
      Promise.allSettled(Array.from({ length: 12 }, call));
    const answered = many(() => pool.search(query, { k: 1 }, { signal }));
    expect(left()).toHaveLength(1);
    await answered;
    await many(() => pool.searchMany([query, query], { k: 0 }, { signal }));
    expect(left()).toEqual([]);
    const tooEarly = { signal, atLeast: cell.version + 1 };
    const waiting = many(() => pool.search(query, { k: 1 }, tooEarly));
    const waitingToo = many(() => pool.searchMany([query], { k: 1 }, tooEarly));
    expect(left()).toHaveLength(1);
    await pool.close();
    await Promise.all([waiting, waitingToo]);
    expect(left()).toEqual([]);
    expect(cellStateOf(cell).watchers.isEmpty).toBe(true);
  });

  test('a cell that is closed closes its pool', async () => {
    const cell = filled(100);
    const pool = await opened(cell);
    const query = new Array<number>(DIMENSIONS).fill(0);
    const asked = rejectionOf(pool.search(query, { k: 1 }, { atLeast: 5 }));
    cell.close();
    const error = await asked;
    expect(error instanceof PoolClosedError || error instanceof CellClosedError).toBe(true);
    expect(pool.isClosed).toBe(true);
    expect(await rejectionOf(SearchPool.open(cell, { threads: 1, spawn }))).toBeInstanceOf(CellClosedError);
  });
});

describe('what is given', () => {
  test('a filter and other functions are refused', async () => {
    const pool = await opened(filled(10), { threads: 1 });
    const query = new Array<number>(DIMENSIONS).fill(0);
    expect(await rejectionOf(pool.search(query, { k: 1, filter: () => true }))).toMatchObject({
      constructor: InvalidOptionError,
      option: 'filter',
    });
  });

  test('other mistakes are those of a search', async () => {
    const pool = await opened(filled(10), { threads: 1 });
    const query = new Array<number>(DIMENSIONS).fill(0);
    expect(await rejectionOf(pool.search([1], { k: 1 }))).toBeInstanceOf(InvalidVectorError);
    expect(await rejectionOf(pool.search(query, { k: 0 }))).toMatchObject({ option: 'k' });
    expect(await rejectionOf(pool.search(query, 1 as never))).toMatchObject({ option: 'options' });
    expect(await rejectionOf(pool.search(query, { k: 1, strange: 1 } as never))).toMatchObject({
      option: 'strange',
    });
    expect(await rejectionOf(pool.search(query, { k: 1 }, { atLeast: -1 }))).toMatchObject({
      option: 'atLeast',
    });
    expect(await rejectionOf(pool.search(query, { k: 1 }, { split: 1 as never }))).toMatchObject({
      option: 'split',
    });
    expect(await rejectionOf(pool.search(query, { k: 1 }, { strange: 1 } as never))).toMatchObject({
      option: 'strange',
    });
    expect(await rejectionOf(pool.searchMany(query as never, { k: 1 }))).toBeInstanceOf(InvalidVectorError);
    expect(await rejectionOf(pool.searchMany(7 as never, { k: 1 }))).toMatchObject({ option: 'queries' });
    expect(await rejectionOf(pool.searchMany([query], { k: 0 }))).toMatchObject({ option: 'k' });
  });

  test.each([
    [{ threads: 0 }, 'threads'],
    [{ maxPending: 0 }, 'maxPending'],
    [{ name: '' }, 'name'],
    [{ spawn: 1 }, 'spawn'],
    [{ strange: 1 }, 'strange'],
  ])('SearchPool.open refuses %j', async (options, option) => {
    expect(await rejectionOf(SearchPool.open(filled(3), options as never))).toMatchObject({ option });
  });

  test('what is no cell is refused', async () => {
    expect(await rejectionOf(SearchPool.open({} as never))).toMatchObject({ option: 'cell' });
  });
});

describe('flags that the main script was started with', () => {
  const code = (): string => `
    const { CowShardexIndex, SearchPool, createIndex } = await import('${library.address('index').href}');
    const cell = new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
    const pool = await SearchPool.open(cell, { threads: 1 });
    const { results } = await pool.search([1], { k: 1 });
    await pool.close();
    console.log('found', results[0].documentId);`;

  test.each([
    ['code of a module', ['--input-type=module', '-e'], (is: string) => [is], undefined],
    ['code in CommonJS', ['-e'], (is: string) => [`(async () => {${is}})()`], undefined],
    ['standard input', ['--input-type=module', '-'], () => [], 'input'],
    [
      'code, and things to load first',
      ['--input-type=module', '--no-warnings', '--import', 'data:text/javascript,', '--expose-gc', '-e'],
      (is: string) => [is],
      undefined,
    ],
  ])('are not for its threads: %s', (_, flags, rest, input) => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, ...rest(code())], {
      encoding: 'utf8',
      ...(input === undefined ? {} : { input: code() }),
    });
    expect({ stdout, stderr }).toMatchObject({ stdout: 'found a\n' });
  });
});

test('the script that comes with the package is found', async () => {
  const {
    CowShardexIndex: Cell,
    SearchPool: Pool,
    createIndex: create,
  } = (await import(library.address('index').href)) as Library;
  const cell = new Cell(create({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
  const pool = await Pool.open(cell, { threads: 2 });
  expect((await pool.search([1], { k: 1 })).results).toMatchObject([{ documentId: 'a' }]);
  await pool.close();
});
