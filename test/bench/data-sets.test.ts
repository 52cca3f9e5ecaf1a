import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrix } from '../../bench/data-sets/matrix.js';
import { orthonormalise } from '../../bench/data-sets/orthonormalise.js';
import { dense, weighted } from '../../bench/data-sets/sparse.js';

describe('the vectors that the benchmarks make of texts', () => {
  it('weigh what is in few texts and often in this one, and have length 1', () => {
    const { values } = dense(
      weighted(
        [
          [0, 1, 1],
          [0, 2],
          [0, 2, 2, 2],
        ],
        3,
      ),
    );
    // What is in all of them says nothing, so that one thing is left in each: all of its length.
    expect([...values]).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 1]);
    const mixed = dense(weighted([[0, 1, 1], [1], [2], [0, 2]], 3));
    const [zero, twice] = [Math.log(2), (1 + Math.log(2)) * Math.log(2)];
    expect(mixed.values[0]).toBeCloseTo(zero / Math.hypot(zero, twice), 6);
    expect(mixed.values[1]).toBeCloseTo(twice / Math.hypot(zero, twice), 6);
  });

  it('are projected onto directions that are orthonormal and reach what those before reached', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 39, maxLength: 39 }),
        (some) => {
          const before = Float32Array.from(some);
          // Far enough from each other, whatever the numbers.
          for (let i = 0; i < 3; i++) before[i * 4] += 20;
          const after = matrix(before.slice(), 3);
          orthonormalise(after);
          for (let a = 0; a < 3; a++)
            for (let b = 0; b <= a; b++)
              expect(product(after.values, a, after.values, b)).toBeCloseTo(a === b ? 1 : 0, 4);
          for (let column = 0; column < 3; column++) {
            const parts = [0, 1, 2].map((b) => product(before, column, after.values, b));
            expect(Math.hypot(...parts)).toBeCloseTo(Math.sqrt(product(before, column, before, column)), 3);
          }
        },
      ),
    );
  });
});

/** Of two columns of matrices with three. */
function product(a: Float32Array, column: number, b: Float32Array, other: number): number {
  let sum = 0;
  for (let row = 0; row < a.length / 3; row++) sum += a[3 * row + column] * b[3 * row + other];
  return sum;
}
