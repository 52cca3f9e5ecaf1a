import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dotProduct,
  dotRows,
  dotScattered,
  squaredL2,
  squaredL2Rows,
  squaredL2Scattered,
  squaredNorm,
} from '../../src/geometry/exact-loops.js';
import { naiveDot, naiveSquaredL2 } from '../support/naive-twin.js';
import { exactDot, exactSquaredL2, isWithin } from '../support/rational.js';
import { gaussianVector, seeded } from '../support/random.js';

const KERNELS = [
  ['the dot product', { one: dotProduct, rows: dotRows, scattered: dotScattered, naive: naiveDot }],
  [
    'squared L2',
    { one: squaredL2, rows: squaredL2Rows, scattered: squaredL2Scattered, naive: naiveSquaredL2 },
  ],
] as const;

const ROWS = 11;

describe.each(KERNELS)('%s', (_, { one, rows, scattered, naive }) => {
  // Rows are taken two at a time, and one that is left: each loop must give the sums of a naive one (I10).
  test('equals the naive sums bit for bit for lengths 1 to 20, any first row and any count', () => {
    const random = seeded(1);
    for (let d = 1; d <= 20; d++) {
      const matrix = Float32Array.from(gaussianVector(random, ROWS * d));
      const probe = Float64Array.from(gaussianVector(random, d));
      const expected = Array.from({ length: ROWS }, (_, r) =>
        naive(probe, matrix.subarray(r * d, r * d + d)),
      );
      expect(expected.map((_, r) => one(probe, matrix, r * d))).toEqual(expected);
      for (let first = 0; first < ROWS; first++) {
        for (let count = 0; first + count <= ROWS; count++) {
          const out = new Float64Array(ROWS).fill(-7);
          rows(probe, matrix, first, count, out);
          expect([...out.subarray(0, count)]).toEqual(expected.slice(first, first + count));
          expect(out.subarray(count).every((value) => value === -7)).toBe(true);
        }
      }
    }
  });

  test('is the same for rows that lie anywhere', () => {
    const random = seeded(4);
    for (let d = 1; d <= 13; d++) {
      const matrices = [2, 5, 9].map((count) => ({
        vectors: Float32Array.from(gaussianVector(random, count * d)),
      }));
      const probe = Float64Array.from(gaussianVector(random, d));
      const named = [0, 1, 2, 2, 1, 0, 2].map((of, i) => ({ matrix: matrices[of], row: (i * 5) % (of + 2) }));
      const expected = named.map(({ matrix, row }) =>
        naive(probe, matrix.vectors.subarray(row * d, row * d + d)),
      );
      for (let first = 0; first < named.length; first++) {
        for (let count = 0; first + count <= named.length; count++) {
          const out = new Float64Array(count);
          scattered(
            probe,
            named.map(({ matrix }) => matrix),
            named.map(({ row }) => row),
            first,
            count,
            out,
          );
          expect([...out]).toEqual(expected.slice(first, first + count));
        }
      }
    }
  });

  test('gives equal rows equal values, wherever they lie', () => {
    const random = seeded(2);
    const d = 7;
    const row = gaussianVector(random, d);
    const matrix = Float32Array.from(Array.from({ length: ROWS }, () => row).flat());
    const out = new Float64Array(ROWS);
    rows(Float64Array.from(gaussianVector(random, d)), matrix, 0, ROWS, out);
    expect(new Set(out).size).toBe(1);
  });

  test('reads rows from shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 5));
    shared.set([1, 2, 3, 4, 5]);
    const out = new Float64Array(5);
    rows(Float64Array.of(2), shared, 0, 5, out);
    expect([...out]).toEqual([1, 2, 3, 4, 5].map((x) => naive([2], [x])));
  });
});

/** 32-bit floats of every size: numbers like any, subnormals, and what is nearly too large. */
const anyFloat = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom(1e-44, 1e-38, 1e-30, 1, 1e30, 3e38))
    .map(([x, scale]) => Math.fround(x * scale)),
);
const pairs = fc
  .integer({ min: 1, max: 67 })
  .chain((d) => fc.array(fc.tuple(anyFloat, anyFloat), { minLength: d, maxLength: d }));

/** What sums of so many terms may be off by, relative to the sum of the terms' sizes; a difference counts twice, squared. */
function lost(dimensions: number): number {
  return (Math.ceil(dimensions / 4) + 5) * 2 ** -53;
}

// An addition loses at most half a unit in the last place; a product of two 32-bit floats in 64 bits loses nothing.
describe('against exact rational sums', () => {
  test('the dot product is off by no more than its additions can lose', () => {
    fc.assert(
      fc.property(pairs, (terms) => {
        const [a, b] = [terms.map(([x]) => x), terms.map(([, y]) => y)];
        const sum = dotProduct(Float64Array.from(a), Float32Array.from(b), 0);
        const sizes = exactDot(a.map(Math.abs), b.map(Math.abs));
        expect(isWithin(sum, exactDot(a, b), sizes, lost(terms.length))).toBe(true);
      }),
    );
  });

  test('squared L2 likewise, relative to itself', () => {
    fc.assert(
      fc.property(pairs, (terms) => {
        const [a, b] = [terms.map(([x]) => x), terms.map(([, y]) => y)];
        const exact = exactSquaredL2(a, b);
        const sum = squaredL2(Float64Array.from(a), Float32Array.from(b), 0);
        expect(isWithin(sum, exact, exact, lost(terms.length))).toBe(true);
      }),
    );
  });

  test('and so is the square of a length', () => {
    fc.assert(
      fc.property(pairs, (terms) => {
        const a = terms.map(([x]) => x);
        const exact = exactDot(a, a);
        expect(isWithin(squaredNorm(Float32Array.from(a), 0, a.length), exact, exact, lost(a.length))).toBe(
          true,
        );
      }),
    );
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
