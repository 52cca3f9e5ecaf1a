import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AsyncRecipeError,
  CowShardexIndex,
  InvalidOptionError,
  type IndexDraft,
  type Posting,
  createIndex,
  merge,
  openReplica,
  search,
  searchExplained,
  searchMany,
  serveReplicas,
  update,
  updateWithDelta,
} from 'shardex';
import { rejectionOf, thrownBy } from './support/thrown.js';

const INDEX = createIndex({ dimensions: 1 }, [
  { documentId: 'secret', vector: [1] },
  { documentId: 'open', vector: [2] },
]);

const add = (documentId: string): ((draft: IndexDraft) => void) => {
  const posting: Posting = { documentId, vector: [1] };
  return (draft) => {
    draft.addPosting(posting);
  };
};

/** Errors that nobody took, as the process is told of them. */
let uncaught: unknown[] = [];
let unhandled: unknown[] = [];
let before: [NodeJS.UncaughtExceptionListener[], NodeJS.UnhandledRejectionListener[]] = [[], []];

beforeEach(() => {
  [uncaught, unhandled] = [[], []];
  before = [process.listeners('uncaughtException'), process.listeners('unhandledRejection')];
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.on('uncaughtException', (error) => uncaught.push(error));
  process.on('unhandledRejection', (error) => unhandled.push(error));
});

afterEach(() => {
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  for (const listener of before[0]) process.on('uncaughtException', listener);
  for (const listener of before[1]) process.on('unhandledRejection', listener);
});

/** Until all that was rejected has been told. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** What answers later, each in another way. */
const LATER: [string, () => unknown][] = [
  ['a promise', () => Promise.resolve(false)],
  ['a promise that rejects', () => Promise.reject(new Error('mine'))],
  [
    'a thenable',
    () => ({
      then: (done: (value: boolean) => void) => {
        done(false);
      },
    }),
  ],
  ['a function with then', () => Object.assign(() => false, { then: () => undefined })],
  [
    'a generator',
    () =>
      (function* () {
        yield false;
      })(),
  ],
  [
    'an async generator',
    () =>
      (async function* () {
        yield await Promise.resolve(false);
      })(),
  ],
];

/** Every function of a caller whose answer is needed at once. */
const NEEDED: [string, (answer: () => never) => unknown][] = [
  ['the recipe of update', (answer) => update(INDEX, answer)],
  ['the recipe of updateWithDelta', (answer) => updateWithDelta(INDEX, answer)],
  ['the recipe of a cell', (answer) => new CowShardexIndex(INDEX).update(answer)],
  ['validate', (answer) => new CowShardexIndex(INDEX, { validate: answer }).update(add('a'))],
  ['the filter of search', (answer) => search(INDEX, [1], { k: 2, filter: answer })],
  ['the filter of searchMany', (answer) => searchMany(INDEX, [[1]], { k: 2, filter: answer })],
  ['the filter of searchExplained', (answer) => searchExplained(INDEX, [1], { k: 2, filter: answer })],
  ['the predicate of waitFor', (answer) => new CowShardexIndex(INDEX).waitFor(answer)],
  [
    'onConflict of merge',
    (answer) =>
      merge(
        update(INDEX, add('a')),
        update(INDEX, (draft) => {
          draft.addPosting({ documentId: 'a', vector: [9] });
        }),
        INDEX,
        { onConflict: answer },
      ),
  ],
];

describe.each(NEEDED)('%s', (_, call) => {
  test.each(LATER)('may not answer with %s', async (_name, answer) => {
    const error = await rejectionOf(Promise.resolve().then(() => call(answer as () => never)));
    expect(error).toBeInstanceOf(AsyncRecipeError);
    await settled();
    expect([uncaught, unhandled]).toEqual([[], []]);
  });
});

test('a predicate that answers later for a version that comes later is refused as well', async () => {
  const cell = new CowShardexIndex(INDEX);
  const waiting = rejectionOf(
    cell.waitFor((index): boolean => (index.version === 1 ? false : (Promise.resolve(true) as never))),
  );
  cell.update(add('b'));
  expect(await waiting).toBeInstanceOf(AsyncRecipeError);
});

test('a filter that is refused leaves the index searchable, and plain answers count by their truth', () => {
  expect(
    thrownBy(() => search(INDEX, [1], { k: 2, filter: (() => Promise.resolve(true)) as never })),
  ).toBeInstanceOf(AsyncRecipeError);
  const truthy = (({ documentId }: Posting) => (documentId === 'open' ? 'yes' : undefined)) as never;
  expect(search(INDEX, [1], { k: 2, filter: truthy }).map(({ documentId }) => documentId)).toEqual(['open']);
});

