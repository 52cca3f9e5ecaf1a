// Plans a search: which shards it scans (the probe list of an IVF index), in which order, with which confidence.
import type { ShardexConfig, SlopFactor } from '../../config.js';
import { type Features, isUsable } from '../../calibration/calibration.js';
import { countWithin } from '../../calibration/cost.js';
import { GROWTH, type Limit, limitsOf } from '../../calibration/limits.js';
import type { ShardId } from '../../version/shard.js';
import type { Searchable } from '../../version/searchable.js';
import type { Engine } from '../memory/engine.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { type RankedShards, nearShards, nearestShards, shardsWithin } from './near-shards.js';
import { MOST_RESULTS, type SearchOptions } from '../options.js';
import type { Query } from '../memory/query.js';
import { recallOfShards, confidenceFor } from './stopping.js';

/** The shards that a search scans, and its confidence. */
export interface Plan {
  /** The shards to scan, the most promising first. */
  readonly shards: readonly ShardId[];
  /** Their centroid values, as `RankedShards.centroidValues`, where those are known. */
  readonly centroidValues: readonly number[];
  /** Centroids that were measured for it. */
  readonly ranked: number;
  /** How sure it must be that a row is too far before it is passed over. */
  readonly sure: Confidence;
  /** The limit that stands for the recall; `undefined` if none was asked for, or if all shards are scanned. */
  readonly limit: Limit | undefined;
}

/** Shards that are ranked where all are scanned: their results bound what the others can add. */
const FIRST = 16;

/** The recall that `'auto'` stands for. */
const AUTO_RECALL = 0.95;

/** The options that decide how far a search goes. */
export interface Aim extends Pick<SearchOptions, 'k' | 'recall' | 'slopFactor' | 'distinct'> {
  /** How many postings near the query the filter is known to refuse. */
  readonly refused?: number;
}

/** The recall that a search aims at; `undefined` if it scans a given number of shards, or all. */
export function aimOf({ recall, slopFactor }: Omit<Aim, 'k'>, config: ShardexConfig): number | undefined {
  return recall ?? ((slopFactor ?? config.slopFactor) === 'auto' ? AUTO_RECALL : undefined);
}

/** Plans a search. Time: O(shards · dimensions). */
export function planOf(index: Searchable, engine: Engine | undefined, query: Query, options: Aim): Plan {
  const byRecall = plansByRecall(index, engine, query, options);
  if (byRecall !== undefined) return byRecall(wantedResults(index, options));
  const { config, shardCount } = index;
  const { slopFactor = config.slopFactor } = options;
  const recall = aimOf(options, config);
  const most = recall === undefined ? shardsOf(slopFactor, shardCount) : shardCount;
  if (most < shardCount) {
    return {
      shards: nearestShards(index, engine, query, most),
      centroidValues: [],
      ranked: shardCount,
      sure: PROVEN,
      limit: undefined,
    };
  }
  // All shards. A recall below 1 still allows estimates to lose something.
  const sure = recall === undefined || recall === 1 ? PROVEN : confidenceFor(recall);
  if (engine === undefined || shardCount <= FIRST)
    return { shards: [...index.shards.keys()], centroidValues: [], ranked: 0, sure, limit: undefined };
  const first = nearShards(index, engine, query, FIRST).ids;
  const others = [...index.shards.keys()].filter((id) => !first.includes(id));
  return { shards: [...first, ...others], centroidValues: [], ranked: shardCount, sure, limit: undefined };
}

/**
 * Plans for a recall, as a function of how many of the nearest postings are wanted.
 *
 * Ask for the greatest number first: shards are ranked once, and plans for fewer are the beginning of that one. Returns
 * `undefined` if the search does not go by a recall, or if there is no usable sample.
 */
export function plansByRecall(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  options: Aim,
): ((wanted: number) => Plan) | undefined {
  const { calibration, config, shards, whole } = index;
  const recall = aimOf(options, config);
  if (recall === undefined || recall === 1 || calibration === undefined) return undefined;
  if (options.k > MOST_RESULTS) return undefined;
  const centroids = whole?.centroids ?? index.centroids;
  const limits = limitsOf(calibration);
  if (!isUsable(limits.size, (whole ?? index).postingCount)) return undefined;
  const { gap } = limits;
  // The index has grown since the sample last changed.
  const grown = GROWTH * Math.max(0, Math.log(centroids.size / calibration.shardCount));
  const ranked = centroids.size;
  const sure = confidenceFor(recall);
  let known: { readonly near: RankedShards; readonly features: Features; readonly limit: number } | undefined;
  return (wanted) => {
    const limitOf = limits.for(wanted, recallOfShards(recall));
    let limit = known && limitOf(known.features);
    if (known === undefined || limit === undefined || limit.limit + grown > known.limit) {
      let features: Features = { nearest: 0, spread: 0 };
      const near = shardsWithin({ config, centroids }, engine, query, {
        gap,
        limitOf: (seen) => {
          features = seen;
          return limitOf(seen).limit + grown;
        },
      });
      limit = limitOf(features);
      known = { near, features, limit: limit.limit + grown };
    }
    const { ids, distances, centroidValues } = known.near;
    const isAll = limit.limit + grown === known.limit;
    if (isAll && whole === undefined) return { shards: ids, centroidValues, ranked, sure, limit };
    const count = isAll ? ids.length : countWithin(limit.limit + grown, distances, gap);
    // Of a part of a version only its own shards.
    const isOwn = whole === undefined ? undefined : (id: ShardId): boolean => shards.has(id);
    const ranks = Array.from({ length: count }, (_, i) => i).filter((i) => isOwn?.(ids[i]) !== false);
    return {
      shards: ranks.map((i) => ids[i]),
      centroidValues: ranks.map((i) => centroidValues[i]),
      ranked,
      sure,
      limit,
    };
  };
}

/**
 * How many of the nearest postings hold the results that are wanted.
 *
 * With distinct documents that is k times as many as a document has: its best posting stands for all of them.
 */
export function wantedResults(index: Searchable, { k, distinct, refused = 0 }: Aim): number {
  if (distinct !== 'document') return k + refused;
  const { postingCount } = index.whole ?? index;
  return refused + Math.ceil((k * postingCount) / Math.max(1, index.placedCount));
}

function shardsOf(slopFactor: SlopFactor, shardCount: number): number {
  return typeof slopFactor === 'number' ? Math.min(slopFactor, shardCount) : shardCount;
}
