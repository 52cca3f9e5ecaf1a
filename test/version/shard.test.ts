import type { Metric } from 'shardex';
import { describe, expect, test } from 'vitest';
import { Centroid, centroidProbe, meanOf } from '../../src/version/shard.js';
import { numbered } from '../support/postings.js';
import { listOf } from '../support/rows.js';

function mean(metric: Metric, ...vectors: number[][]): number[] {
  const list = listOf(
    numbered(vectors.length, (i) => vectors[i]),
    vectors[0].length,
  );
  return [...meanOf(list, metric, vectors[0].length).toArray()];
}

describe('the mean of rows', () => {
  test.each(['euclidean', 'dot'] as const)('is the mean of their vectors for %s', (metric) => {
    expect(mean(metric, [2, 4], [4, 2], [0, 6])).toEqual([2, 4]);
    expect(mean(metric, [5, -1])).toEqual([5, -1]);
  });

  test('is the mean of their directions, of unit length, for cosine', () => {
    expect(mean('cosine', [100, 0], [0, 0.001])).toEqual([Math.SQRT1_2, Math.SQRT1_2].map(Math.fround));
    expect(mean('cosine', [3, 4])).toEqual([0.6, 0.8].map(Math.fround));
  });

  test('leaves zero vectors out for cosine, which have no direction', () => {
    expect(mean('cosine', [0, 0], [0, 2], [0, 0])).toEqual([0, 1]);
    expect(mean('cosine', [0, 0])).toEqual([0, 0]);
    expect(mean('cosine', [1, 0], [-1, 0])).toEqual([0, 0]);
  });

  test('is finite for the largest and the smallest 32-bit floats', () => {
    const largest = 3.4028234663852886e38;
    const smallest = 1.401298464324817e-45;
    expect(mean('euclidean', [largest], [largest], [largest])).toEqual([largest]);
    expect(mean('cosine', [largest, 0], [smallest, 0])).toEqual([1, 0]);
  });
});

describe('a centroid', () => {
  test('is frozen, and gives out copies only (I1)', () => {
    const centroid = new Centroid(Float32Array.of(1, 2));
    centroid.toArray().fill(9);
    expect([...centroid.toArray()]).toEqual([1, 2]);
    expect(Object.isFrozen(centroid)).toBe(true);
    expect(Reflect.ownKeys(centroid)).toEqual([]);
    centroidProbe(centroid).vector.fill(9);
    expect([...centroid.toArray()]).toEqual([1, 2]);
  });
});
