import type { Metric } from 'shardex';
import { describe, expect, test } from 'vitest';
import { probeOf } from '../../src/geometry/metric.js';
import { CentroidTable, centroidsOf, rankShards } from '../../src/version/centroid-table.js';
import { Centroid } from '../../src/version/shard.js';
import { naiveCosineDistance, naiveDistance, naiveSquaredL2 } from '../support/naive-twin.js';
import { withCentroids } from '../support/at-once.js';
import { METRICS } from '../support/postings.js';
import {
  type Random,
  clusteredVectors,
  dyadicVector,
  gaussianVector,
  integerBelow,
  seeded,
} from '../support/random.js';

type Members = ReadonlyMap<number, readonly number[]>;

const EMPTY = new CentroidTable([]);

function edited(
  table: CentroidTable,
  metric: Metric,
  gone: Iterable<number>,
  added: Members = new Map(),
): CentroidTable {
  const centroids = [...added].map(([id, v]) => ({ id, centroid: new Centroid(Float32Array.from(v)) }));
  return withCentroids(table, metric, new Set(gone), centroids);
}

function some(
  random: Random,
  count: number,
  dimensions: number,
  vector = gaussianVector,
): Map<number, number[]> {
  return new Map(Array.from({ length: count }, (_, id) => [id, vector(random, dimensions)]));
}

/** What rankShards must answer, measuring every centroid. */
function naiveRank(
  members: Members,
  metric: Metric,
  query: readonly number[],
  most: number,
  by: 'separation' | 'query',
): { id: number; value: number }[] {
  const measure = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    if (metric === 'cosine') return naiveCosineDistance(a, b);
    return metric === 'dot' && by === 'query' ? naiveDistance('dot', a, b) : naiveSquaredL2(a, b);
  };
  const rounded = Float32Array.from(query);
  return [...members]
    .map(([id, vector]) => ({ id, value: measure(rounded, Float32Array.from(vector)) }))
    .sort((a, b) => a.value - b.value || a.id - b.id)
    .slice(0, most);
}

function expectRanksLike(
  table: CentroidTable,
  members: Members,
  metric: Metric,
  queries: readonly number[][],
): void {
  for (const query of queries) {
    for (const by of ['separation', 'query'] as const) {
      for (const most of [1, 3, 64, members.size, members.size + 9]) {
        const ranked = rankShards(table, metric, probeOf(Float32Array.from(query)), most, by);
        expect(ranked).toEqual(naiveRank(members, metric, query, most, by));
      }
    }
  }
}

