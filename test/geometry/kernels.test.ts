import { describe, expect, test } from 'vitest';
import { dotRows, squaredL2Rows, squaredNorm } from '../../src/geometry/kernels.js';
import { naiveDot, naiveSquaredL2 } from '../support/naive-twin.js';
import { gaussianVector, seeded } from '../support/random.js';

const KERNELS = [
  ['dotRows', dotRows, naiveDot],
  ['squaredL2Rows', squaredL2Rows, naiveSquaredL2],
] as const;

const ROWS = 11;

describe.each(KERNELS)('%s', (_, kernel, naive) => {
  // Rows are taken four at a time and the rest one by one: both loops must give the sums of a naive loop (I10).
  test('equals the naive sum bit for bit for lengths 1 to 20, any first row and any count', () => {
    const random = seeded(1);
    for (let d = 1; d <= 20; d++) {
      const matrix = Float32Array.from(gaussianVector(random, ROWS * d));
      const probe = Float64Array.from(gaussianVector(random, d));
      const expected = Array.from({ length: ROWS }, (_, r) =>
        naive(probe, matrix.subarray(r * d, r * d + d)),
      );
      for (let first = 0; first < ROWS; first++) {
        for (let count = 0; first + count <= ROWS; count++) {
          const out = new Float64Array(ROWS).fill(-7);
          kernel(probe, matrix, first, count, out);
          expect([...out.subarray(0, count)]).toEqual(expected.slice(first, first + count));
          expect(out.subarray(count).every((value) => value === -7)).toBe(true);
        }
      }
    }
  });

  test('gives equal rows equal values, wherever they lie among four', () => {
    const random = seeded(2);
    const d = 7;
    const row = gaussianVector(random, d);
    const matrix = Float32Array.from(Array.from({ length: ROWS }, () => row).flat());
    const out = new Float64Array(ROWS);
    kernel(Float64Array.from(gaussianVector(random, d)), matrix, 0, ROWS, out);
    expect(new Set(out).size).toBe(1);
  });

  test('reads rows from shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 5));
    shared.set([1, 2, 3, 4, 5]);
    const out = new Float64Array(5);
    kernel(Float64Array.of(2), shared, 0, 5, out);
    expect([...out]).toEqual([1, 2, 3, 4, 5].map((x) => naive([2], [x])));
  });
});

describe('squaredNorm', () => {
  test('is the naive sum of squares of one row, in floats of either size', () => {
    const random = seeded(3);
    for (let d = 1; d <= 20; d++) {
      const doubles = Float64Array.from(gaussianVector(random, 3 * d));
      const floats = Float32Array.from(doubles);
      for (const matrix of [doubles, floats]) {
        const row = matrix.subarray(d, 2 * d);
        expect(squaredNorm(matrix, d, d)).toBe(naiveDot(row, row));
      }
    }
  });

  test('neither overflows nor vanishes for the largest and the smallest 32-bit floats', () => {
    const largest = 3.4028234663852886e38;
    const smallest = 1.401298464324817e-45;
    expect(squaredNorm(Float32Array.of(largest, largest), 0, 2)).toBe(2 * largest * largest);
    expect(squaredNorm(Float32Array.of(smallest, smallest), 0, 2)).toBe(2 * smallest * smallest);
    expect(smallest * smallest).toBeGreaterThan(0);
  });
});
