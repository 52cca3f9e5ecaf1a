/*
 * Runs a search, or many at once: makes a plan, scans its shards, and scans further ones where a filter leaves too few
 * results or where a limit of distance allows for more.
 */
import type { Limit } from '../calibration/limits.js';
import type { ShardId } from '../version/shard.js';
import type { Searchable } from '../version/searchable.js';
import { filteredRows } from './filters/filter-memory.js';
import { filteredPlan } from './filters/filtered-plan.js';
import { type Directory, liveRowsOf } from './memory/directory.js';
import type { Engine } from './memory/engine.js';
import { PROVEN } from './confidence.js';
import { nearShards } from './ranking/near-shards.js';
import type { CheckedOptions } from './options.js';
import { type Plan, aimOf, planOf, wantedResults } from './ranking/plan.js';
import type { Query } from './memory/query.js';
import { isRough, leastEstimated, leastProven } from './scan/row-cost.js';
import { rowFilter } from './scan/row-filter.js';
import { scanFor } from './scan/scan-for.js';
import { type ShardScan, scanInTurn } from './scan/shard-scan.js';
import { bestRows } from './scan/sorted-rows.js';
import type { Best, FoundRow } from './scan/top-k.js';

/** The results of a search, and what it took. */
export interface Outcome {
  /** The results, best first. */
  readonly found: readonly FoundRow[];
  /** Centroids that were measured. */
  readonly ranked: number;
  /** Shards that were scanned, their live rows, and how many of those were measured. */
  readonly shards: number;
  readonly rows: number;
  readonly measured: number;
  /** Whether the results are certain to be the true nearest. */
  readonly exact: boolean;
  /** The limit that stands for the recall, if one was asked for. */
  readonly limit: Limit | undefined;
  /** What came of `where`. */
  readonly filter: FilterOutcome | undefined;
  /** Lists the shards that were scanned, in order. */
  readonly scanned: () => readonly ShardId[];
}

/** How many rows pass a filter, in how many shards, and which of them were scanned. */
interface FilterOutcome {
  readonly matches: number;
  readonly shards: number;
  readonly chosen: 'all' | 'nearest';
}

/** Shards that are scanned for each query alone, the nearest first: they hold most of its results. */
const ALONE = 4;

/** Checked options, in which `minScore` has become `maxDistance`. */
export interface Sought extends Omit<CheckedOptions, 'minScore'> {
  /** How many postings near the query the filter is known to refuse. */
  readonly refused?: number;
}

/** The rows that a search may find. */
interface Scope {
  readonly shards: Searchable['shards'];
  readonly directory: Directory | undefined;
  /** Whether estimates may pay; packed rows are all measured. */
  readonly isEstimated: boolean;
  readonly filter: FilterOutcome | undefined;
  /** The shards that packed rows are from. */
  readonly packedFrom?: Searchable['shards'];
}

/** A search under way. */
interface Search {
  readonly query: Query;
  readonly scope: Scope;
  readonly plan: Plan;
  readonly best: Best;
  readonly scan: ShardScan;
  /** How many rows were near enough to be kept, whether or not the filter or another row of their document kept them out. */
  readonly within: () => number;
  /** The shards that were scanned beyond the plan. */
  readonly further: (readonly ShardId[])[];
}

/** Searches for the nearest rows of one query. */
export function run(index: Searchable, engine: Engine | undefined, query: Query, options: Sought): Outcome {
  const search = begun(index, engine, query, options);
  scanInTurn(search.scan, search.plan.shards, search.plan.centroidValues);
  return finished(index, engine, options, search);
}

/**
 * Searches for several queries, with the outcomes of {@link run}.
 *
 * Where bounds are proven, it goes shard by shard after the first few of each query, so that a shard's codes are read once
 * for all queries. Results do not depend on the order of shards (see `ShardScan`). Plain estimates are so fast that
 * changing queries would take longer than that saves.
 */