test('a generator function is refused before anything is done, since its body would not run', () => {
  const generator = function* (): Generator<undefined> {
    yield undefined;
  } as never;
  const cell = new CowShardexIndex(INDEX);
  for (const call of [
    () => update(INDEX, generator),
    () => cell.subscribe(generator),
    () => search(INDEX, [1], { k: 1, filter: generator }),
    () => new CowShardexIndex(INDEX, { onError: generator }),
    () => new CowShardexIndex(INDEX, { held: { maxAge: 1, onExceeded: generator } }),
  ])
    expect(String(thrownBy(call))).toContain('not a generator function');
});

describe('what an async function rejects with goes where what it throws goes', () => {
  const failure = new Error('mine');
  const FAILING: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
    [
      'is a thenable that rejects',
      () => ({
        then: (_: unknown, failed: (error: unknown) => void) => {
          failed(failure);
        },
      }),
    ],
  ];

  test.each(FAILING)('a listener that %s: to onError, with its commit', async (_, listener) => {
    const told: unknown[] = [];
    const cell = new CowShardexIndex(INDEX, {
      history: { versions: 5 },
      onError: (error, { version }) => told.push([error, version]),
    });
    cell.update(add('a'));
    cell.subscribe(listener, { since: 1 });
    cell.update(add('b'));
    await settled();
    expect(told).toEqual([
      [failure, 2],
      [failure, 3],
    ]);
    expect([uncaught, unhandled]).toEqual([[], []]);
  });

  test.each(FAILING)('a listener of a replica that %s: to its onError', async (_, listener) => {
    const { port1, port2 } = new MessageChannel();
    const told: unknown[] = [];
    const cell = new CowShardexIndex(INDEX);
    serveReplicas(cell, port1);
    const replica = await openReplica(port2, { onError: (error) => told.push(error) });
    replica.subscribe(listener);
    cell.update(add('a'));
    await replica.waitFor(2);
    await settled();
    port1.close();
    expect(told).toEqual([failure]);
    expect([uncaught, unhandled]).toEqual([[], []]);
  });

  test.each(FAILING)(
    'a listener that %s, where there is no onError: out of the process',
    async (_, listener) => {
      const cell = new CowShardexIndex(INDEX);
      cell.subscribe(listener);
      cell.update(add('a'));
      await settled();
      expect([uncaught, unhandled]).toEqual([[failure], []]);
    },
  );

  test.each(FAILING)('an onError that %s: out of the process', async (_, onError) => {
    const cell = new CowShardexIndex(INDEX, { onError: onError });
    cell.subscribe(() => {
      throw new Error('another');
    });
    cell.update(add('a'));
    await settled();
    expect([uncaught, unhandled]).toEqual([[failure], []]);
  });

  test.each(FAILING)(
    'an onProgress that %s: out of the ingest, which publishes nothing',
    async (_, onProgress) => {
      const cell = new CowShardexIndex(INDEX);
      const ingest = cell.ingest([{ documentId: 'a', vector: [1] }], {
        onProgress: onProgress,
      });
      expect(await rejectionOf(ingest)).toBe(failure);
      expect(cell.version).toBe(1);
      await settled();
      expect([uncaught, unhandled]).toEqual([[], []]);
    },
  );

  test.each(FAILING)('an onExceeded that %s: out of the process', async (_, onExceeded) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const cell = new CowShardexIndex(INDEX, { held: { maxAge: 1, onExceeded: onExceeded } });
    const kept = cell.read();
    cell.update(add('a'));
    const start = performance.now();
    while (performance.now() - start < 5);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    await settled();
    expect(kept.version).toBe(1);
    expect([uncaught, unhandled]).toEqual([[failure], []]);
    cell.close();
  });
});

test('an ingest waits for an onProgress that is async, until it is aborted', async () => {
  const cell = new CowShardexIndex(INDEX);
  const log: string[] = [];
  await cell.ingest([{ documentId: 'a', vector: [1] }], {
    onProgress: async () => {
      await settled();
      log.push(`progress at ${cell.version}`);
    },
  });
  expect(new Set(log)).toEqual(new Set(['progress at 1']));
  const abort = new AbortController();
  const hanging = cell.ingest([{ documentId: 'b', vector: [1] }], {
    signal: abort.signal,
    onProgress: () => new Promise(() => undefined),
  });
  await settled();
  abort.abort(new Error('enough'));
  expect(await rejectionOf(hanging)).toMatchObject({ message: 'enough' });
  expect(cell.version).toBe(2);
});

test('what is no function is refused by name', async () => {
  const cell = new CowShardexIndex(INDEX);
  for (const call of [
    () => update(INDEX, 7 as never),
    () => updateWithDelta(INDEX, undefined as never),
    () => cell.update({} as never),
    () => cell.updateAsync(undefined as never),
  ])
    expect(await rejectionOf(Promise.resolve().then<unknown>(call))).toMatchObject({
      constructor: InvalidOptionError,
      option: 'recipe',
    });
  expect(cell.metrics().liveWriters).toBe(0);
});
