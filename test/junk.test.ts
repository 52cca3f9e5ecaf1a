import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import * as shardex from 'shardex';
import {
  CowShardexIndex,
  InvalidIndexError,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  type Posting,
  type RemoteWriter,
  ShardexError,
  createIndex,
  diff,
  openRemoteWriter,
  search,
  serveReplicas,
  update,
} from 'shardex';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rejectionOf, thrownBy } from './support/thrown.js';

/*
 * Whatever anything public is given, what it does not take is refused by an error of the library, and nothing is changed:
 * never by a TypeError of the engine's. Functions are not among what is given as functions: what they throw is their own.
 */

const failure = new Error('mine');
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const throwing = (target: object): unknown =>
  new Proxy(target, {
    get: () => {
      throw failure;
    },
    ownKeys: () => {
      throw failure;
    },
  });

const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  Number.NaN,
  1e308,
  10n,
  '',
  'ab',
  Symbol('s'),
  {},
  [],
  [[]],
  [undefined],
  Object.create(null),
  new Date(0),
  new Map([[1, 2]]),
  new Float64Array(1),
  new Uint8Array(64),
  new DataView(new ArrayBuffer(4)),
  new SharedArrayBuffer(4),
  Promise.resolve(1),
  { then: 5 },
  revoked({}),
  revoked([]),
  throwing({}),
  throwing([]),
  [revoked({})],
  [throwing([])],
  { [Symbol.iterator]: () => undefined },
  { [Symbol.iterator]: () => ({ next: 5 }) },
  { aborted: false },
  { aborted: true, addEventListener: 1 },
  { centroids: revoked({}) },
  {
    k: 1,
    get filter(): never {
      throw failure;
    },
  },
  {
    documentId: 'a',
    get vector(): never {
      throw failure;
    },
  },
  { documentId: 'a', vector: revoked([]) },
  { documentId: 'a', vector: throwing([1]) },
  {
    dimensions: 1,
    get metric(): never {
      throw failure;
    },
  },
  Object.create({ dimensions: 'x' }),
];

const INDEX = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
const OTHER = update(INDEX, (draft) => {
  draft.addPosting({ documentId: 'b', vector: [2] });
});
const DELTA = diff(INDEX, OTHER);
const { port1, port2 } = new MessageChannel();
const SERVED = new CowShardexIndex(INDEX);
let remote: RemoteWriter;

beforeAll(async () => {
  serveReplicas(SERVED, port1, { writable: true });
  remote = await openRemoteWriter(port2);
});
afterAll(() => {
  port1.close();
});

