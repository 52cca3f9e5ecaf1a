import { describe, expect, test } from 'vitest';
import {
  CowShardexIndex,
  type IndexDraft,
  InvalidOptionError,
  InvalidPostingError,
  type Posting,
  type RemoteWriter,
  SearchPool,
  ShardexError,
  type ShardexIndex,
  type Thread,
  type VectorInput,
  answerSearches,
  createIndex,
  documentIds,
  openRemoteWriter,
  postings,
  searchMany,
  serveReplicas,
} from 'shardex';
import { rejectionOf } from './support/thrown.js';

const OPTIONS = { dimensions: 3, metric: 'euclidean' } as const;
const VALUES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** One posting object with one vector, filled anew each time: so do readers of files that save memory. */
function* reused(vector: Float32Array | number[], documentId = ''): Generator<Posting> {
  const posting = { documentId: '', start: 0, length: 0, vector };
  for (const [i, value] of VALUES.entries()) {
    value.forEach((x, at) => (vector[at] = x));
    posting.documentId = documentId === '' ? `d${i}` : documentId;
    posting.start = documentId === '' ? 0 : i;
    yield posting;
  }
  vector.fill(9);
  posting.start = 99;
}

async function* reusedLater(vector: Float32Array | number[]): AsyncGenerator<Posting> {
  for (const posting of reused(vector)) {
    await Promise.resolve();
    yield posting;
  }
}

/** Has a remote writer do something to an empty cell, and commits. */
async function remotely(write: (writer: RemoteWriter) => Promise<unknown>): Promise<ShardexIndex> {
  const { port1, port2 } = new MessageChannel();
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  serveReplicas(cell, port1, { writable: true });
  const writer = await openRemoteWriter(port2);
  try {
    await write(writer);
    await writer.commitChanges();
  } finally {
    port1.close();
  }
  return cell.read();
}

function drafted(write: (draft: IndexDraft) => unknown): ShardexIndex {
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  cell.update((draft) => {
    write(draft);
  });
  return cell.read();
}

const ingested = async (source: Iterable<Posting> | AsyncIterable<Posting>): Promise<ShardexIndex> =>
  (await new CowShardexIndex(createIndex(OPTIONS)).ingest(source, { sliceMs: 0 })).index;

type Source = (vector: Float32Array | number[]) => ShardexIndex | Promise<ShardexIndex>;

/** Every call that takes postings. */
const TAKERS: [string, Source][] = [
  ['createIndex', (vector) => createIndex(OPTIONS, reused(vector))],
  ['addPostings', (vector) => drafted((draft) => draft.addPostings(reused(vector)))],
  ['ingest', (vector) => ingested(reused(vector))],
  ['ingest of an async one', (vector) => ingested(reusedLater(vector))],
  ['addPostings of a remote writer', (vector) => remotely((writer) => writer.addPostings(reused(vector)))],
];

describe.each([
  ['a Float32Array', () => new Float32Array(3)],
  ['an array', () => [0, 0, 0]],
  ['a view of shared memory', () => new Float32Array(new SharedArrayBuffer(20), 8)],
])('%s that is filled anew for each', (_, room) => {
  test.each(TAKERS)('posting is taken as it was: %s', async (_name, take) => {
    const index = await take(room());
    expect(VALUES.map((_value, i) => [...postings(index, `d${i}`)[0].vector])).toEqual(VALUES);
  });

  test.each<[string, Source]>([
    [
      'replaceDocument',
      (vector) =>
        drafted((draft) => {
          draft.replaceDocument('a', reused(vector, 'a'));
        }),
    ],
    [
      'replaceDocument of a remote writer',
      (vector) => remotely((writer) => writer.replaceDocument('a', reused(vector, 'a'))),
    ],
  ])('posting of one document is taken as it was: %s', async (_name, take) => {
    expect(postings(await take(room()), 'a').map(({ start, vector }) => [start, ...vector])).toEqual(
      VALUES.map((value, i) => [i, ...value]),
    );
  });

  test('query is taken as it was', async () => {
    const index = createIndex(
      OPTIONS,
      VALUES.map((vector, i) => ({ documentId: `d${i}`, vector })),
    );
    function* queries(): Generator<VectorInput> {
      for (const { vector } of reused(room())) yield vector;
    }
    const found = ['d0', 'd1', 'd2'];
    expect(searchMany(index, queries(), { k: 1 }).map(([hit]) => hit.documentId)).toEqual(found);
    const pool = await SearchPool.open(new CowShardexIndex(index), { threads: 1, spawn: sameThread });
    const answers = await pool.searchMany(queries(), { k: 1 });
    await pool.close();
    expect(answers.map(({ results: [hit] }) => hit.documentId)).toEqual(found);
  });
});

/** A thread of a pool that is none, but answers. */
function sameThread(): Thread {
  const { port1, port2 } = new MessageChannel();
  void answerSearches(port2);
  return Object.assign(port1, {
    terminate: () => {
      port1.close();
    },
  });
}

const broken = (iterator: unknown): unknown => ({ [Symbol.iterator]: () => iterator });
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
};

/** What is no iterable, or only looks like one. */
const NONE: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['a string, whose letters nobody means', 'ab'],
  ['a string in an object', new String('ab')],
  ['an object', {}],
  ['a promise of one', Promise.resolve([])],
  ['a function', () => []],
  ['a revoked proxy', revoked()],
  ['a field that is no method', { [Symbol.iterator]: 5 }],
  ['no iterator', broken(undefined)],
  ['an iterator without next', broken({})],
  ['an iterator that is a revoked proxy', broken(revoked())],
  ['answers that are no results', broken({ next: () => 5 })],
  ['answers that come later', broken({ next: () => Promise.resolve({ done: true }) })],
];

