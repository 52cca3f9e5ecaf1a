/* The axes of the map: where centroids differ most, the same each time, whatever there is to be seen. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIndex } from 'shardex';
import { axesOf, placeOf, principalAxes } from '../../src/explore/api/projection.js';

const component = fc.double({ min: -10, max: 10, noNaN: true });
const rows = fc.integer({ min: 1, max: 6 }).chain((dimensions) =>
  fc.array(fc.array(component, { minLength: dimensions, maxLength: dimensions }), {
    minLength: 1,
    maxLength: 30,
  }),
);

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

/** How far vectors reach along an axis, squared and summed. */
function spread(vectors: readonly Float32Array[], mean: Float64Array, axis: ArrayLike<number>): number {
  return vectors.reduce(
    (sum, vector) =>
      sum +
      dot(
        vector.map((value, j) => value - mean[j]),
        axis,
      ) **
        2,
    0,
  );
}

test('the axes are of unit length or none, and at a right angle', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const vectors = all.map((row) => Float32Array.from(row));
      const { first, second, share } = principalAxes(vectors);
      for (const axis of [first, second]) {
        const length = dot(axis, axis);
        expect(Math.min(length, Math.abs(length - 1))).toBeLessThan(1e-9);
      }
      expect(Math.abs(dot(first, second))).toBeLessThan(1e-4);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      expect(principalAxes(vectors)).toEqual({ ...principalAxes(vectors) });
    }),
  );
});

test('no direction shows more than the first axis', () => {
  fc.assert(
    fc.property(rows, fc.array(component, { minLength: 6, maxLength: 6 }), (all, direction) => {
      const vectors = all.map((row) => Float32Array.from(row));
      const { mean, first } = principalAxes(vectors);
      const other = direction.slice(0, mean.length);
      const length = Math.sqrt(dot(other, other));
      fc.pre(length > 1e-3);
      const along = spread(
        vectors,
        mean,
        other.map((value) => value / length),
      );
      expect(along).toBeLessThanOrEqual(1.05 * spread(vectors, mean, first) + 1e-6);
    }),
  );
});

test('what lies along two axes is seen along them', () => {
  const vectors = Array.from({ length: 40 }, (_, i) =>
    Float32Array.of(Math.cos(i) * 5, 0, Math.sin(i) * 2, 1),
  );
  const axes = principalAxes(vectors);
  expect([...axes.first].map((value) => Math.round(Math.abs(value)))).toEqual([1, 0, 0, 0]);
  expect([...axes.second].map((value) => Math.round(Math.abs(value)))).toEqual([0, 0, 1, 0]);
  expect(axes.share).toBeCloseTo(1, 6);
  // By cosine only the direction counts.
  expect(placeOf(axes, [3, 0, 4, 0], true)).toEqual(placeOf(axes, [6, 0, 8, 0], true));
});

test('an empty index, one shard and equal shards have a map', () => {
  const empty = createIndex({ dimensions: 3 });
  expect(axesOf(empty).share).toBe(1);
  const same = principalAxes([Float32Array.of(1, 2), Float32Array.of(1, 2)]);
  expect(placeOf(same, [1, 2], false)).toEqual([0, 0]);
});