/** Arguments that would do, of which one at a time is replaced; what takes a function is given none there. */
const CALLS: Record<string, [(...args: never[]) => unknown, unknown[]]> = {
  createIndex: [shardex.createIndex, [{ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]]],
  update: [shardex.update, [INDEX, () => undefined]],
  updateWithDelta: [shardex.updateWithDelta, [INDEX, () => undefined]],
  distance: [shardex.distance, ['cosine', [1], [1]]],
  search: [shardex.search, [INDEX, [1], { k: 1 }]],
  searchExplained: [shardex.searchExplained, [INDEX, [1], { k: 1 }]],
  searchMany: [shardex.searchMany, [INDEX, [[1]], { k: 1 }]],
  measureRecall: [shardex.measureRecall, [INDEX, { k: 1 }]],
  similarExplained: [shardex.similarExplained, [INDEX, 'a', { k: 1 }]],
  similar: [shardex.similar, [INDEX, 'a', { k: 1 }]],
  compareSearch: [shardex.compareSearch, [INDEX, OTHER, [[1]], { k: 1 }]],
  followTexts: [shardex.followTexts, [SERVED, { add: () => undefined, discard: () => undefined }]],
  mmr: [shardex.mmr, [INDEX, search(INDEX, [1], { k: 1 }), {}]],
  fuse: [shardex.fuse, [[[{ documentId: 'a' }]], {}]],
  postings: [shardex.postings, [INDEX, 'a']],
  getPosting: [shardex.getPosting, [INDEX, { documentId: 'a' }]],
  hasDocument: [shardex.hasDocument, [INDEX, 'a']],
  documentIds: [shardex.documentIds, [INDEX]],
  statistics: [shardex.statistics, [INDEX]],
  verify: [shardex.verify, [INDEX, {}]],
  diff: [shardex.diff, [INDEX, OTHER]],
  merge: [shardex.merge, [INDEX, OTHER, INDEX, {}]],
  applyDelta: [shardex.applyDelta, [INDEX, DELTA, {}]],
  invertDelta: [shardex.invertDelta, [INDEX, DELTA]],
  composeDeltas: [shardex.composeDeltas, [DELTA, DELTA]],
  encodeDelta: [shardex.encodeDelta, [DELTA]],
  decodeDelta: [shardex.decodeDelta, [shardex.encodeDelta(DELTA)]],
  writtenPostings: [(given: never) => [...shardex.writtenPostings(given)], [DELTA]],
  configureCache: [shardex.configureCache, [INDEX, { maxBytes: 1 }]],
  dropCaches: [shardex.dropCaches, [INDEX]],
  cacheBytes: [shardex.cacheBytes, [INDEX]],
  CowShardexIndex: [(...args: [never, never]) => new CowShardexIndex(...args), [INDEX, {}]],
  'SearchPool.open': [async (...args: [never, never]) => shardex.SearchPool.open(...args), [INDEX, {}]],
  serveReplicas: [
    (...args: [never, never, never]) => {
      shardex.serveReplicas(...args).close();
    },
    [SERVED, new MessageChannel().port1, {}],
  ],
};

const cell = (): CowShardexIndex => new CowShardexIndex(INDEX, { history: { versions: 2 } });
for (const [method, args] of Object.entries({
  update: [() => undefined],
  updateAsync: [() => undefined, {}],
  ingest: [[], {}],
  commitChanges: [INDEX, { expected: INDEX }],
  fork: [{}],
  at: [1],
  tag: ['name', 1],
  restore: [1],
  subscribe: [() => undefined, {}],
  changes: [{}],
  waitFor: [1, {}],
  pin: [{}],
}))
  CALLS[`cell.${method}`] = [
    (...given: never[]) => (cell()[method as 'update'] as (...all: never[]) => unknown)(...given),
    args,
  ];

for (const [method, args] of Object.entries({
  addPosting: [{ documentId: 'a', vector: [1] }],
  addPostings: [[]],
  removePosting: [{ documentId: 'a' }],
  removePostings: [[]],
  removeDocument: ['a'],
  removeDocuments: [[]],
  replaceDocument: ['a', []],
  has: ['a'],
  commitChanges: [{}],
})) {
  CALLS[`writer.${method}`] = [
    (...given: never[]) =>
      (cell().cloneForWrite()[method as 'has'] as (...all: never[]) => unknown)(...given),
    args,
  ];
  if (method !== 'commitChanges')
    CALLS[`remote.${method}`] = [
      (...given: never[]) => (remote[method as 'has'] as (...all: never[]) => unknown)(...given),
      args,
    ];
}

