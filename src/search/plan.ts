import type { ShardexConfig, SlopFactor } from '../config.js';
import { LEAST_CALIBRATED } from '../version/calibration.js';
import type { ShardId } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { Engine } from './engine.js';
import { PROVEN, type Sureness } from './estimates.js';
import { nearShards, nearestShards } from './near-shards.js';
import type { SearchOptions } from './options.js';
import type { Query } from './query.js';
import { limitFor, mostPlaces, placesWithin, surenessFor } from './stopping.js';

/** Where a search is going to look. */
export interface Plan {
  /** The shards to scan, the most promising first. */
  readonly shards: readonly ShardId[];
  /** Likewise how far their centroids are, as `Near.values`, where that is known. */
  readonly apart: readonly number[];
  /** Centroids that were measured for it. */
  readonly ranked: number;
  /** How sure a row of theirs must be too far before it is passed over (see `ShardScan`). */
  readonly sure: Sureness;
}

/** Shards to begin with where all are scanned: enough for a good bound on what the others have to offer. */
const FIRST = 16;

/** What `'auto'` finds of the true nearest, on the average. */
const AUTO_RECALL = 0.95;

/** The recall that a search aims at; `undefined` where it scans a number of shards instead, or all. */
export function aimOf({ recall, slopFactor }: SearchOptions, config: ShardexConfig): number | undefined {
  return recall ?? ((slopFactor ?? config.slopFactor) === 'auto' ? AUTO_RECALL : undefined);
}

/** Decides where to look. */
export function planOf(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  options: SearchOptions,
): Plan {
  const { config, shardCount, postingCount, calibration } = index;
  const { k, slopFactor = config.slopFactor } = options;
  const recall = aimOf(options, config);
  const calibrated = calibration !== undefined && postingCount >= LEAST_CALIBRATED;
  if (recall !== undefined && recall < 1 && calibrated) {
    const limit = limitFor(calibration, k, recall, shardCount);
    const { gap } = calibration;
    const near = nearShards(index, engine, query, mostPlaces(limit, shardCount), { limit, gap });
    const places = placesWithin(limit, near, gap);
    return {
      shards: near.ids.slice(0, places),
      apart: near.values,
      ranked: shardCount,
      sure: surenessFor(recall),
    };
  }
  const most = recall === undefined ? shardsWithin(slopFactor, shardCount) : shardCount;
  if (most < shardCount) {
    return { shards: nearestShards(index, engine, query, most), apart: [], ranked: shardCount, sure: PROVEN };
  }
  if (engine === undefined || shardCount <= FIRST) {
    return { shards: [...index.shards.keys()], apart: [], ranked: 0, sure: PROVEN };
  }
  const first = nearShards(index, engine, query, FIRST).ids;
  const others = [...index.shards.keys()].filter((id) => !first.includes(id));
  return { shards: [...first, ...others], apart: [], ranked: shardCount, sure: PROVEN };
}

function shardsWithin(slopFactor: SlopFactor, shardCount: number): number {
  return typeof slopFactor === 'number' ? Math.min(slopFactor, shardCount) : shardCount;
}
