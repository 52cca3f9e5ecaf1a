import { createIndex, type SearchResult, search, searchExplained, type ShardexIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin, naiveCosineDistance, naiveDistance, naiveSquaredL2 } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { contentsOf } from '../support/rows.js';

const D = 5;

/** The results of looking only at the `most` shards whose centroids are nearest to the query, by brute force. */
function naiveProbe(index: ShardexIndex, query: number[], k: number, most: number): SearchResult[] {
  const { metric } = index.config;
  const measure =
    metric === 'cosine'
      ? naiveCosineDistance
      : metric === 'euclidean'
        ? naiveSquaredL2
        : (a: ArrayLike<number>, b: ArrayLike<number>) => naiveDistance('dot', a, b);
  const rounded = Float32Array.from(query);
  const nearest = [...index.shards.values()]
    .map((shard) => ({ shard, value: measure(rounded, shard.centroid.toArray()) }))
    .sort((a, b) => a.value - b.value || a.shard.id - b.shard.id)
    .slice(0, most);
  const twin = new NaiveTwin(index.config);
  for (const { shard } of nearest) {
    for (const posting of contentsOf(shard.rows, D)) twin.add(posting);
  }
  return twin.search(query, { k });
}

describe.each(METRICS)('by %s', (metric) => {
  const random = seeded(1);
  const index = createIndex(
    { dimensions: D, metric, shardCapacity: 8 },
    numbered(600, () => gaussianVector(random, D)),
  );
  const queries = Array.from({ length: 8 }, () => gaussianVector(random, D));

  test('a search scans just the nearest shards it is told to', () => {
    expect(index.shardCount).toBeGreaterThan(64);
    for (const query of queries) {
      for (const slopFactor of [1, 2, 7, 30, index.shardCount - 1, index.shardCount, 1e6]) {
        expect(search(index, query, { k: 12, slopFactor })).toEqual(naiveProbe(index, query, 12, slopFactor));
      }
    }
  });

  test("'auto', the default, aims at a recall of 0.95, and finds all where there are few postings", () => {
    for (const query of queries) {
      const exact = naiveProbe(index, query, 12, index.shardCount);
      expect(search(index, query, { k: 12, slopFactor: 'auto' })).toEqual(exact);
      expect(search(index, query, { k: 12 })).toEqual(exact);
    }
    const many = createIndex(
      { dimensions: 20, metric, shardCapacity: 64 },
      numbered(5000, () => gaussianVector(random, 20)),
    );
    const ways = [{ slopFactor: 'auto' }, {}, { recall: 0.95 }] as const;
    const [auto, byDefault, aimed] = ways.map((way) =>
      Array.from({ length: 8 }, (_, i) =>
        searchExplained(many, gaussianVector(seeded(i), 20), { k: 12, ...way }),
      ),
    );
    expect(auto).toEqual(aimed);
    expect(byDefault).toEqual(aimed);
    expect(aimed.every(({ explanation }) => explanation.exact)).toBe(false);
  });

  test('more shards never make a result worse, and with all of them it is exact', () => {
    for (const query of queries) {
      const exact = search(index, query, { k: 10, slopFactor: 'all' });
      let before = Infinity;
      for (const slopFactor of [1, 4, 16, 64, index.shardCount]) {
        const found = search(index, query, { k: 10, slopFactor });
        const last = found.length < 10 ? Infinity : found[9].distance;
        expect(last).toBeLessThanOrEqual(before);
        before = last;
      }
      expect(before).toBe(exact[9].distance);
    }
  });
});

test("the index's own slop factor is used where the search has none", () => {
  const random = seeded(2);
  const postings = numbered(300, () => gaussianVector(random, D));
  const of = (slopFactor: number | 'all') =>
    createIndex({ dimensions: D, shardCapacity: 8, slopFactor }, postings);
  const query = gaussianVector(random, D);
  const [narrow, exact] = [of(1), of('all')];
  expect(search(narrow, query, { k: 50 })).toEqual(search(exact, query, { k: 50, slopFactor: 1 }));
  expect(search(narrow, query, { k: 50, slopFactor: 'all' })).toEqual(search(exact, query, { k: 50 }));
  expect(search(narrow, query, { k: 50 }).length).toBeLessThanOrEqual(8);
});

test.each([
  ['all', 30],
  ['auto', 30],
  [3, 3],
  [29, 29],
  [Number.MAX_SAFE_INTEGER, 30],
] as const)('a slop factor of %s over 30 shards scans %i', (slopFactor, scanned) => {
  // One posting to a corner each, and no two in one shard.
  const corners = Array.from({ length: 30 * 8 }, (_, i) => ({
    documentId: `c${i}`,
    vector: Array.from({ length: 30 }, (__, j) => (j === i % 30 ? 1 + i / 1000 : 0)),
  }));
  const index = createIndex({ dimensions: 30, metric: 'euclidean', shardCapacity: 10 }, corners);
  expect(index.shardCount).toBe(30);
  const { explanation } = searchExplained(index, corners[0].vector, { k: 3, slopFactor });
  expect(explanation.shardsScanned).toBe(scanned);
});
