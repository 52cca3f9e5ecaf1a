// Runs a search, or many at once: plans, scans, and scans on where a filter leaves too few.
import type { Limit } from '../calibration/limits.js';
import type { ShardId } from '../version/shard.js';
import type { Searchable } from '../version/searchable.js';
import { liveRowsOf } from './memory/directory.js';
import type { Engine } from './memory/engine.js';
import { PROVEN } from './confidence.js';
import { nearShards } from './ranking/near-shards.js';
import type { SearchOptions } from './options.js';
import { type Plan, aimOf, planOf } from './ranking/plan.js';
import type { Query } from './memory/query.js';
import { leastEstimated, leastProven } from './scan/row-cost.js';
import { rowFilter } from './scan/row-filter.js';
import { scanFor } from './scan/scan-for.js';
import { type ShardScan, scanInTurn } from './scan/shard-scan.js';
import { TopK } from './scan/top-k.js';

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
  /** What a recall was translated to, where it was. */
  readonly limit: Limit | undefined;
}

/** Shards of each query that are scanned for it alone, in turn: they hold most of what it looks for. */
const ALONE = 4;

/** A search under way. */
interface Search {
  readonly query: Query;
  readonly plan: Plan;
  readonly best: TopK;
  readonly scan: ShardScan;
}

/** Searches for one query. */
export function run(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  options: SearchOptions,
): Outcome {
  const search = begun(index, engine, query, options);
  scanInTurn(search.scan, search.plan.shards, search.plan.centroidValues);
  return finished(index, engine, options, search);
}

/**
 * Searches for several queries: where bounds have to be proven, shard by shard after the first few of each, so that what
 * a shard's rows are estimated by is read once. Plain estimates are made so fast that changing queries would take longer
 * than that saves. What a search finds does not depend on the order of its shards (see `ShardScan`), so the outcomes are
 * those of {@link run}.
 */
export function runMany(
  index: Searchable,
  engine: Engine | undefined,
  queries: readonly Query[],
  options: SearchOptions,
): Outcome[] {
  if (engine === undefined) return queries.map((query) => run(index, engine, query, options));
  const visitors = new Map<ShardId, Search[]>();
  const searches = queries.map((query) => {
    const search = begun(index, engine, query, options);
    const { shards, centroidValues, sure } = search.plan;
    const alone = sure === PROVEN ? ALONE : shards.length;
    scanInTurn(search.scan, shards.slice(0, alone), centroidValues);
    for (const shard of shards.slice(alone)) {
      const visiting = visitors.get(shard);
      if (visiting === undefined) visitors.set(shard, [search]);
      else visiting.push(search);
    }
    return search;
  });
  for (const [shard, visiting] of visitors) {
    for (const { scan } of visiting) {
      scan.resume();
      scanInTurn(scan, [shard]);
    }
  }
  return searches.map((search) => {
    search.scan.resume();
    return finished(index, engine, options, search);
  });
}

function begun(index: Searchable, engine: Engine | undefined, query: Query, options: SearchOptions): Search {
  const { k, filter, distinct } = options;
  const plan = planOf(index, engine, query, options);
  const best = new TopK(k, distinct === 'document');
  const directory = engine?.directories.of(index);
  const least = (plan.sure === PROVEN ? leastProven : leastEstimated)(index.config.dimensions, k);
  let rows = 0;
  for (const id of plan.shards) {
    rows += liveRowsOf(index.shards, directory, id);
    if (rows >= least) break;
  }
  const scan = scanFor(index, query, best, {
    engine,
    sure: plan.sure,
    filter: rowFilter(filter),
    directory,
    isEstimated: rows >= least,
  });
  return { query, plan, best, scan };
}

function finished(
  index: Searchable,
  engine: Engine | undefined,
  options: SearchOptions,
  search: Search,
): Outcome {
  scanOn(index, engine, options, search);
  const { best, plan, scan } = search;
  const { tally } = scan;
  const isProven = plan.sure === PROVEN || tally.measured === tally.rows;
  const exact = isProven && tally.shards === index.shardCount;
  return { best, ranked: plan.ranked, ...tally, exact, limit: plan.limit };
}

/** Scans on where a filter, or the wish for distinct documents or a recall, leaves fewer results than asked for. */
function scanOn(
  index: Searchable,
  engine: Engine | undefined,
  options: SearchOptions,
  { query, plan: { shards }, best, scan }: Search,
): void {
  const { k, filter, distinct } = options;
  const promised =
    filter !== undefined || distinct === 'document' || aimOf(options, index.config) !== undefined;
  if (!promised || best.size >= k || shards.length === index.shardCount) return;
  const scanned = new Set(shards);
  const near = nearShards(index, engine, query, index.shardCount);
  const left = near.ids.flatMap((id, i) => (scanned.has(id) ? [] : [i]));
  for (let from = 0, count = Math.max(1, shards.length); from < left.length && best.size < k; count *= 2) {
    const some = left.slice(from, from + count);
    scanInTurn(
      scan,
      some.map((i) => near.ids[i]),
      some.map((i) => near.values[i]),
    );
    from += count;
  }
}
