import {
  CowShardexIndex,
  type Posting,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  merge,
  postings,
  update,
} from 'shardex';
import { afterEach, expect, test, vi } from 'vitest';
import { IdColumn } from '../../src/collections/id-column.js';
import { documentsIn } from '../../src/version/documents-draft.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSameContents } from '../support/sound.js';

/* A document may have thousands of chunks, in hundreds of shards: what is done to n of them takes O(n). */

const OPTIONS = { dimensions: 2, metric: 'euclidean', shardCapacity: 16 } as const;

function chunks(count: number, seed: number, from = 0): Posting[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) => ({
    documentId: 'long',
    start: from + i,
    length: 1,
    vector: gaussianVector(random, 2),
  }));
}

/** How often ids of rows and characters of texts, in which the map of documents lies, are looked at. */
function workOf(change: () => unknown): number {
  const spies = [
    vi.spyOn(IdColumn.prototype, 'at'),
    vi.spyOn(IdColumn.prototype, 'is'),
    vi.spyOn(IdColumn.prototype, 'hashAt'),
    vi.spyOn(String.prototype, 'charCodeAt'),
  ];
  change();
  const work = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return work;
}

afterEach(() => {
  vi.restoreAllMocks();
});

type Change = (base: ShardexIndex, count: number) => unknown;

const changes: [string, Change][] = [
  ['all written again', (base, n) => update(base, (draft) => draft.addPostings(chunks(n, 2)))],
  [
    'all removed one by one',
    (base, n) =>
      update(base, (draft) => {
        for (const chunk of chunks(n, 1)) draft.removePosting(chunk);
      }),
  ],
  ['all removed at once', (base, n) => update(base, (draft) => draft.removePostings(chunks(n, 1)))],
  [
    'all replaced',
    (base, n) =>
      update(base, (draft) => {
        draft.replaceDocument('long', chunks(n, 2));
      }),
  ],
  [
    'all removed',
    (base) =>
      update(base, (draft) => {
        draft.removeDocument('long');
      }),
  ],
  [
    'as many more, one by one',
    (base, n) =>
      update(base, (draft) => {
        for (const each of chunks(n, 2, n)) draft.addPosting(each);
      }),
  ],
  [
    'all written again, one by one',
    (base, n) =>
      update(base, (draft) => {
        for (const each of chunks(n, 2)) draft.addPosting(each);
      }),
  ],
  ['read', (base) => postings(base, 'long')],
  [
    'sent as a delta',
    (base, n) => {
      const next = update(base, (draft) => draft.addPostings(chunks(n, 2)));
      return applyDelta(base, decodeDelta(encodeDelta(diff(base, next))));
    },
  ],
  [
    'written again by a writer that came second',
    (base, n) => {
      const cell = new CowShardexIndex(base);
      const writer = cell.cloneForWrite();
      writer.addPostings(chunks(n, 2));
      cell.update((draft) => {
        draft.addPosting({ documentId: 'other', vector: [0, 0] });
      });
      return writer.commitChanges();
    },
  ],
  [
    'in conflict when branches merge',
    (base, n) => {
      const [ours, theirs] = [2, 3].map((seed) =>
        update(base, (draft) => draft.addPostings(chunks(n, seed))),
      );
      return merge(ours, theirs, base, { onConflict: 'theirs' });
    },
  ],
  ['looked for by whoever has no map of documents', (base) => documentsIn(base.shards.values())],
];

test.each(changes)('twice as many chunks take about twice as long: %s', (_, change) => {
  const [work, twice] = [500, 1000].map((count) => {
    const base = createIndex(OPTIONS, chunks(count, 1));
    return workOf(() => change(base, count));
  });
  expect(work).toBeGreaterThan(500);
  expect(twice).toBeLessThan(3 * work);
});

test('chunks that are written one by one, while shards split and merge, are found wherever they went', () => {
  const twin = new NaiveTwin(OPTIONS);
  const random = seeded(5);
  let index = createIndex(OPTIONS, chunks(200, 1));
  for (const each of chunks(200, 1)) twin.add(each);
  for (let round = 0; round < 4; round++) {
    index = update(index, (draft) => {
      for (let i = 0; i < 150; i++) {
        const [each] = chunks(1, 1000 * round + i, Math.floor(random() * 500));
        draft.addPosting(each);
        twin.add(each);
        if (i % 50 !== 49) continue;
        const kept = twin.postings('long').filter(({ start }) => start % 3 !== round % 3);
        draft.replaceDocument('long', kept);
        twin.replaceDocument('long', kept);
        draft.preview();
      }
    });
    expectSameContents(index, twin);
  }
  expect(index.shardCount).toBeGreaterThan(8);
});

test('of several with one key the last one is written, and what is there already stays', () => {
  const base = createIndex(OPTIONS, chunks(100, 1));
  const again = chunks(100, 1);
  const next = update(base, (draft) => {
    expect(draft.addPostings([...chunks(100, 2), ...again])).toBe(0);
  });
  expect(next).toBe(base);
  const [last] = chunks(1, 7, 50);
  const changed = update(base, (draft) => {
    expect(draft.addPostings([...again, ...chunks(1, 6, 50), last])).toBe(1);
  });
  expect(postings(changed, 'long')[50].vector).toEqual(Float32Array.from(last.vector));
});
