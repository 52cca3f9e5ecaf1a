// Judges what a search found against comparing with all vectors.
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import { apart, nearest } from '../../data-sets/nearest.js';
import type { Nearness } from '../../data-sets/nearness.js';

/** Which part of the true nearest `k` was found for each of the first queries. */
export type Judge = (found: readonly (readonly number[])[], k: number) => number[];

/**
 * Compares all vectors with all queries in 64-bit floats, once for every `k` up to `most`. What is as near as the k-th true
 * one counts as found: of many that are, any will do.
 *
 * Time: O(vectors × queries × dimensions).
 */
export function judgeOf(vectors: Matrix, queries: Matrix, nearness: Nearness, most: number): Judge {
  const truth = nearest(vectors, queries, nearness, most);
  return (found, k) =>
    found.map((rows, q) => {
      const query = rowOf(queries, q);
      const far = (row: number): number => apart(rowOf(vectors, row), query, nearness);
      const limit = far(truth[q][k - 1]);
      return new Set(rows.filter((row) => far(row) <= limit)).size / k;
    });
}
