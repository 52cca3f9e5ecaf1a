import {
  CowShardexIndex,
  createIndex,
  type IndexDraft,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  type Posting,
  search,
  type SearchOptions,
  type ShardexErrorCode,
  type ShardexIndex,
  update,
  WriterClosedError,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';
import { thrownBy } from '../support/thrown.js';

const INDEX = createIndex(
  { dimensions: 3, shardCapacity: 8 },
  numbered(30, (i) => [i, 1, -i]),
);

const sparse = (): number[] => {
  const vector = [1, 2, 3];
  // eslint-disable-next-line @typescript-eslint/no-array-delete
  delete vector[1];
  return vector;
};

/** Everything that is no vector of this index, with a name. */
const BAD_VECTORS: [string, unknown][] = [
  ['too short', [1, 2]],
  ['too long', [1, 2, 3, 4]],
  ['empty', []],
  ['a Float32Array of another length', new Float32Array(4)],
  ['NaN', [1, Number.NaN, 3]],
  ['Infinity', [1, 2, Infinity]],
  ['−Infinity', [-Infinity, 2, 3]],
  ['more than a 32-bit float holds', [1, 1e39, 3]],
  ['a NaN in a Float32Array', Float32Array.of(1, Number.NaN, 3)],
  ['a hole', sparse()],
  ['a string among numbers', [1, '2', 3]],
  ['null among numbers', [1, null, 3]],
  ['a bigint among numbers', [1, 2n, 3]],
  ['nested arrays', [[1], [2], [3]]],
  ['a Float64Array with more than a 32-bit float holds', Float64Array.of(1, 1e39, 3)],
  ['bytes of 32-bit floats', new Uint8Array(Float32Array.of(1, 2, 3).buffer)],
  ['a BigInt64Array', BigInt64Array.of(1n, 2n, 3n)],
  ['a BigUint64Array', BigUint64Array.of(1n, 2n, 3n)],
  ['a DataView', new DataView(new ArrayBuffer(12))],
  ['a buffer', new ArrayBuffer(12)],
  ['a string', '123'],
  ['a number', 3],
  ['null', null],
  ['undefined', undefined],
  ['a look-alike', { length: 3, 0: 1, 1: 2, 2: 3 }],
  ['an iterable', new Set([1, 2, 3])],
];

const good = (documentId: string): Posting => ({ documentId, vector: [1, 2, 3] });

/** Everything that is no posting but for its vector. */
const BAD_POSTINGS: [string, unknown][] = [
  ['null', null],
  ['undefined', undefined],
  ['a string', 'posting'],
  ['an entry', ['a', [1, 2, 3]]],
  ['no id', { vector: [1, 2, 3] }],
  ['an empty id', good('')],
  ['a number for an id', { ...good('a'), documentId: 5 }],
  ['an object for an id', { ...good('a'), documentId: new String('a') }],
  ...['start', 'length'].flatMap((name) =>
    [-1, 0.5, 2 ** 32, Number.NaN, Infinity, '1', null, 1n, true].map((value): [string, unknown] => [
      `${name} ${typeof value} ${String(value)}`,
      { ...good('a'), [name]: value },
    ]),
  ),
];

/** Every way to hand a draft a posting. */
const WAYS: [string, (draft: IndexDraft, posting: Posting) => void][] = [
  [
    'addPosting',
    (draft, posting) => {
      draft.addPosting(posting);
    },
  ],
  [
    'addPostings',
    (draft, posting) => {
      draft.addPostings([good('new'), posting, good('newer')]);
    },
  ],
  [
    'replaceDocument',
    (draft, posting) => {
      draft.replaceDocument('p3', [good('p3'), posting]);
    },
  ],
];

/** Expects a call to fail, and to leave the draft as it was before, with changes in it and without. */
function expectRefused(call: (draft: IndexDraft) => unknown, code: ShardexErrorCode): void {
  for (const change of [false, true]) {
    update(INDEX, (draft) => {
      if (change) draft.removeDocument('p7');
      const before = draft.preview();
      expect(thrownBy(() => call(draft))).toMatchObject({ code });
      expect(draft.preview()).toBe(before);
      // And it goes on as if nothing had been tried.
      draft.addPosting(good('after'));
      expectSound(draft.preview());
      expect(draft.preview().postingCount).toBe(before.postingCount + 1);
    });
  }
}

describe.each(WAYS)('%s refuses', (_, add) => {
  test.each(BAD_VECTORS)('a vector: %s', (_name, vector) => {
    expectRefused((draft) => {
      add(draft, { documentId: 'p3', vector } as Posting);
    }, 'INVALID_VECTOR');
  });

  test.each(BAD_POSTINGS)('a posting: %s', (_name, posting) => {
    expectRefused((draft) => {
      add(draft, posting as Posting);
    }, 'INVALID_POSTING');
  });
});

describe('batches', () => {
  const NO_ITERABLES = [null, undefined, 5, {}, good('a'), 'text', () => [good('a')]];

  test.each(NO_ITERABLES.map((value) => [value]))('may not be %o', (value) => {
    const postings = value as Iterable<Posting>;
    expectRefused((draft) => draft.addPostings(postings), 'INVALID_POSTING');
    expectRefused((draft) => {
      draft.replaceDocument('p3', postings);
    }, 'INVALID_POSTING');
    expectRefused((draft) => draft.removeDocuments(value as Iterable<string>), 'INVALID_POSTING');
    expect(() => createIndex({ dimensions: 3 }, value === undefined ? (null as never) : postings)).toThrow(
      InvalidPostingError,
    );
  });

  test('of 100,000 with a bad one at the end add none of them', () => {
    const batch = numbered(100_000, (i) => [i, 1, 0], 'batch');
    batch.push({ documentId: 'bad', vector: [0, Number.NaN, 0] });
    update(INDEX, (draft) => {
      const before = draft.preview();
      expect(thrownBy(() => draft.addPostings(batch))).toMatchObject({ position: 100_000 });
      expect(draft.preview()).toBe(before);
      expect(draft.has('batch0')).toBe(false);
    });
  });

  test('whose iterable throws midway add nothing, and let its error through', () => {
    const mine = new RangeError('mine');
    function* postings() {
      yield good('new');
      throw mine;
    }
    function* ids() {
      yield 'p3';
      throw mine;
    }
    update(INDEX, (draft) => {
      for (const call of [
        () => draft.addPostings(postings()),
        () => {
          draft.replaceDocument('new', postings());
        },
        () => draft.removeDocuments(ids()),
      ]) {
        expect(thrownBy(call)).toBe(mine);
        expect(draft.preview()).toBe(INDEX);
      }
    });
  });

  test('are told to stop: an iterable with a bad posting is closed', () => {
    let closed = false;
    function* postings() {
      try {
        yield good('');
      } finally {
        closed = true;
      }
    }
    expectRefused((draft) => draft.addPostings(postings()), 'INVALID_POSTING');
    expect(closed).toBe(true);
  });

  test('whose iterable closes the writer add nothing', () => {
    for (const close of ['discard', 'commitChanges'] as const) {
      const cell = new CowShardexIndex(INDEX);
      const attempts: ((end: () => void) => unknown)[] = [
        (end) =>
          writer.addPostings(
            (function* () {
              yield good('new');
              end();
            })(),
          ),
        (end) => {
          writer.replaceDocument(
            'p3',
            (function* () {
              yield good('p3');
              end();
            })(),
          );
        },
        (end) =>
          writer.removeDocuments(
            (function* () {
              yield 'p3';
              end();
            })(),
          ),
      ];
      let writer = cell.cloneForWrite();
      for (const attempt of attempts) {
        writer = cell.cloneForWrite();
        expect(() =>
          attempt(() => {
            writer[close]();
          }),
        ).toThrow(WriterClosedError);
        expect(cell.read()).toBe(INDEX);
      }
    }
  });
});

describe('documents', () => {
  test.each([[''], [null], [undefined], [5], [{}], [['a']], [Symbol('a')]])('may not be %o', (value) => {
    const id = value as unknown as string;
    for (const call of [
      (draft: IndexDraft) => draft.removeDocument(id),
      (draft: IndexDraft) => draft.removeDocuments(['p1', id]),
      (draft: IndexDraft) => draft.has(id),
      (draft: IndexDraft) => {
        draft.replaceDocument(id, []);
      },
    ]) {
      expectRefused(call, 'INVALID_POSTING');
    }
  });

  test('may not be replaced by postings of another', () => {
    expectRefused((draft) => {
      draft.replaceDocument('p3', [good('p3'), good('p4')]);
    }, 'INVALID_POSTING');
    const error = thrownBy(() =>
      update(INDEX, (draft) => {
        draft.replaceDocument('p3', [good('p3'), good('p4')]);
      }),
    );
    expect(error).toMatchObject({ position: 1 });
    expect(String(error)).toContain('"p4"');
  });
});

describe('a search refuses', () => {
  test.each(BAD_VECTORS)('a query: %s', (_, query) => {
    expect(() => search(INDEX, query as number[], { k: 1 })).toThrow(InvalidVectorError);
  });

  test.each([
    ['k', [0, -1, 10_001, 1.5, Number.NaN, Infinity, '10', null, undefined, 10n]],
    ['slopFactor', [0, -1, 1.5, Number.NaN, Infinity, 'some', '3', null]],
    ['filter', [5, 'a', {}, null, true]],
    ['distinct', ['documents', true, null, 0, '']],
    ['includeVector', [0, 1, 'true', null]],
    ['limit', [1, undefined]],
  ])('a bad %s', (name, values) => {
    for (const value of values) {
      const options = { k: 1, [name]: value } as unknown as SearchOptions;
      const error = thrownBy(() => search(INDEX, [1, 2, 3], options));
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option: name });
    }
  });

  test.each([[undefined], [null], [10], ['k']])('options that are %o', (options) => {
    expect(() => search(INDEX, [1, 2, 3], options as unknown as SearchOptions)).toThrow(InvalidOptionError);
  });

  test('a bad query or option also of an empty index', () => {
    const empty: ShardexIndex = createIndex({ dimensions: 3 });
    expect(() => search(empty, [1], { k: 1 })).toThrow(InvalidVectorError);
    expect(() => search(empty, [1, 2, 3], { k: 0 })).toThrow(InvalidOptionError);
    expect(search(empty, [1, 2, 3], { k: 10_000 })).toEqual([]);
  });
});
