/*
 * What a look will take, done ahead of it: the codes of all rows, and of each shard how near the nearest of its rows seems.
 * The look then passes over shards whose rows it would drop. A cache beside the versions: what a look finds does not depend on it
 * (I10), and without it, as in a process that has just begun, the look does all by itself.
 */

import type { ShardexConfig } from '../config.js';
import { type ReusableProbe, fillProbe, reusableProbe } from '../geometry/metric.js';
import type { Matrix } from '../geometry/metric.js';
import type { Sample } from '../calibration/calibration.js';
import { type Shard, type ShardId, matrixOf } from '../version/shard.js';
import type { ShardRows } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { codable, codesOf } from './memory/block-codes.js';
import { PIECE } from './memory/directory.js';
import { type Engine, usingEngine } from './memory/engine.js';
import { queryOfProbe } from './memory/query.js';
import { NearestRows } from './scan/nearest-rows.js';
import { scanFor } from './scan/scan-for.js';
import type { ShardScan } from './scan/shard-scan.js';

/**
 * Components that are encoded ahead in a commit, for each posting that it writes: a millisecond or two. Of long rows so many
 * more that all are encoded while as much of an index is written as a look waits for.
 */
const ENCODED = 2 ** 18;
const ENCODED_ROWS = 160;

/** Estimating a row by its code takes this share of making the code. */
const ESTIMATED = 1 / 64;

/**
 * Whether a look is too short to be worth preparing, apart from its codes.
 *
 * That is so if scanning all rows takes at most a quarter of the budget of a commit, some 0.3 ms. A scan ahead would be
 * repeated by the look.
 */
export function isShort({ config, postingCount }: Pick<ShardexIndex, 'config' | 'postingCount'>): boolean {
  return ESTIMATED * postingCount * config.dimensions <= aheadBudget(config, 1) / 4;
}

/** What may be done ahead in a commit that writes so many postings, in components encoded. */
export function aheadBudget({ dimensions }: ShardexConfig, written: number): number {
  return written * Math.max(ENCODED, ENCODED_ROWS * dimensions);
}

/** What it takes to find that a shard is gone, in components encoded. */
const GONE = 16;

/** Up to which shard each lineage has codes: ids ascend, and shards that come later have greater ones. */
const encodedTo = new WeakMap<ShardexConfig, ShardId>();

/**
 * Makes the codes of shards that nobody has looked at yet, for so many components that are encoded; returns how many are
 * left. Nothing is evicted for them. Time: O(1) where there are no new shards.
 */
export function encodeAhead(
  { config, shards, nextShardId }: Pick<ShardexIndex, 'config' | 'shards' | 'nextShardId'>,
  budget: number,
): number {
  let id = encodedTo.get(config) ?? 0;
  if (id >= nextShardId) return budget;
  let left = budget;
  usingEngine(config, (engine) => {
    for (; id < nextShardId && left > 0; id++) {
      const shard = shards.get(id);
      left -= engine === undefined || shard === undefined ? GONE : encoded(engine, shard, left);
      // Of a shard only as much as is left, and the rest by the next commit.
      if (left < 0) break;
    }
  });
  encodedTo.set(config, id);
  return Math.max(0, left);
}

/** Makes codes of a shard as far as a budget goes. Returns what it takes to make all, so more than the budget if it cannot. */
function encoded(engine: Engine, { centroid, rows }: Shard, budget: number): number {
  if (!codable(matrixOf(centroid).squaredNorms[0])) return 0;
  const { slots, coarse } = engine;
  let cost = 0;
  for (const { block, visible } of rows.segments) {
    const known = slots.find(block)?.rows ?? 0;
    const most = Math.ceil(Math.max(0, budget - cost) / coarse.dimensions);
    if (known >= visible) continue;
    // The cache is full: what is missing is made by those who want it.
    if (codesOf(engine, coarse, block, centroid, Math.min(visible, known + most), false) === undefined)
      return 0;
    cost += (visible - known) * coarse.dimensions;
  }
  return cost;
}

/** What is known of each waiting sample. */
const known = new WeakMap<Sample, Ahead>();

/** What is known of a sample that was waited for, if anything is. */
export function aheadOf(sample: Sample): Ahead | undefined {
  return known.get(sample);
}

/** Begins to look ahead for a sample. */
export function beginAhead(sample: Sample, config: ShardexConfig, rows: Matrix, row: number): Ahead {
  const ahead = new Ahead(config, rows, row);
  known.set(sample, ahead);
  return ahead;
}

/** What a look for one posting will want to know. */
export class Ahead {
  readonly #config: ShardexConfig;
  readonly #probe: ReusableProbe;
  /** The least bound of each shard's rows, as long as it has the same ones. */
  readonly #least = new WeakMap<ShardRows, number>();
  /** Chunks of centroids whose shards were gone through; others that come later are left to the look. */
  #chunks = 0;

  constructor(config: ShardexConfig, rows: Matrix, row: number) {
    this.#config = config;
    this.#probe = reusableProbe(config.dimensions);
    fillProbe(this.#probe, rows, row);
  }

  /** Whether all rows of a shard are known to be beyond a bound. */
  isBeyond({ rows }: Shard, limit: number): boolean {
    const least = this.#least.get(rows);
    return least !== undefined && least > limit;
  }

  /** Goes on with the shards of a version, for so many components that are encoded; returns how many are left. */
  goOn(index: Pick<ShardexIndex, 'shards' | 'centroids'>, budget: number): number {
    const { chunks } = index.centroids;
    // Of shards that are scanned in pieces, it would matter when each piece comes.
    if (this.#chunks >= chunks.length || this.#config.shardCapacity > PIECE) return budget;
    return usingEngine(this.#config, (engine) => this.#goOn(index, engine, budget));
  }

  #goOn(
    { shards, centroids: { chunks } }: Pick<ShardexIndex, 'shards' | 'centroids'>,
    engine: Engine | undefined,
    budget: number,
  ): number {
    const scan = engine && this.#scan(shards, engine);
    if (engine === undefined || scan === undefined) {
      this.#chunks = Infinity;
      return budget;
    }
    let left = budget;
    for (; this.#chunks < chunks.length; this.#chunks++) {
      for (const id of chunks[this.#chunks].ids) {
        const { rows } = shards.get(id) as Shard;
        if (this.#least.has(rows)) continue;
        if (left <= 0) return 0;
        const before = engine.encoded;
        const least = scan.leastOf(id);
        if (least !== undefined) this.#least.set(rows, least);
        left -= (engine.encoded - before + ESTIMATED * rows.rowCount) * this.#config.dimensions;
      }
    }
    return Math.max(0, left);
  }

  #scan(shards: ShardexIndex['shards'], engine: Engine): ShardScan | undefined {
    const { metric } = this.#config;
    const query = queryOfProbe(this.#probe, metric);
    if (!query.isBounded) return undefined;
    return scanFor({ config: this.#config, shards }, query, new NearestRows(Infinity), { engine, sure: 0 });
  }
}
