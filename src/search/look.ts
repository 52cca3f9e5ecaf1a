/*
 * Looks for a posting of the index as if it were not there, in all shards, and notes in which of its nearest shards its
 * true neighbours are. Nothing is left out: a truth found in part of the shards would know nothing of the neighbours
 * elsewhere, and every recall derived from it would be too high.
 */

import type { Metric } from '../config.js';
import { GAP_RANK, SPREAD_RANK } from '../calibration/cost.js';
import type { Sample } from '../calibration/calibration.js';
import { LEVELS, type Neighbour, packRanks } from '../calibration/ranks.js';
import { type ReusableProbe, fillProbe, reusableProbe } from '../geometry/metric.js';
import { keyOfRow } from '../version/posting.js';
import { type Columns, columnsOf, hashOfRow } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Directory, newDirectory } from './memory/directory.js';
import type { Engine, Lender } from './memory/engine.js';
import { type RankedShards, nearShards } from './ranking/near-shards.js';
import { QueryRoom, queryOfProbe } from './memory/query.js';
import { scanFor } from './scan/scan-for.js';
import { TopK } from './scan/top-k.js';

/** The parts of a version in the making that looking for a posting takes. */
export type Looked = Pick<ShardexIndex, 'config' | 'centroids' | 'shards' | 'postingCount' | 'churn'>;

/** A live row, and the shard that it is in. */
export interface LiveRow {
  readonly home: Shard;
  readonly columns: Columns;
  readonly row: number;
}

const MOST = LEVELS[LEVELS.length - 1];

/**
 * The best rows by their estimates, so many, are measured, which nearly all of the true neighbours are among. The best
 * thousand alone would not do: where rows differ by less than estimates err, they are of farther shards than the true ones.
 */
const MEASURED = 1.5 * MOST;

/** When this many times as many estimates wait as are wanted, only the best of them go on waiting. */
const PRUNED = 4;

/** Rows that are estimated before the best of them are picked out. */
const TOGETHER = 4096;

/** Fewer looks than this do not pay for a directory of all shards. */
const MANY = 4;

/** Looks for postings of one version, one after the other. */
export class Looker {
  readonly #index: Looked;
  readonly #lend: Lender;
  readonly #probe: ReusableProbe;
  readonly #room: QueryRoom;
  readonly #many: boolean;
  /** The directory of all shards, and the engine whose codes it knows the places of. */
  #directory: { readonly of: Directory; readonly engine: Engine | undefined } | undefined;
  #homes: ReadonlyMap<Columns, ShardId> | undefined;

  /** `looks` is how many there are going to be. */
  constructor(index: Looked, lend: Lender, looks: number) {
    this.#index = index;
    this.#lend = lend;
    this.#many = looks >= MANY;
    this.#probe = reusableProbe(index.config.dimensions);
    this.#room = new QueryRoom(index.config.dimensions);
  }

  /** Looks for a row. Deterministic (I10). Time: O(rows), by codes where there are enough dimensions. */
  look(row: LiveRow, born: number): Sample {
    return this.#lend((engine) => this.#look(engine, row, born));
  }

