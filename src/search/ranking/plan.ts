// The plan of a search: which shards it scans, in which order, with which confidence.
import type { ShardexConfig, SlopFactor } from '../../config.js';
import { isUsable } from '../../calibration/calibration.js';
import { GROWTH, type Limit, type LimitOf, limitsOf } from '../../calibration/limits.js';
import type { ShardId } from '../../version/shard.js';
import type { Searchable } from '../../version/searchable.js';
import type { Engine } from '../memory/engine.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { nearShards, nearestShards, shardsWithin } from './near-shards.js';
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
  const { config, shardCount, calibration } = index;
  const { slopFactor = config.slopFactor } = options;
  const recall = aimOf(options, config);
  const whole = index.whole ?? index;
  if (
    recall !== undefined &&
    recall < 1 &&
    options.k <= MOST_RESULTS &&
    calibration !== undefined &&
    isUsable(calibration, whole.postingCount)
  ) {
    const limits = limitsOf(calibration);
    const limitOf = limits.for(wantedResults(index, options), recallOfShards(recall));
    return planFor(index, engine, query, recall, limits.gap, limitOf);
  }
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

/** Scans the shards within the limit for a recall; in a part of a version, those of them that are in it. */
function planFor(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  recall: number,
  gap: number,
  limitOf: LimitOf,
): Plan {
  const { calibration, config, shards, whole } = index;
  const centroids = whole?.centroids ?? index.centroids;
  // What has come since the sample last changed.
  const grown = GROWTH * Math.max(0, Math.log(centroids.size / (calibration?.shardCount ?? centroids.size)));
  let limit: Limit | undefined;
  const { ids, values } = shardsWithin({ config, centroids }, engine, query, {
    gap,
    limitOf: (features) => {
      limit = limitOf(features);
      return limit.limit + grown;
    },
  });
  const plan = { ranked: centroids.size, sure: confidenceFor(recall), limit };
  if (whole === undefined) return { ...plan, shards: ids, centroidValues: values };
  const own = ids.flatMap((id, i) => (shards.has(id) ? [i] : []));
  return { ...plan, shards: own.map((i) => ids[i]), centroidValues: own.map((i) => values[i]) };
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
