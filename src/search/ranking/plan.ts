// The plan of a search: which shards it scans, in which order, with which confidence.
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

/** Where a search is going to look. */
export interface Plan {
  /** The shards to scan, the most promising first. */
  readonly shards: readonly ShardId[];
  /** Likewise how far their centroids are, as `RankedShards.values`, where that is known. */
  readonly centroidValues: readonly number[];
  /** Centroids that were measured for it. */
  readonly ranked: number;
  /** How sure a row of theirs must be too far before it is passed over (see `ShardScan`). */
  readonly sure: Confidence;
  /** The limit that a recall was translated to; `undefined` where none was asked for, or all is scanned. */
  readonly limit: Limit | undefined;
}

/** Shards to begin with where all are scanned: enough for a good bound on what the others have to offer. */
const FIRST = 16;

/** What `'auto'` finds of the true nearest, on the average. */
const AUTO_RECALL = 0.95;

/** What a plan goes by. */
export interface Aim extends Pick<SearchOptions, 'k' | 'recall' | 'slopFactor' | 'distinct'> {
  /** How many postings near the query do not count. */
  readonly refused?: number;
}

/** The recall that a search aims at; `undefined` where it scans a number of shards instead, or all. */
export function aimOf({ recall, slopFactor }: Omit<Aim, 'k'>, config: ShardexConfig): number | undefined {
  return recall ?? ((slopFactor ?? config.slopFactor) === 'auto' ? AUTO_RECALL : undefined);
}

/** Decides where to look. */
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
  // All of them. Where a recall is asked for, what estimates may lose is allowed for.
  const sure = recall === undefined || recall === 1 ? PROVEN : confidenceFor(recall);
  if (engine === undefined || shardCount <= FIRST)
    return { shards: [...index.shards.keys()], centroidValues: [], ranked: 0, sure, limit: undefined };
  const first = nearShards(index, engine, query, FIRST).ids;
  const others = [...index.shards.keys()].filter((id) => !first.includes(id));
  return { shards: [...first, ...others], centroidValues: [], ranked: shardCount, sure, limit: undefined };
}

/**
 * The plans for a recall, by how many of the nearest postings are wanted; `undefined` where a search does not go by one. Shards
 * are ranked once for the greatest number that is asked for first: those for fewer are the first of them.
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
  if (!isUsable(calibration, (whole ?? index).postingCount)) return undefined;
  const centroids = whole?.centroids ?? index.centroids;
  const limits = limitsOf(calibration);
  const { gap } = limits;
  // What has come since the sample last changed.
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
    const { ids, apart, values } = known.near;
    const isAll = limit.limit + grown === known.limit;
    const count = isAll ? ids.length : countWithin(limit.limit + grown, apart, gap);
    const own = whole === undefined ? undefined : (id: ShardId): boolean => shards.has(id);
    const places = Array.from({ length: count }, (_, i) => i).filter((i) => own?.(ids[i]) !== false);
    return {
      shards: places.map((i) => ids[i]),
      centroidValues: places.map((i) => values[i]),
      ranked,
      sure,
      limit,
    };
  };
}

/**
 * How many of the nearest postings hold what is wanted. The k-th nearest document has its best posting among the
 * nearest k times as many as a document has.
 */
export function wantedResults(index: Searchable, { k, distinct, refused = 0 }: Aim): number {
  if (distinct !== 'document') return k + refused;
  const { postingCount } = index.whole ?? index;
  return refused + Math.ceil((k * postingCount) / Math.max(1, index.placedCount));
}

function shardsOf(slopFactor: SlopFactor, shardCount: number): number {
  return typeof slopFactor === 'number' ? Math.min(slopFactor, shardCount) : shardCount;
}