describe('what is no iterable', () => {
  const index = createIndex(OPTIONS, [{ documentId: 'a', vector: [1, 2, 3] }]);
  const CALLS: [string, (given: never) => unknown, new (...args: never[]) => ShardexError][] = [
    ['addPostings', (given) => drafted((draft) => draft.addPostings(given)), InvalidPostingError],
    [
      'replaceDocument',
      (given) =>
        drafted((draft) => {
          draft.replaceDocument('a', given);
        }),
      InvalidPostingError,
    ],
    ['removeDocuments', (given) => drafted((draft) => draft.removeDocuments(given)), InvalidPostingError],
    ['ingest', (given) => ingested(given), InvalidPostingError],
    ['searchMany', (given) => searchMany(index, given, { k: 1 }), InvalidOptionError],
    ['remote addPostings', (given) => remotely((writer) => writer.addPostings(given)), InvalidPostingError],
    [
      'remote replaceDocument',
      (given) => remotely((writer) => writer.replaceDocument('a', given)),
      InvalidPostingError,
    ],
    [
      'remote removeDocuments',
      (given) => remotely((writer) => writer.removeDocuments(given)),
      InvalidPostingError,
    ],
  ];

  describe.each(CALLS)('%s', (_, call, kind) => {
    test.each(NONE)('refuses %s', async (_name, given) => {
      expect(await rejectionOf(Promise.resolve().then(() => call(given as never)))).toBeInstanceOf(kind);
    });
  });

  test('of async ones is told who takes them', () => {
    expect(() => createIndex(OPTIONS, reusedLater([0, 0, 0]) as never)).toThrow(/ingest\(\)/);
  });

  test.each([
    ['no iterator', undefined],
    ['an iterator without next', {}],
    ['answers that are no results', { next: () => Promise.resolve(5) }],
  ])('refuses an async one with %s', async (_, iterator) => {
    const source = { [Symbol.asyncIterator]: () => iterator } as never;
    expect(await rejectionOf(ingested(source))).toBeInstanceOf(InvalidPostingError);
  });

  test('what an iterable throws itself comes out as it is, and it is closed when a posting is unusable', async () => {
    const failure = new Error('mine');
    let closed = 0;
    function* failing(last: () => Posting): Generator<Posting> {
      try {
        yield { documentId: 'a', vector: [1, 2, 3] };
        yield last();
        yield { documentId: 'b', vector: [1, 2, 3] };
      } finally {
        closed++;
      }
    }
    const fails = (): never => {
      throw failure;
    };
    const unusable = (): Posting => ({ documentId: '', vector: [1, 2, 3] });
    const takers = [
      (source: Iterable<Posting>) => drafted((draft) => draft.addPostings(source)),
      ingested,
      (source: Iterable<Posting>) => remotely((writer) => writer.addPostings(source)),
    ];
    for (const take of takers) {
      expect(await rejectionOf(Promise.resolve().then(() => take(failing(fails))))).toBe(failure);
      expect(await rejectionOf(Promise.resolve().then(() => take(failing(unusable))))).toBeInstanceOf(
        InvalidPostingError,
      );
    }
    expect(closed).toBe(6);
  });
});

describe('a remote writer checks as a draft does', () => {
  const BAD: [string, (writer: IndexDraft | RemoteWriter) => unknown][] = [
    ['ids that are one id', (writer) => writer.removeDocuments('ab')],
    ['an id that is no string', (writer) => writer.removeDocument(5 as never)],
    ['an empty id', (writer) => writer.removeDocuments(['a', ''])],
    ['an id asked for', (writer) => writer.has(Symbol('a') as never)],
    ['an id to be replaced', (writer) => writer.replaceDocument('', [])],
    [
      'another document’s posting',
      (writer) => writer.replaceDocument('a', [{ documentId: 'b', vector: [1, 2, 3] }]),
    ],
    [
      'a posting too many',
      (writer) => writer.addPostings([{ documentId: 'a', vector: [1, 2, 3] }, null as never]),
    ],
    [
      'a field too many',
      (writer) => writer.addPosting({ documentId: 'a', vector: [1, 2, 3], text: 'x' } as never),
    ],
    ['an extent', (writer) => writer.addPosting({ documentId: 'a', start: -1, vector: [1, 2, 3] })],
    ['a vector of another size', (writer) => writer.addPosting({ documentId: 'a', vector: [1] })],
    ['a component', (writer) => writer.addPosting({ documentId: 'a', vector: [1, Number.NaN, 3] })],
    [
      'an array of bigints',
      (writer) => writer.addPosting({ documentId: 'a', vector: new BigInt64Array(3) as never }),
    ],
    [
      'a function for a vector',
      (writer) => writer.addPosting({ documentId: 'a', vector: (() => 1) as never }),
    ],
  ];

  test.each(BAD)('%s', async (_, write) => {
    const here = await rejectionOf(Promise.resolve().then(() => drafted(write)));
    let index: ShardexIndex | undefined;
    const there = await rejectionOf(
      remotely((writer) => Promise.resolve(write(writer))).then((made) => (index = made)),
    );
    expect(here).toBeInstanceOf(ShardexError);
    const { constructor, code, message } = here as ShardexError;
    expect(there).toMatchObject({ constructor, code, message });
    expect((there as { position?: number }).position).toBe((here as { position?: number }).position);
    expect(index).toBeUndefined();
  });

  test('and deletes nothing by the letters of an id', async () => {
    const index = await remotely(async (writer) => {
      await writer.addPostings(['a', 'b', 'ab'].map((documentId) => ({ documentId, vector: [1, 2, 3] })));
      await rejectionOf(writer.removeDocuments('ab'));
    });
    expect([...documentIds(index)].sort()).toEqual(['a', 'ab', 'b']);
  });
});