  #look(engine: Engine | undefined, { home, columns, row }: LiveRow, born: number): Sample {
    const { config, centroids, postingCount, churn } = this.#index;
    fillProbe(this.#probe, columns, row);
    const query = queryOfProbe(this.#probe, config.metric, this.#room);
    const all = nearShards(this.#index, engine, query, centroids.size);
    const { ids, apart, values } = withoutItself(all, home, config.metric, query.length);
    const beyond = (rank: number): number => Math.max(0, apart[Math.min(rank, apart.length) - 1] - apart[0]);
    const gap = beyond(GAP_RANK);
    const unit = gap > 0 ? gap : 1;
    const homes = (this.#homes ??= homesIn(this.#index));
    const found = this.#neighbours(engine, query, ids, values)
      .filter((one) => one.columns !== columns || one.row !== row)
      .slice(0, MOST)
      .map((one) => homes.get(one.columns) as ShardId);
    const ranks = ranksOf(found, ids);
    const neighbours = found.map((id): Neighbour => {
      const rank = ranks.get(id) as number;
      return { rank, beyond: (apart[rank] - apart[0]) / unit };
    });
    return Object.freeze({
      ...keyOfRow(columns, row),
      hash: hashOfRow(columns, row),
      born,
      postingCount,
      shardCount: centroids.size,
      churn,
      nearest: apart[0],
      spread: beyond(SPREAD_RANK),
      gap,
      ranks: packRanks(neighbours),
    });
  }

  #directoryFor(engine: Engine | undefined): Directory | undefined {
    if (!this.#many) return undefined;
    if (this.#directory === undefined || this.#directory.engine !== engine)
      this.#directory = { of: newDirectory(this.#index), engine };
    return this.#directory.of;
  }

  /** The nearest rows in all shards, nearest first. */
  #neighbours(
    engine: Engine | undefined,
    query: ReturnType<typeof queryOfProbe>,
    ids: readonly ShardId[],
    values: readonly number[],
  ): { columns: Columns; row: number }[] {
    // One more than wanted, for the posting itself.
    const best = new TopK(MOST + 1, false);
    const directory = this.#directoryFor(engine);
    const scan = scanFor(this.#index, query, best, { engine, sure: 0, directory });
    let pause = TOGETHER;
    ids.forEach((id, rank) => {
      scan.scan(id, values[rank]);
      if (scan.tally.rows < pause) return;
      pause = scan.tally.rows + TOGETHER;
      if (scan.candidateCount > PRUNED * MEASURED) scan.keepBest(MEASURED);
    });
    scan.keepBest(MEASURED);
    scan.measure();
    return best.sorted();
  }
}

/** The shard that each block belongs to. */
function homesIn({ shards }: Looked): ReadonlyMap<Columns, ShardId> {
  const homes = new Map<Columns, ShardId>();
  for (const { id, rows } of shards.values())
    for (const { block } of rows.segments) homes.set(columnsOf(block), id);
  return homes;
}

/** The ranks of some shards, whose ids may be named more than once. */
function ranksOf(wanted: readonly ShardId[], ids: readonly ShardId[]): ReadonlyMap<ShardId, number> {
  const left = new Set(wanted);
  const ranks = new Map<ShardId, number>();
  for (let rank = 0; left.size > 0; rank++) if (left.delete(ids[rank])) ranks.set(ids[rank], rank);
  return ranks;
}

/**
 * The shards as they would be ranked if the posting were not among them: its own centroid is nearer to it than it would
 * be to a stranger, since it is the mean of its members. Without one of n it is n / (n − 1) times as far.
 */
function withoutItself(near: RankedShards, home: Shard, metric: Metric, length: number): RankedShards {
  const n = home.rows.liveCount;
  if (n < 2) return near;
  const [ids, apart, values] = [[...near.ids], [...near.apart], [...near.values]];
  const from = ids.indexOf(home.id);
  const corrected = (n * apart[from] + (metric === 'dot' ? length : 0)) / (n - 1);
  let to = from;
  // Farther than it was, but for what is beyond being less than 0 by dot product.
  const comes = (at: number): boolean =>
    apart[at] < corrected || (apart[at] === corrected && ids[at] < home.id);
  for (; to + 1 < ids.length && comes(to + 1); to++) move(to + 1, to);
  for (; to > 0 && !comes(to - 1); to--) move(to - 1, to);
  const value = near.values[from];
  [ids[to], apart[to]] = [home.id, corrected];
  if (values.length > 0) values[to] = value;
  return { ids, apart, values };

  function move(at: number, place: number): void {
    [ids[place], apart[place]] = [ids[at], apart[at]];
    if (values.length > 0) values[place] = values[at];
  }
}
