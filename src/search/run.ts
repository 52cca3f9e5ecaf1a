import type { Shard } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { Engine } from './engine.js';
import { nearShards } from './near-shards.js';
import type { SearchOptions } from './options.js';
import { type Plan, planOf } from './plan.js';
import type { Query } from './query.js';
import { ShardScan, scanInTurn } from './shard-scan.js';
import { TopK } from './top-k.js';

/** What a search came to. */
export interface Outcome {
  readonly best: TopK;
  /** Centroids that were measured. */
  readonly ranked: number;
  /** Shards that were scanned, their live rows, and how many of those were measured. */
  readonly shards: number;
  readonly rows: number;
  readonly measured: number;
  /** Whether the results are the true nearest for sure. */
  readonly exact: boolean;
}

/** Where fewer rows than this are scanned, they are measured outright: estimating has its price, too. */
const LEAST_ROWS = 1024;

/** Shards whose best rows give the first bound where bounds are proven. */
const PROBED = 8;

/** Searches for one query. */
export function run(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  options: SearchOptions,
): Outcome {
  return carryOut(index, engine, query, options, planOf(index, engine, query, options));
}

function carryOut(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  options: SearchOptions,
  plan: Plan,
): Outcome {
  const best = new TopK(options.k, options.distinct === 'document');
  const scan = scanOf(index, engine, query, options, plan, best);
  scanInTurn(scan, plan.shards);
  extend(index, engine, query, options, plan, best, scan);
  const { tally } = scan;
  return { best, ranked: plan.ranked, ...tally, exact: plan.proven && tally.shards === index.shardCount };
}

function scanOf(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  { k, filter, distinct }: SearchOptions,
  { shards, proven }: Plan,
  best: TopK,
): ShardScan {
  const { config } = index;
  const rows = shards.reduce((sum, shard) => sum + shard.rows.liveCount, 0);
  const used = rows < LEAST_ROWS ? undefined : engine;
  let ceiling = Infinity;
  // Proven bounds are wide. With the k-th distance known for a start, by narrower ones, few rows have to be measured.
  if (used !== undefined && proven && filter === undefined) {
    const probed = new TopK(k, distinct === 'document');
    scanInTurn(new ShardScan(config, query, probed, undefined, used, false), shards.slice(0, PROBED));
    ceiling =
      probed.sorted().length < k ? Infinity : Math.max(...probed.sorted().map(({ distance }) => distance));
  }
  return new ShardScan(config, query, best, filter, used, proven, ceiling);
}

/** Scans on where a filter, or the wish for distinct documents, leaves fewer results than asked for. */
function extend(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  { k, filter, distinct, recall }: SearchOptions,
  { shards }: Plan,
  best: TopK,
  scan: ShardScan,
): void {
  const promised = filter !== undefined || distinct === 'document' || recall !== undefined;
  if (!promised || best.size >= k || shards.length === index.shardCount) return;
  const scanned = new Set(shards);
  const others = nearShards(index, engine, query, index.shardCount)
    .ids.map((id) => index.shards.get(id) as Shard)
    .filter((shard) => !scanned.has(shard));
  for (let from = 0, count = shards.length; from < others.length && best.size < k; count *= 2) {
    scanInTurn(scan, others.slice(from, from + count));
    from += count;
  }
}
