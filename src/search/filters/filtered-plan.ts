/*
 * Where a search with a filter looks. Few matching rows are all measured. Of many, the shards nearest to the query are scanned, as
 * for the so much larger number of results among which the wanted ones are, going by the share of matches in those very shards.
 */
import type { Searchable } from '../../version/searchable.js';
import type { ShardId } from '../../version/shard.js';
import { PROVEN } from '../confidence.js';
import { liveRowsOf } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import { nearShards } from '../ranking/near-shards.js';
import { type Aim, type Plan, aimOf, planOf, plansByRecall, wantedResults } from '../ranking/plan.js';
import { measuredInTimeOf } from '../scan/row-cost.js';
import type { FilteredRows } from './filter-memory.js';

/** A plan, and whether all matching rows are measured where they lie side by side. */
export interface FilteredPlan extends Plan {
  readonly isAll: boolean;
}

/** What it goes by. */
export interface FilteredAim extends Aim {
  readonly maxDistance?: number;
}

/** Rounds in which the number of results is found among which those that are wanted are. */
const MOST_ROUNDS = 4;

/** A number that is no more than this times too small will do. */
const NEAR_ENOUGH = 1.15;

/** Beyond so many results the sample of a version says nothing of how far they reach. */
const MOST_SAMPLED = 1000;

/** Where there are fewer matches near the query than this share of what there would be if they were anywhere, they lie elsewhere. */
const ELSEWHERE = 1 / 4;

/** Rows that nearly any search reads. */
const LEAST_FEW = 256;

/** Plans a search of the rows that pass a filter. */
export function filteredPlan(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  options: FilteredAim,
  filtered: FilteredRows,
): FilteredPlan {
  const { rowCount, shards } = filtered.rows;
  const { k } = options;
  const results = wantedResults(index, options);
  const plans = plansByRecall(index, engine, query, options);
  // Ranked once for what would do if matches were anywhere; most often that is what it takes.
  plans?.(Math.min(MOST_SAMPLED, Math.ceil((1.2 * results * index.postingCount) / Math.max(1, rowCount))));
  const plan = plans?.(results) ?? planOf(index, engine, query, options);
  const isByNumber = aimOf(options, index.config) === undefined && plan.shards.length < index.shardCount;
  if (isByNumber) return byNumber(index, engine, query, plan, filtered);
  const all = (): FilteredPlan => ({ ...ofAll(index, plan, filtered, k), limit: undefined });
  const rows = rowsIn(index, engine, plan.shards);
  const few = measuredInTimeOf(index.config.dimensions, k, rows);
  if (plans === undefined || plan.shards.length === index.shardCount) return all();
  // How many of the nearest lie within a limit of distance, nobody knows.
  if (options.maxDistance !== undefined) return all();
  if (rowCount <= Math.max(LEAST_FEW, few)) return all();
  const there = (rows * rowCount) / index.postingCount;
  if (matchesIn(filtered, plan.shards) < ELSEWHERE * there) return all();

  let wider = plan;
  for (let round = 0, wanted = results; round < MOST_ROUNDS; round++) {
    const matches = matchesIn(filtered, wider.shards);
    // So few may be there by chance that it is safer to reckon with fewer.
    const share = Math.max(0, matches - Math.sqrt(matches)) / rowsIn(index, engine, wider.shards);
    const next = Math.ceil(results / Math.max(share, 1e-9));
    if (next <= wanted * NEAR_ENOUGH) break;
    if (next > MOST_SAMPLED && (filtered.isFew || next > 10 * MOST_SAMPLED)) return all();
    wanted = next;
    wider = plans(wanted);
    if (wider.shards.length === index.shardCount) return all();
  }
  const kept = wider.shards.flatMap((id, i) => (shards.has(id) ? [i] : []));
  return {
    ...wider,
    shards: kept.map((i) => wider.shards[i]),
    centroidValues: kept.map((i) => wider.centroidValues[i]),
    isAll: false,
  };
}

/** A plan for all matching rows: side by side, or where they lie, whichever takes less time. */
function ofAll({ config }: Searchable, plan: Plan, filtered: FilteredRows, k: number): FilteredPlan {
  const { shards, rowCount, heldCount } = filtered.rows;
  const inPlace = plan.sure === PROVEN ? Infinity : measuredInTimeOf(config.dimensions, k, heldCount);
  if (filtered.isFew && rowCount <= inPlace)
    return { ...plan, shards: [], centroidValues: [], sure: PROVEN, isAll: true };
  const first = plan.shards.filter((id) => shards.has(id));
  const known = new Set(first);
  const others = [...shards.keys()].filter((id) => !known.has(id));
  return { ...plan, shards: [...first, ...others], centroidValues: [], isAll: false };
}

/** As many of the nearest shards as were asked for, of those that have matching rows. */
function byNumber(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  plan: Plan,
  filtered: FilteredRows,
): FilteredPlan {
  const near = nearShards(index, engine, query, index.shardCount).ids;
  const shards = near.filter((id) => filtered.rows.shards.has(id)).slice(0, plan.shards.length);
  return { ...plan, shards, centroidValues: [], isAll: false };
}

function rowsIn(index: Searchable, engine: Engine | undefined, ids: readonly ShardId[]): number {
  const directory = engine?.directories.of(index);
  let rows = 0;
  for (const id of ids) rows += liveRowsOf(index.shards, directory, id);
  return rows;
}

function matchesIn({ rows: { shards } }: FilteredRows, ids: readonly ShardId[]): number {
  let matches = 0;
  for (const id of ids) matches += shards.get(id)?.rows.liveCount ?? 0;
  return matches;
}
