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
import type { Engine, Lender } from './engine.js';
import { type Near, nearShards } from './near-shards.js';
import { QueryRoom, queryOfProbe } from './query.js';
import { ShardScan } from './shard-scan.js';
import { TopK } from './top-k.js';

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

/** Shards that are scanned in one go. */
const TOGETHER = 8;

/** Looks for postings of one version, one after the other. */
export class Looker {
  readonly #index: Looked;
  readonly #lend: Lender;
  readonly #probe: ReusableProbe;
  readonly #room: QueryRoom;
  #homes: ReadonlyMap<Columns, ShardId> | undefined;

  constructor(index: Looked, lend: Lender) {
    this.#index = index;
    this.#lend = lend;
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
    const { ids, apart } = withoutItself(all, home, config.metric, query.length);
    const beyond = (rank: number): number => Math.max(0, apart[Math.min(rank, apart.length) - 1] - apart[0]);
    const gap = beyond(GAP_RANK);
    const unit = gap > 0 ? gap : 1;
    const homes = (this.#homes ??= homesIn(this.#index));
    const rankOf = new Map(ids.map((id, rank) => [id, rank]));
    const values = new Map(all.ids.map((id, i) => [id, all.values[i]]));
    const neighbours = this.#neighbours(engine, query, ids, values)
      .filter((found) => found.columns !== columns || found.row !== row)
      .slice(0, MOST)
      .map((found): Neighbour => {
        const rank = rankOf.get(homes.get(found.columns) as ShardId) as number;
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

  /** The nearest rows in all shards, nearest first. */
  #neighbours(
    engine: Engine | undefined,
    query: ReturnType<typeof queryOfProbe>,
    ids: readonly ShardId[],
    values: ReadonlyMap<ShardId, number | undefined>,
  ): { columns: Columns; row: number }[] {
    // One more than wanted, for the posting itself.
    const best = new TopK(MOST + 1, false);
    const scan = new ShardScan(this.#index, query, best, undefined, engine, 0);
    ids.forEach((id, rank) => {
      scan.scan(id, values.get(id));
      if ((rank + 1) % TOGETHER === 0 && scan.waiting > PRUNED * MEASURED) scan.keepBest(MEASURED);
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

/**
 * The shards as they would be ranked if the posting were not among them: its own centroid is nearer to it than it would
 * be to a stranger, since it is the mean of its members. Without one of n it is n / (n − 1) times as far.
 */
function withoutItself(
  { ids, apart }: Near,
  home: Shard,
  metric: Metric,
  length: number,
): Pick<Near, 'ids' | 'apart'> {
  const n = home.rows.liveCount;
  if (n < 2) return { ids, apart };
  const corrected = ids.map((id, i): [ShardId, number] => {
    if (id !== home.id) return [id, apart[i]];
    return [id, (n * apart[i] + (metric === 'dot' ? length : 0)) / (n - 1)];
  });
  corrected.sort(([a, x], [b, y]) => x - y || a - b);
  return { ids: corrected.map(([id]) => id), apart: corrected.map(([, x]) => x) };
}