/** What a call comes to: nothing, or what it throws or rejects with. What waits for ever is left to wait. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    const answer = call();
    // Not what has a `then` of its own making.
    if (answer instanceof Promise)
      await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 20))]);
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing');
  }
}

describe.each(Object.entries(CALLS))('%s', (_, [call, args]) => {
  test.each(args.map((_arg, at) => at))(
    'refuses any junk at argument %i by an error of the library',
    async (at) => {
      const errors = await Promise.all(
        JUNK.map(async (junk) => failureOf(() => call(...(args.with(at, junk) as never[])))),
      );
      for (const error of errors.filter((each) => each !== undefined)) {
        expect(error).toBeInstanceOf(ShardexError);
        expect((error as Error).message).toMatch(/^\w[^]* [^]*\.$/);
      }
      // Some of it must have been refused, or nothing was tried.
      expect(errors.some((error) => error !== undefined)).toBe(true);
    },
  );
});

test('options may be of any junk', async () => {
  const options: Record<string, readonly string[]> = {
    search: [
      ...['k', 'offset', 'maxDistance', 'minScore', 'slopFactor', 'recall', 'filter', 'distinct'],
      'includeVector',
    ],
    mmr: ['lambda', 'k'],
    fuse: ['weights', 'constant', 'key'],
    createIndex: ['dimensions', 'metric', 'shardCapacity', 'slopFactor', 'reassign', 'seed'],
    CowShardexIndex: ['maxPendingWrites', 'history', 'held', 'validate', 'onError'],
    'cell.updateAsync': ['signal', 'retries'],
    'cell.ingest': ['signal', 'onProgress', 'sliceMs', 'commitEvery'],
    'cell.subscribe': ['since'],
    'cell.changes': ['since', 'signal', 'coalesce', 'maxBuffered'],
    'cell.waitFor': ['signal'],
    'cell.pin': ['label', 'version'],
    'cell.commitChanges': ['expected'],
    'writer.commitChanges': ['onConflict'],
    merge: ['onConflict'],
    verify: ['placement'],
    applyDelta: ['verify'],
    measureRecall: ['k', 'recall', 'distinct', 'queries', 'count', 'onProgress'],
    configureCache: ['maxBytes'],
  };
  for (const [name, keys] of Object.entries(options)) {
    const [call, args] = CALLS[name];
    const at = args.findLastIndex((arg) => Object.getPrototypeOf(arg ?? 0) === Object.prototype);
    for (const key of keys) {
      for (const junk of JUNK) {
        const given = { ...(args[at] as object), [key]: junk };
        const error = await failureOf(() => call(...(args.with(at, given) as never[])));
        if (error !== undefined) expect([name, key, error]).toEqual([name, key, expect.any(ShardexError)]);
      }
    }
  }
});

describe('in the place of options', () => {
  const TAKING = [
    ...['search', 'searchExplained', 'searchMany', 'measureRecall', 'verify', 'merge', 'applyDelta'],
    ...['configureCache', 'CowShardexIndex', 'serveReplicas', 'writer.commitChanges', 'cell.commitChanges'],
    ...['updateAsync', 'ingest', 'fork', 'subscribe', 'changes', 'waitFor', 'pin'].map(
      (name) => `cell.${name}`,
    ),
  ];
  const given = (name: string, options: unknown): Promise<unknown> => {
    const [call, args] = CALLS[name];
    return failureOf(() => call(...(args.with(-1, options) as never[])));
  };
  /** None of these has a key that would be unknown. */
  const MISTAKEN: [string, () => unknown, RegExp][] = [
    ['a signal', () => new AbortController().signal, /not an AbortSignal\. The options are [a-zA-Z, ]+\.$/],
    ['a promise of options', () => Promise.resolve({}), /not a promise\. Await it first\.$/],
    ['a list', () => [], /not an array of 0\./],
    ['a map', () => new Map([['k', 1]]), /not a Map of 1\./],
    ['an object of a class without any', () => new WeakSet(), /not a WeakSet\./],
  ];

  test.each(MISTAKEN)('%s is refused, wherever options are taken', async (_, options, message) => {
    for (const name of TAKING)
      expect([name, await given(name, options())]).toMatchObject([
        name,
        {
          constructor: InvalidOptionError,
          option: 'options',
          message: expect.stringMatching(message) as unknown,
        },
      ]);
  });

  test('an object may be of a class, inherit them, or come from another realm', () => {
    class Settings {
      k = 1;
    }
    const foreign = runInNewContext('({ k: 1 })') as { k: number };
    const bare = Object.assign(Object.create(null) as object, { k: 1 });
    for (const options of [new Settings(), Object.create({ k: 1 }), foreign, bare, new Proxy({ k: 1 }, {})])
      expect(search(OTHER, [1], options as Settings)).toHaveLength(1);
  });
});