describe.each(METRICS)('ranking by %s', (metric) => {
  test.each([1, 2, 5, 16])('equals a naive ranking in %i dimensions', (dimensions) => {
    const random = seeded(dimensions);
    for (const count of [1, 2, 63, 64, 65, 300, 700]) {
      const members = some(random, count, dimensions);
      const queries = Array.from({ length: 4 }, () => gaussianVector(random, dimensions, 2));
      expectRanksLike(edited(EMPTY, metric, [], members), members, metric, queries);
    }
  });

  // Clusters far apart are where whole chunks are left out, so where a wrong bound would show.
  test('equals a naive ranking of clusters', () => {
    const random = seeded(5);
    const vector = clusteredVectors(random, 6, 12, 0.01);
    const members = some(random, 900, 6, vector);
    const table = edited(EMPTY, metric, [], members);
    expect(table.chunks.length).toBeGreaterThan(10);
    expectRanksLike(
      table,
      members,
      metric,
      Array.from({ length: 20 }, () => vector()),
    );
  });

  test('may look at the nearest chunks only, and then miss some', () => {
    const random = seeded(10);
    const members = some(random, 600, 3);
    const table = edited(EMPTY, metric, [], members);
    const query = gaussianVector(random, 3);
    const probe = probeOf(Float32Array.from(query));
    const exact = naiveRank(members, metric, query, 600, 'separation');
    for (let chunks = 1; chunks <= table.chunks.length + 2; chunks++) {
      const ranked = rankShards(table, metric, probe, 600, 'separation', chunks);
      // What is not missed is in its right order.
      const ids = new Set(ranked.map(({ id }) => id));
      expect(ranked).toEqual(exact.filter(({ id }) => ids.has(id)));
      const whole = table.chunks.filter((chunk) => chunk.ids.some((id) => ids.has(id)));
      expect(whole).toHaveLength(Math.min(chunks, table.chunks.length));
      expect(ranked).toHaveLength(whole.reduce((sum, chunk) => sum + chunk.ids.length, 0));
    }
  });

  test('puts the smaller id first among equals', () => {
    const random = seeded(6);
    const members = some(random, 400, 2, dyadicVector);
    const queries = [...Array.from({ length: 10 }, () => dyadicVector(random, 2)), [0, 0]];
    expectRanksLike(edited(EMPTY, metric, [], members), members, metric, queries);
  });

  test('copes with zero, opposite and equal centroids, and with extreme magnitudes', () => {
    const random = seeded(7);
    for (const scale of [1e-40, 1, 1e30]) {
      const vectors = [
        [0, 0],
        [scale, 0],
        [-scale, 0],
        ...Array.from({ length: 90 }, () => [0, scale]),
        ...Array.from({ length: 90 }, () => gaussianVector(random, 2, scale)),
      ];
      const members = new Map(vectors.map((vector, id) => [id, vector]));
      const queries = [[0, 0], [scale, scale], [-1, 0], gaussianVector(random, 2, scale)];
      expectRanksLike(edited(EMPTY, metric, [], members), members, metric, queries);
    }
  });

  test('is the same after any number of edits', () => {
    const random = seeded(8);
    const members = new Map<number, number[]>();
    let table = EMPTY;
    let next = 0;
    for (let round = 0; round < 120; round++) {
      // Growing at first, shrinking to nothing at the end, so that chunks part and dissolve.
      const add = integerBelow(random, round < 60 ? 12 : 2);
      const remove = integerBelow(random, round < 60 ? 3 : 14);
      const gone = [...members.keys()].filter(() => random() < remove / Math.max(1, members.size));
      const added = new Map(Array.from({ length: add }, () => [next++, gaussianVector(random, 3)]));
      table = edited(table, metric, gone, added);
      for (const id of gone) members.delete(id);
      for (const [id, vector] of added) members.set(id, vector);
      expect(
        centroidsOf(table)
          .map(({ id }) => id)
          .sort((a, b) => a - b),
      ).toEqual([...members.keys()]);
      expect(table.size).toBe(members.size);
      for (const { ids } of table.chunks) {
        expect(ids.length > 0 && ids.length <= 64).toBe(true);
      }
      if (round % 10 === 0) {
        expectRanksLike(table, members, metric, [gaussianVector(random, 3), gaussianVector(random, 3)]);
      }
    }
    expect(edited(table, metric, members.keys()).chunks).toEqual([]);
  });

  test('shares the chunks that an edit has not touched (I4)', () => {
    const random = seeded(9);
    const members = some(random, 1000, 4);
    const before = edited(EMPTY, metric, [], members);
    const order = before.chunks.flatMap(({ ids }) => ids);
    const after = edited(before, metric, [17], new Map([[1000, gaussianVector(random, 4)]]));
    const shared = after.chunks.filter((chunk) => before.chunks.includes(chunk));
    // At most the chunk that lost a member, the one that won it and what that one was parted into.
    expect(before.chunks.length - shared.length).toBeLessThanOrEqual(2);
    expect(after.chunks.length - shared.length).toBeLessThanOrEqual(3);
    expect(shared.length).toBeGreaterThan(10);
    // And the table before is what it was.
    expect(before.chunks.flatMap(({ ids }) => ids)).toEqual(order);
  });

  test('keeps more than 64 equal centroids in chunks of at most 64', () => {
    const members = new Map(Array.from({ length: 200 }, (_, id) => [id, [1, 1]]));
    const table = edited(EMPTY, metric, [], members);
    expect(table.chunks.every(({ ids }) => ids.length <= 64)).toBe(true);
    expectRanksLike(table, members, metric, [
      [1, 1],
      [-2, 1],
    ]);
  });
});

test('an empty table ranks nothing', () => {
  expect(rankShards(EMPTY, 'cosine', probeOf(Float32Array.of(1)), 5)).toEqual([]);
  expect(edited(EMPTY, 'cosine', [1, 2]).size).toBe(0);
});

test('a table is frozen, and gives no way to its numbers (I1)', () => {
  const table = edited(EMPTY, 'cosine', [], new Map([[0, [1, 0]]]));
  for (const value of [table, table.chunks, table.chunks[0], table.chunks[0].ids]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
  expect(Reflect.ownKeys(table)).toEqual(['chunks', 'size', 'shortest', 'longest']);
  expect(Reflect.ownKeys(table.chunks[0])).toEqual(['ids', 'reach', 'shortest', 'longest']);
});
