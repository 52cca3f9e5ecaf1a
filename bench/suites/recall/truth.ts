import { type ShardexIndex, search } from '../../../dist/index.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';

/** The true nearest of a query, nearest first, and some more that may be as near as the last. */
export interface Truth {
  readonly ids: readonly string[];
  readonly distances: readonly number[];
}

/** Beyond the `k` that are asked about, for those that are as near. */
const TIES = 20;

/** The nearest `k` of each query, by exact search. */
export function truthOf(index: ShardexIndex, queries: Matrix, k: number): Truth[] {
  const most = Math.min(k + TIES, index.postingCount);
  return Array.from({ length: queries.rows }, (_, q) => {
    const hits = search(index, rowOf(queries, q), { k: most, slopFactor: 'all' });
    return {
      ids: hits.map(({ documentId }) => documentId),
      distances: hits.map(({ distance }) => distance),
    };
  });
}

/** How many of some distances, which rise, are at most the k-th true one: that many of `k` were found. */
export function foundOf(distances: readonly number[], truth: Truth, k: number): number {
  const limit = truth.distances[k - 1];
  let found = 0;
  while (found < distances.length && distances[found] <= limit) found++;
  return found;
}
