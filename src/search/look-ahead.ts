/*
 * What a look will take, done ahead of it: the codes of all rows, and of each shard how near the nearest of its rows seems.
 * The look then passes over shards whose rows it would drop. A cache beside the versions: what a look finds does not depend on it
 * (I10), and without it, as in a process that has just begun, the look does all by itself.
 */

import type { ShardexConfig } from '../config.js';
import { type ReusableProbe, fillProbe, reusableProbe } from '../geometry/metric.js';
import type { Matrix } from '../geometry/metric.js';
import type { Sample } from '../calibration/calibration.js';
import type { Shard } from '../version/shard.js';
import type { ShardRows } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
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

/** What may be done ahead in a commit that writes so many postings, in components encoded. */
export function aheadBudget({ dimensions }: ShardexConfig, written: number): number {
  return written * Math.max(ENCODED, ENCODED_ROWS * dimensions);
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
    if (query.unit === undefined) return undefined;
    return scanFor({ config: this.#config, shards }, query, new NearestRows(Infinity), { engine, sure: 0 });
  }
}