test('nothing was changed by any of that', () => {
  expect(SERVED.read()).toBe(INDEX);
  expect(INDEX.postingCount).toBe(1);
});

test('an option is read once, and what reading it throws is the cause of the error', () => {
  let reads = 0;
  const options = {
    get k(): number {
      return ++reads;
    },
  };
  expect(search(OTHER, [1], options)).toHaveLength(1);
  expect(reads).toBe(1);
  const error = thrownBy(() =>
    search(INDEX, [1], {
      get k(): number {
        throw failure;
      },
    }),
  );
  expect(error).toBeInstanceOf(InvalidOptionError);
  expect(error).toMatchObject({ cause: failure });
  expect(String(error)).toContain('mine');
});

test('a posting is read once, and what reading it throws is the cause of the error', () => {
  const reads: string[] = [];
  const posting = new Proxy<Posting>(
    { documentId: 'a', start: 1, length: 2, vector: [1] },
    { get: (target, key): unknown => (reads.push(String(key)), Reflect.get(target, key)) },
  );
  createIndex({ dimensions: 1 }, [posting]);
  expect(reads.filter((key) => key !== 'then')).toEqual(['documentId', 'start', 'length', 'vector']);
  const bad: [Posting, unknown][] = [
    [
      {
        documentId: 'a',
        get vector(): number[] {
          throw failure;
        },
      },
      InvalidPostingError,
    ],
    [{ documentId: 'a', vector: throwing([1]) as number[] }, InvalidVectorError],
  ];
  for (const [given, constructor] of bad)
    expect(thrownBy(() => createIndex({ dimensions: 1 }, [given]))).toMatchObject({
      constructor,
      cause: failure,
      position: 0,
    });
});

test('a signal has to be one, but may be of another making', async () => {
  class Signal extends EventTarget {
    aborted = false;
    reason: unknown = undefined;
    onabort = null;
    throwIfAborted(): void {
      if (this.aborted) throw this.reason as Error;
    }
  }
  expect(await new CowShardexIndex(INDEX).waitFor(1, { signal: new Signal() as AbortSignal })).toBe(INDEX);
  expect(
    await rejectionOf(new CowShardexIndex(INDEX).waitFor(1, { signal: new EventTarget() as AbortSignal })),
  ).toMatchObject({ option: 'signal' });
});

describe('a field that no posting has', () => {
  const given = (extra: object): unknown =>
    thrownBy(() =>
      createIndex({ dimensions: 1 }, [
        { documentId: 'a', vector: [1] },
        { documentId: 'b', vector: [1], ...extra },
      ]),
    );

  test('is refused by name, with what to do', () => {
    for (const name of ['metadata', 'text', 'lenght', 'id', 'Start', 'score', 'embedding', '__proto__x']) {
      const error = given({ [name]: undefined });
      expect(error).toMatchObject({ constructor: InvalidPostingError, position: 1 });
      expect(String(error)).toContain(JSON.stringify(name));
    }
    expect(String(given({ metadata: {} }))).toContain('putDocument');
    expect(String(given({ text: '' }))).toContain('putDocument');
    expect(String(given({ score: 1 }))).toContain('search result');
  });

  test('is any at all', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        fc.pre(!['documentId', 'start', 'length', 'vector', '__proto__'].includes(name));
        expect(given({ [name]: 1 })).toBeInstanceOf(InvalidPostingError);
      }),
    );
  });

  test('is not one that it inherits, nor a symbol', () => {
    class Chunk {
      documentId = 'a';
      vector = [1];
      text(): string {
        return '';
      }
    }
    expect(
      createIndex({ dimensions: 1 }, [Object.assign(new Chunk(), { [Symbol('s')]: 1 })]).postingCount,
    ).toBe(1);
  });
});

