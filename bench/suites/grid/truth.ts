import { deviation, mean } from 'd3-array';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import { apart, nearest } from '../../data-sets/nearest.js';
import type { Nearness } from '../../data-sets/nearness.js';

/** Which part of the true nearest was found for some queries, as a mean, and the standard error of that. */
export interface Recall {
  readonly recall: number;
  readonly error: number;
}

/** Judges what was found for the first queries, for some `k`. */
export type Judge = (found: readonly (readonly number[])[], k: number) => Recall;

/**
 * Compares all vectors with all queries in 64-bit floats, once for every `k` up to `most`. What is as near as the k-th true
 * one counts as found: of many that are, any will do.
 *
 * Time: O(vectors × queries × dimensions).
 */
export function judgeOf(vectors: Matrix, queries: Matrix, nearness: Nearness, most: number): Judge {
  const truth = nearest(vectors, queries, nearness, most);
  return (found, k) => {
    const shares = found.map((rows, q) => {
      const query = rowOf(queries, q);
      const far = (row: number): number => apart(rowOf(vectors, row), query, nearness);
      const limit = far(truth[q][k - 1]);
      return new Set(rows.filter((row) => far(row) <= limit)).size / k;
    });
    return { recall: mean(shares) ?? 0, error: (deviation(shares) ?? 0) / Math.sqrt(shares.length) };
  };
}
