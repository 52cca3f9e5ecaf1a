/*
 * Makes samples for the calibration: looks for a posting as if the index did not have it (a leave-one-out query), and notes
 * at which ranks the shards of its true neighbours are. It scans all shards, as neighbours in shards that were left out
 * would be unknown, and every recall derived from the sample too high.
 */

import type { Metric } from '../config.js';
import { GAP_RANK, SPREAD_RANK } from '../calibration/cost.js';
import type { Sample } from '../calibration/calibration.js';
import { NOTED, packRanks } from '../calibration/ranks.js';
import { type ReusableProbe, fillProbe, reusableProbe } from '../geometry/metric.js';
import { keyOfRow } from '../version/posting.js';
import { type Columns, columnsOf, hashOfRow } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Directory, newDirectory } from './memory/directory.js';
import type { Engine, Lender } from './memory/engine.js';
import { type RankedShards, nearShards } from './ranking/near-shards.js';
import { queryOfProbe } from './memory/query.js';
import { scanFor } from './scan/scan-for.js';
import type { Ahead } from './look-ahead.js';
import { NearestRows } from './scan/nearest-rows.js';

/** The part of a version in the making that looking for a posting reads. */
export type UnfinishedVersion = Pick<
  ShardexIndex,
  'config' | 'centroids' | 'shards' | 'postingCount' | 'churn'
>;

/** A live row, and the shard that it is in. */
export interface LiveRow {
  readonly home: Shard;
  readonly columns: Columns;
  readonly row: number;
}

/** How far a look goes. */
export interface Depth {
  /** Levels that it notes. */
  readonly levels: number;
  /**
   * How many rows are measured, the best by their estimates. Nearly all true neighbours are among them.
   *
   * It is more than are wanted: where rows differ by less than estimates err, some of the best are no neighbours.
   */
  readonly measured: number;
}

/**
 * A look for the 1,000 nearest, and one for the 100 nearest.
 *
 * For 100, measuring 400 rows instead of 1,500 changed the recall of searches by 0.002 at most, 200 by 0.004, on data with
 * and without clusters in 32 to 768 dimensions.
 */
export const DEEP: Depth = { levels: NOTED.length, measured: 1500 };
export const SHALLOW: Depth = { levels: NOTED.length - 1, measured: 300 };

/** Candidates are pruned to the best once there are this many times as many as are measured. */
const PRUNED = 4;

/** Rows that are scanned between two checks of how many candidates there are. */
const TOGETHER = 4096;

/** Looks from which on a directory of all shards pays. */
const MANY = 4;

/** Looks for postings of one version, one after another. */
export class Looker {
  readonly #index: UnfinishedVersion;
  readonly #lend: Lender;
  readonly #probe: ReusableProbe;
  readonly #many: boolean;
  /** The directory of all shards, and the engine whose addresses of codes it has. */
  #directory: { readonly of: Directory; readonly engine: Engine | undefined } | undefined;
  #homes: ReadonlyMap<Columns, ShardId> | undefined;

  /** `looks` is how many there are going to be. */
  constructor(index: UnfinishedVersion, lend: Lender, looks: number) {
    this.#index = index;
    this.#lend = lend;
    this.#many = looks >= MANY;
    this.#probe = reusableProbe(index.config.dimensions);
  }

  /**
   * Looks for a row. Deterministic (I10), whatever is known ahead. Time: O(rows), by codes where there are enough dimensions,
   * less where it is known what is far.
   */
  look(row: LiveRow, born: number, depth: Depth, ahead?: Ahead): Sample {
    return this.#lend((engine) => this.#look(engine, row, born, depth, ahead));
  }