describe('what everyone tries first', () => {
  const own = cell();
  const writer = own.cloneForWrite();
  const TRIED: [string, () => unknown, new (...args: never[]) => Error, string][] = [
    ['a search in a cell', () => search(own as never, [1], { k: 1 }), InvalidIndexError, 'pass cell.read()'],
    [
      'a search in a writer',
      () => search(writer as never, [1], { k: 1 }),
      InvalidIndexError,
      'pass draft.preview()',
    ],
    [
      'a search in a commit',
      () => search(own.update(() => undefined) as never, [1], { k: 1 }),
      InvalidIndexError,
      'pass commit.index',
    ],
    [
      'a search in a pin',
      () => search(own.pin() as never, [1], { k: 1 }),
      InvalidIndexError,
      'pass pin.index',
    ],
    [
      'a search in a promise',
      () => search(Promise.resolve(INDEX) as never, [1], { k: 1 }),
      InvalidIndexError,
      'not a promise',
    ],
    [
      'a cell of options',
      () => new CowShardexIndex({ dimensions: 3 } as never),
      InvalidIndexError,
      'pass createIndex({ dimensions: … })',
    ],
    ['a cell of a cell', () => new CowShardexIndex(own as never), InvalidIndexError, 'pass cell.read()'],
    [
      'serving a version',
      () => serveReplicas(INDEX as never, port2),
      InvalidOptionError,
      'new CowShardexIndex(version)',
    ],
    [
      'an update without a recipe',
      () => own.update(undefined as never),
      InvalidOptionError,
      'recipe must be a function',
    ],
    [
      'searching by a method',
      () => {
        (own as unknown as { search(): void }).search();
      },
      InvalidOptionError,
      'search(cell.read(), query, options)',
    ],
    [
      'adding by a method',
      () => {
        (own as unknown as { addPosting(): void }).addPosting();
      },
      InvalidOptionError,
      'cell.update(',
    ],
    [
      'removing a posting by its document',
      () => writer.removePosting('a' as never),
      InvalidPostingError,
      '{ documentId, start?, length? }',
    ],
    [
      'removing a posting by a misspelt key',
      () => writer.removePosting({ documentId: 'a', lenght: 5 } as never),
      InvalidPostingError,
      '"lenght"',
    ],
    [
      'applying a commit',
      () => shardex.applyDelta(INDEX, own.update(() => undefined) as never),
      shardex.InvalidDeltaError,
      'pass commit.delta',
    ],
    [
      'applying bytes',
      () => shardex.applyDelta(INDEX, shardex.encodeDelta(DELTA) as never),
      shardex.InvalidDeltaError,
      'pass decodeDelta(bytes)',
    ],
    [
      'a posting that is a promise',
      () => createIndex({ dimensions: 1 }, [Promise.resolve() as never]),
      InvalidPostingError,
      'Await it first',
    ],
    [
      'a vector of bigints',
      () => search(INDEX, new BigInt64Array(1) as never, { k: 1 }),
      InvalidVectorError,
      'Float64Array.from(vector, Number)',
    ],
  ];

  test.each(TRIED)('%s is told what to do', (_, call, kind, advice) => {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(advice);
  });

  test('a delta on an index with other options says that it is those', () => {
    const all = (options: shardex.ShardexOptions): shardex.Delta =>
      diff(
        createIndex(options),
        createIndex(options, [
          { documentId: 'a', vector: Array.from({ length: options.dimensions }, () => 1) },
        ]),
      );
    const apply = (delta: shardex.Delta, base: shardex.ShardexIndex): string =>
      String(thrownBy(() => shardex.applyDelta(base, delta)));
    expect(apply(all({ dimensions: 2 }), createIndex({ dimensions: 1 }))).toContain(
      '2 dimensions, and this one has 1',
    );
    expect(apply(all({ dimensions: 1, metric: 'dot' }), createIndex({ dimensions: 1 }))).toContain(
      'the options differ',
    );
    expect(apply(DELTA, OTHER)).toContain('Apply those before it first');
    const branch = createIndex({ dimensions: 1 }, [{ documentId: 'z', vector: [1] }]);
    expect(apply(DELTA, branch)).toContain('two branches');
  });
});
