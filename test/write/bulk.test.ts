import {
  createIndex,
  type Metric,
  type Posting,
  search,
  type ShardexIndex,
  statistics,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { clusteredVectors, dyadicVector, gaussianVector, seeded } from '../support/random.js';
import { expectSameContents } from '../support/sound.js';

const D = 5;

/** The same postings, on different ways into an index. */
const WAYS: Record<string, (empty: ShardexIndex, postings: readonly Posting[]) => ShardexIndex> = {
  'in one batch': (empty, postings) =>
    update(empty, (draft) => {
      draft.addPostings(postings);
    }),
  'one by one in one draft': (empty, postings) =>
    update(empty, (draft) => {
      for (const posting of postings) draft.addPosting(posting);
    }),
  'one by one in a commit each': (empty, postings) =>
    postings.reduce(
      (index, posting) =>
        update(index, (draft) => {
          draft.addPosting(posting);
        }),
      empty,
    ),
  'in batches that overlap': (empty, postings) => {
    let index = empty;
    for (let at = 0; at < postings.length; at += 37) {
      index = update(index, (draft) => {
        draft.addPostings(postings.slice(Math.max(0, at - 10), at + 37));
      });
    }
    return index;
  },
  'in one batch, twice, from the end': (empty, postings) =>
    update(empty, (draft) => {
      draft.addPostings([...postings].reverse());
      draft.addPostings(postings);
    }),
};

describe.each(METRICS)('by %s, an index', (metric: Metric) => {
  const random = seeded(1);
  const postings = [
    ...ofDocuments(30, 200, () => gaussianVector(random, D)),
    ...ofDocuments(30, 100, () => dyadicVector(random, D)).map((posting) => ({ ...posting, start: 5000 })),
    ...ofDocuments(40, 300, clusteredVectors(random, D, 4)).map((posting, i) => ({ ...posting, start: i })),
  ];
  const options = { dimensions: D, metric, shardCapacity: 16 };
  const twin = new NaiveTwin(options);
  for (const posting of postings) twin.add(posting);
  const queries = Array.from({ length: 5 }, () => gaussianVector(random, D));

  test.each(Object.keys(WAYS))('filled %s holds the same, and finds the same', (way) => {
    const index = WAYS[way](createIndex(options), postings);
    expectSameContents(index, twin);
    expect(statistics(index).shardSize.most).toBeLessThanOrEqual(16);
    for (const query of queries) {
      expect(search(index, query, { k: 40, slopFactor: 'all' })).toEqual(twin.search(query, { k: 40 }));
    }
  });
});

test('a batch far larger than a shard is spread over as many shards as it needs', () => {
  const random = seeded(2);
  const postings = ofDocuments(5000, 5000, () => gaussianVector(random, 8));
  const options = { dimensions: 8, metric: 'euclidean', shardCapacity: 64 } as const;
  const twin = new NaiveTwin(options);
  for (const posting of postings) twin.add(posting);
  const index = createIndex(options, postings);
  const { shardSize, byteLength, liveByteLength, deadRowCount } = statistics(index);
  expect(shardSize.most).toBeLessThanOrEqual(64);
  expect(shardSize.utilization).toBeGreaterThan(0.3);
  // Nothing is dead, and little room is left over.
  expect(deadRowCount).toBe(0);
  expect(byteLength).toBeLessThan(1.25 * liveByteLength);
  expectSameContents(index, twin);
});
