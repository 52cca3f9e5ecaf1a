import { type SlopFactor, isSlopFactor, assertOptions, isWhole, resolveSlopFactor, show } from '../config.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { squaredNorm } from '../geometry/kernels.js';
import { type Probe, distances, scoreOf } from '../geometry/metric.js';
import { rankShards } from '../version/centroid-table.js';
import { keyOfRow, type VectorInput, writeVector } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { isDead } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { TopK } from './top-k.js';

/** How {@link search} searches. Only `k` is required. */
export interface SearchOptions {
  /** How many results at most, 1 to 10,000. */
  readonly k: number;
  /** How many of the nearest shards to scan; default: the index's own. `'all'` is exact. */
  readonly slopFactor?: SlopFactor;
  /**
   * Which postings count. With it come `min(k, matches in the scanned shards)` results. It is called once for each
   * row that could be among the best, and must not depend on the order of the calls.
   */
  readonly filter?: (posting: PostingKey) => boolean;
  /** `'document'` gives the best posting of each document only. Default `'posting'`. */
  readonly distinct?: 'posting' | 'document';
  /** Adds a copy of each result's vector. Default `false`. */
  readonly includeVector?: boolean;
}

/** A posting that was found. */
export interface SearchResult extends PostingKey {
  /** In [0, 1], higher is better; see {@link Metric}. */
  readonly score: number;
  /** The metric's own distance, smaller is nearer; see {@link Metric}. */
  readonly distance: number;
  /** Only with `includeVector`; the caller's own copy. */
  readonly vector?: Float32Array;
}

const OPTIONS = ['k', 'slopFactor', 'filter', 'distinct', 'includeVector'];

/**
 * The postings nearest to a query, in a fixed total order: distance ascending (which is score descending, without the
 * rounding of the score), then documentId by UTF-16 code units, start, length. The same call on the same version gives
 * the same bytes, whatever is written elsewhere meanwhile (I1, I10).
 *
 * Time: O(shards · dimensions) to rank the centroids and O(rows of the scanned shards · dimensions) to scan.
 *
 * @throws {@link InvalidVectorError} for a query of the wrong size or with components that are not finite.
 * @throws {@link InvalidOptionError} for `k` outside 1 to 10,000 and for any other unusable or unknown option.
 *
 * @example
 * ```ts
 * import { createIndex, search } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2, metric: 'euclidean' }, [
 *   { documentId: 'near', vector: [1, 0] },
 *   { documentId: 'far', vector: [0, 9] },
 * ]);
 * search(index, [1, 0], { k: 1 }); // → [{ documentId: 'near', start: 0, length: 0, score: 1, distance: 0 }]
 * search(index, [1, 0], { k: 2, filter: (posting) => posting.documentId !== 'near' }).length; // → 1
 * ```
 */
export function search(index: ShardexIndex, query: VectorInput, options: SearchOptions): SearchResult[] {
  assertIndex(index);
  const { k, filter, slopFactor = index.config.slopFactor, distinct, includeVector } = checked(options);
  const { metric, dimensions } = index.config;
  const probe = queryProbe(query, dimensions);
  const best = new TopK(k, distinct === 'document');
  let out = new Float64Array(0);
  for (const shard of shardsToScan(index, probe, slopFactor)) {
    for (const segment of shard.rows.segments) {
      const columns = columnsOf(segment.block);
      if (out.length < segment.visible) out = new Float64Array(segment.visible);
      distances(metric, probe, columns, 0, segment.visible, out);
      let worst = best.worst;
      for (let row = 0; row < segment.visible; row++) {
        if (out[row] > worst || isDead(segment, row)) continue;
        if (filter !== undefined && !filter(keyOfRow(columns, row))) continue;
        best.offer(out[row], columns, row);
        worst = best.worst;
      }
    }
  }
  return best.sorted().map(({ distance, columns, row }) => {
    const result = { ...keyOfRow(columns, row), score: scoreOf(metric, distance), distance };
    if (includeVector !== true) return result;
    return { ...result, vector: columns.vectors.slice(row * dimensions, (row + 1) * dimensions) };
  });
}

function shardsToScan(index: ShardexIndex, probe: Probe, slopFactor: SlopFactor): Iterable<Shard> {
  const most = resolveSlopFactor(slopFactor, index.shardCount);
  if (most === index.shardCount) return index.shards.values();
  const ranked = rankShards(index.centroids, index.config.metric, probe, most, 'query');
  return ranked.map(({ id }) => index.shards.get(id) as Shard);
}

/** A query as the index would store it, in 32-bit floats, so that a stored vector is at distance 0 from itself. */
function queryProbe(query: VectorInput, dimensions: number): Probe {
  const vector = new Float64Array(dimensions);
  writeVector(query, dimensions, vector, 0);
  return { vector, squaredNorm: squaredNorm(vector, 0, dimensions) };
}

function checked(options: SearchOptions): SearchOptions {
  assertOptions(options, OPTIONS);
  const { k, slopFactor, filter, distinct, includeVector }: Partial<Record<keyof SearchOptions, unknown>> =
    options;
  const refuse = (option: string, must: string, value: unknown): never => {
    throw new InvalidOptionError(option, `${option} must be ${must}, not ${show(value)}.`);
  };
  if (!isWhole(k, 1, 10_000)) refuse('k', 'an integer from 1 to 10,000', k);
  if (slopFactor !== undefined && !isSlopFactor(slopFactor)) {
    refuse('slopFactor', "an integer of at least 1, 'all' or 'auto'", slopFactor);
  }
  if (filter !== undefined && typeof filter !== 'function') refuse('filter', 'a function', filter);
  if (distinct !== undefined && distinct !== 'posting' && distinct !== 'document') {
    refuse('distinct', "'posting' or 'document'", distinct);
  }
  if (includeVector !== undefined && typeof includeVector !== 'boolean') {
    refuse('includeVector', 'true or false', includeVector);
  }
  return options;
}