  #look(
    engine: Engine | undefined,
    { home, columns, row }: LiveRow,
    born: number,
    { levels, measured }: Depth,
    ahead: Ahead | undefined,
  ): Sample {
    const { config, centroids, postingCount, churn } = this.#index;
    fillProbe(this.#probe, columns, row);
    const query = queryOfProbe(this.#probe, config.metric, true);
    const all = nearShards(this.#index, engine, query, centroids.size);
    const { ids, distances, centroidValues } = withoutItself(all, home, config.metric, query.length);
    const beyond = (rank: number): number =>
      Math.max(0, distances[Math.min(rank, distances.length) - 1] - distances[0]);
    const gap = beyond(GAP_RANK);
    const unit = gap > 0 ? gap : 1;
    const isEstimated = engine !== undefined && query.isBounded;
    const counts = NOTED.slice(0, levels);
    const best = new NearestRows(isEstimated ? Infinity : counts[levels - 1], { columns, row });
    const homes = this.#scan(engine, query, best, measured, ids, centroidValues, ahead);
    const found = best.nearest(counts);
    const unitsBeyond = (rank: number): number => (distances[rank] - distances[0]) / unit;
    return Object.freeze({
      ...keyOfRow(columns, row),
      hash: hashOfRow(columns, row),
      born,
      postingCount,
      shardCount: centroids.size,
      churn,
      nearest: distances[0],
      spread: beyond(SPREAD_RANK),
      gap,
      ranks: packRanks(ranksOf(found, homes, ids), unitsBeyond, levels),
    });
  }

  #directoryFor(engine: Engine | undefined): Directory | undefined {
    if (!this.#many) return undefined;
    if (this.#directory === undefined || this.#directory.engine !== engine)
      this.#directory = { of: newDirectory(this.#index), engine };
    return this.#directory.of;
  }

  /** Offers rows of all shards, among them the nearest. Returns which shards they may be of. */
  #scan(
    engine: Engine | undefined,
    query: ReturnType<typeof queryOfProbe>,
    best: NearestRows,
    measured: number,
    ids: readonly ShardId[],
    centroidValues: readonly number[],
    ahead: Ahead | undefined,
  ): ReadonlyMap<Columns, ShardId> {
    const { shards } = this.#index;
    if (this.#many) this.#homes ??= homesIn(shards.values());
    const scanned: Shard[] = [];
    const directory = this.#directoryFor(engine);
    const scan = scanFor(this.#index, query, best, { engine, sure: 0, directory });
    let [rows, pause] = [0, TOGETHER];
    ids.forEach((id, rank) => {
      const shard = shards.get(id) as Shard;
      // All of its rows would be dropped.
      if (!ahead?.isBeyond(shard, scan.limit)) {
        scan.scan(id, centroidValues[rank]);
        scanned.push(shard);
      }
      rows += shard.rows.liveCount;
      if (rows < pause) return;
      pause = rows + TOGETHER;
      if (scan.candidateCount > PRUNED * measured) scan.keepBest(measured);
    });
    scan.keepBest(measured);
    scan.measure();
    return this.#homes ?? homesIn(scanned);
  }
}

/** The shard that each block of some shards belongs to. */
function homesIn(shards: Iterable<Shard>): ReadonlyMap<Columns, ShardId> {
  const homes = new Map<Columns, ShardId>();
  for (const { id, rows } of shards) for (const { block } of rows.segments) homes.set(columnsOf(block), id);
  return homes;
}

/** The ranks of the shards that rows are in. */
function ranksOf(
  found: readonly Columns[],
  homes: ReadonlyMap<Columns, ShardId>,
  ids: readonly ShardId[],
): Int32Array {
  const left = new Set(found.map((columns) => homes.get(columns) as ShardId));
  const ranks = new Map<ShardId, number>();
  for (let rank = 0; left.size > 0; rank++) if (left.delete(ids[rank])) ranks.set(ids[rank], rank);
  return Int32Array.from(found, (columns) => ranks.get(homes.get(columns) as ShardId) as number);
}

/**
 * Ranks the shards as if the posting were not in any of them.
 *
 * The centroid of its own shard is the mean of n rows, one of which is the posting. The mean of the others is
 * n / (n − 1) times as far from it.
 */
function withoutItself(near: RankedShards, home: Shard, metric: Metric, length: number): RankedShards {
  const n = home.rows.liveCount;
  if (n < 2) return near;
  const [ids, distances, values] = [[...near.ids], [...near.distances], [...near.centroidValues]];
  const from = ids.indexOf(home.id);
  const corrected = (n * distances[from] + (metric === 'dot' ? length : 0)) / (n - 1);
  let to = from;
  // It moves back; by dot product, where distances may be negative, perhaps forward.
  const isBefore = (at: number): boolean =>
    distances[at] < corrected || (distances[at] === corrected && ids[at] < home.id);
  for (; to + 1 < ids.length && isBefore(to + 1); to++) move(to + 1, to);
  for (; to > 0 && !isBefore(to - 1); to--) move(to - 1, to);
  const value = near.centroidValues[from];
  [ids[to], distances[to]] = [home.id, corrected];
  if (values.length > 0) values[to] = value;
  return { ids, distances, centroidValues: values };

  function move(at: number, target: number): void {
    [ids[target], distances[target]] = [ids[at], distances[at]];
    if (values.length > 0) values[target] = values[at];
  }
}