export function runMany(
  index: Searchable,
  engine: Engine | undefined,
  queries: readonly Query[],
  options: Sought,
): Outcome[] {
  if (engine === undefined || options.where !== undefined)
    return queries.map((query) => run(index, engine, query, options));
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

function begun(index: Searchable, engine: Engine | undefined, query: Query, options: Sought): Search {
  const { k, distinct, maxDistance = Infinity } = options;
  const depth = firstDepth(options);
  const { plan, scope } = scoped(index, engine, query, depth === k ? options : { ...options, k: depth });
  const { shards, directory } = scope;
  const best = bestRows(k, distinct === 'document', maxDistance);
  const { filter, within } = counting(options, best);
  const { dimensions } = index.config;
  const total = (index.whole ?? index).postingCount;
  const least = (plan.sure === PROVEN ? leastProven : leastEstimated)(dimensions, depth, total);
  let rows = 0;
  for (const id of plan.shards) {
    rows += liveRowsOf(shards, directory, id);
    if (rows >= least) break;
  }
  const scan = scanFor({ config: index.config, shards }, query, best, {
    engine,
    sure: plan.sure,
    filter: rowFilter(filter, index.records),
    directory,
    isEstimated: scope.isEstimated && rows >= least,
    isRough: scope.isEstimated && isRough(dimensions, total),
  });
  return { query, scope, plan, best, scan, within, further: [] };
}

/** Plans a search, and determines the rows that it may find. */
function scoped(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  options: Sought,
): { readonly plan: Plan; readonly scope: Scope } {
  if (options.where === undefined) {
    const directory = engine?.directories.of(index);
    const scope = { shards: index.shards, directory, isEstimated: true, filter: undefined };
    return { plan: planOf(index, engine, query, options), scope };
  }
  const filtered = filteredRows(index, options.where);
  const { isAll, ...plan } = filteredPlan(index, engine, query, options, filtered);
  const { shards, rowCount } = filtered.rows;
  const chosen = isAll || plan.shards.length === shards.size ? 'all' : 'nearest';
  const filter = { matches: rowCount, shards: shards.size, chosen } as const;
  if (!isAll) {
    const directory = engine && filtered.directory;
    return { plan, scope: { shards, directory, isEstimated: true, filter } };
  }
  const { packed } = filtered;
  const packedFrom = filtered.rows.shards;
  const scope = { shards: packed, directory: undefined, isEstimated: false, filter, packedFrom };
  return { plan: { ...plan, shards: [...packed.keys()] }, scope };
}

/** How many of the nearest the first plan is for, where a limit may leave few results. */
const FIRST_DEPTH = 100;

function firstDepth({ k, maxDistance }: Sought): number {
  return maxDistance === undefined ? k : Math.min(k, FIRST_DEPTH);
}

/** Counts the rows within the limit, if there is one, whether or not they pass the filter. */
function counting(
  { filter, distinct, maxDistance }: Sought,
  best: Best,
): { readonly filter: Sought['filter']; readonly within: () => number } {
  if (maxDistance === undefined || (filter === undefined && distinct !== 'document'))
    return { filter, within: () => best.size };
  let count = 0;
  return {
    filter: (posting, metadata) => {
      count++;
      return filter === undefined || filter(posting, metadata);
    },
    within: () => count,
  };
}

function finished(index: Searchable, engine: Engine | undefined, options: Sought, search: Search): Outcome {
  const isLimited = options.maxDistance !== undefined && search.plan.limit !== undefined;
  const { ranked, limit } = isLimited ? scanDeeper(index, engine, options, search) : search.plan;
  if (!isLimited) scanOn(index, engine, options, search);
  const { best, plan, scan, scope } = search;
  const { tally } = scan;
  const { filter } = scope;
  const isProven = plan.sure === PROVEN || tally.measured === tally.rows;
  const exact = isProven && tally.shards === scope.shards.size;
  const shards = filter?.chosen === 'all' ? filter.shards : tally.shards;
  const scanned = (): ShardId[] =>
    [scope.packedFrom?.keys() ?? plan.shards, ...search.further].flatMap((ids) => [...ids]);
  return { found: best.sorted(), ranked, ...tally, shards, exact, limit, filter, scanned };
}

/** Each plan is for this many times as many of the nearest as the last one. */
const DEEPER = 4;
/** A plan was deep enough if less than this share of them are within the limit. */
const MOST_WITHIN = 1 / 3;

/**
 * Scans on until a recall holds of all rows within a limit of distance.
 *
 * How many these are is not known beforehand. So it plans for more and more of the nearest, until those are far more than
 * are within the limit. Returns how many centroids were ranked, and the last limit.
 */
function scanDeeper(
  index: Searchable,
  engine: Engine | undefined,
  options: Sought,
  { query, plan, best, scan, within, further }: Search,
): Pick<Plan, 'ranked' | 'limit'> {
  const scanned = new Set(plan.shards);
  let { ranked, limit } = plan;
  for (let depth = firstDepth(options); ;) {
    const wanted = wantedResults(index, { ...options, k: depth });
    const isEnough = within() < MOST_WITHIN * wanted && scan.tally.rows >= wanted;
    if (isEnough || best.size >= options.k || scanned.size === index.shardCount) return { ranked, limit };
    depth *= DEEPER;
    const next = planOf(index, engine, query, { ...options, k: Math.min(options.k, depth) });
    const left = next.shards.flatMap((id, i) => (scanned.has(id) ? [] : [i]));
    const ids = left.map((i) => next.shards[i]);
    scanInTurn(
      scan,
      ids,
      left.map((i) => next.centroidValues[i]),
    );
    further.push(ids);
    for (const id of next.shards) scanned.add(id);
    ranked += next.ranked;
    limit = next.limit;
    if (depth >= options.k) return { ranked, limit };
  }
}

/** Scans further shards while a filter, distinct documents or a recall leave fewer results than were asked for. */
function scanOn(
  index: Searchable,
  engine: Engine | undefined,
  options: Sought,
  { query, plan: { shards }, best, scan, scope, further }: Search,
): void {
  const { k, where, filter, distinct } = options;
  const isPromised =
    where !== undefined ||
    filter !== undefined ||
    distinct === 'document' ||
    aimOf(options, index.config) !== undefined;
  if (!isPromised || best.size >= k || shards.length === scope.shards.size) return;
  const scanned = new Set(shards);
  const near = nearShards(index, engine, query, index.shardCount);
  const left = near.ids.flatMap((id, i) => (scanned.has(id) || !scope.shards.has(id) ? [] : [i]));
  for (let from = 0, count = Math.max(1, shards.length); from < left.length && best.size < k; count *= 2) {
    const some = left.slice(from, from + count);
    const ids = some.map((i) => near.ids[i]);
    scanInTurn(
      scan,
      ids,
      some.map((i) => near.centroidValues[i]),
    );
    further.push(ids);
    from += count;
  }
}
