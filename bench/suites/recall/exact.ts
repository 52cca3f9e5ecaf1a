// The true nearest of queries, by exact search.
import { type ShardexIndex, search } from '../../../dist/index.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import type { Truth } from './truth.js';

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
