import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealt } from '../../bench/data-sets/data-set.js';
import { matrix } from '../../bench/data-sets/matrix.js';
import { orthonormalise } from '../../bench/data-sets/orthonormalise.js';
import { dense, weighted } from '../../bench/data-sets/sparse.js';

describe('the data sets of the benchmarks', () => {
  const all = matrix(
    Float32Array.from({ length: 100 }, (_, row) => row),
    1,
  );
  const topics = Uint16Array.from(all.values);
  const of = (rows: number) =>
    dealt({ title: '', nearness: 'dot' }, all, { rows, queries: 10, more: 5 }, topics);

  it('hold their queries out, and keep them whatever the number of rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (rows) => {
        const { vectors, queries, more, topics: about } = of(rows);
        expect(queries.values).toEqual(of(1).queries.values);
        expect(more.values).toEqual(of(1).more.values);
        expect(vectors.rows).toBe(Math.min(rows, 85));
        expect(vectors.values).toEqual(of(200).vectors.values.subarray(0, vectors.rows));
        expect([...(about ?? [])]).toEqual([...vectors.values]);
        expect(new Set([vectors, queries, more].flatMap(({ values }) => [...values])).size).toBe(
          15 + vectors.rows,
        );
      }),
    );
  });

  it('keep half for the index where there are few', () => {
    const { vectors, queries, more } = dealt({ title: '', nearness: 'dot' }, all, {
      rows: 99,
      queries: 70,
      more: 9,
    });
    expect([queries.rows, more.rows, vectors.rows]).toEqual([50, 0, 50]);
  });
});

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
