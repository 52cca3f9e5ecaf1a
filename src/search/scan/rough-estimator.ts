/*
 * Compares a query with rows in 16 bits around the centroid of their shard. They take half the memory of 32 bits and a third
 * of the instructions. Their error is bounded, so that few more candidates than wanted are left to be measured exactly.
 */
import type { ShardexConfig } from '../../config.js';
import { roughError } from '../../kernels/bounds.js';
import { DOT, type Product, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { columnsOf } from '../../version/row-block.js';
import type { Centroid } from '../../version/shard.js';
import { type Segment, deadBits } from '../../version/shard-rows.js';
import type { Engine } from '../memory/engine.js';
import { type Query, placeQuery } from '../memory/query.js';
import { longestCentreOf, roughChunkBytes, roughChunksAt, roughRowsOf } from '../memory/rough-rows.js';
import type { Slot } from '../memory/slots.js';
import type { Candidates } from './candidates.js';
import { thresholdFor } from './estimates.js';
import { keptCopies } from './row-copies.js';

/** More than a cosine may lose by scaling query and rows to unit length in 32 bits. */
const UNIT_ROUNDING = 2 ** -20;

/** Candidates are cut back once there are twice as many as wanted, or this many more. */
const SPARE = 64;

/** The share of the budget that row copies may take. It is less than that of rows in 16 bits, which save more time. */
const MOST_COPIES = 3 / 8;

/** The greatest value: Infinity stands where there is no row. */
const MAX_FLOAT32 = 3.4028234663852886e38;

/** Compares rows in 16 bits with one query, for which the bounds of kernels hold. */
export class RoughEstimator {
  readonly #engine: Engine;
  readonly #config: ShardexConfig;
  readonly #query: Query;
  /** How many of the nearest rows are wanted. */
  readonly #most: number;
  readonly #product: Product;
  /** No row with a greater value is wanted. It falls as rows are compared. */
  #limit = Infinity;
  #full: number;

  /** With `most` = Infinity all rows become candidates that the worst result does not rule out. */
  constructor(config: ShardexConfig, engine: Engine, query: Query, most: number) {
    this.#engine = engine;
    this.#config = config;
    this.#query = query;
    this.#most = most;
    this.#full = Math.max(2 * most, most + SPARE);
    this.#product = engine.byDot ? DOT : SQUARED_L2;
    this.resume();
  }

  /** Puts the query into the engine again, after other queries used it. */
  resume(): void {
    placeQuery(this.#engine, this.#query);
  }

  /** The rows of a segment in 16 bits; `undefined` if there is no room, or if the bounds of kernels do not hold for all. */
  rowsOf({ block, visible }: Segment, centroid: Centroid): Slot | undefined {
    const slot = roughRowsOf(this.#engine, block, centroid, visible);
    return slot !== undefined && longestCentreOf(this.#engine, slot) !== undefined ? slot : undefined;
  }

  /**
   * Compares `rows` rows of a segment, from a multiple of {@link STAGE} on, and adds candidates. There must be room for them.
   *
   * The first `others` candidates have bounds by codes, which cannot be compared with these values.
   */
  compare(
    segment: Segment,
    from: number,
    rows: number,
    slot: Slot,
    worst: number,
    candidates: Candidates,
    others: number,
  ): void {
    const { kernels, coarse, at } = this.#engine;
    const { padded } = coarse;
    const columns = columnsOf(segment.block);
    const bytes = roughChunkBytes(this.#engine);
    const count = Math.ceil(rows / STAGE);
    let chunk = roughChunksAt(slot) + bytes * (from / STAGE);
    for (let c = 0; c < count; c++, chunk += bytes) kernels.u32[at.chunks / 4 + c] = chunk;
    kernels.roughDistances(
      this.#product,
      at.query,
      at.chunks,
      count,
      padded,
      at.integers,
      at.products,
      at.line,
    );
    this.#dropDead(segment, from, rows);
    const margin = this.#marginOf(longestCentreOf(this.#engine, slot) ?? NaN);
    const threshold = Math.min(
      MAX_FLOAT32,
      thresholdFor(this.#config.metric, worst, margin, Infinity),
      up(this.#limit + margin),
    );
    const found = kernels.within(at.products, rows, threshold, candidates.end, candidates.nextLabel);
    if (found === 0) return;
    // Copying may evict the rows in 16 bits, so it comes last.
    candidates.label(columns, from, rows, true, keptCopies(this.#engine, columns, MOST_COPIES));
    candidates.count += found;
    candidates.margin = Math.max(candidates.margin, margin);
    this.#cut(candidates, others);
  }

  /** The greatest error of the values that the kernel computed last. */
  #marginOf(centreLength: number): number {
    const { kernels, coarse, unit, at } = this.#engine;
    const [farthest, reach] = [kernels.f32[at.line / 4], kernels.f32[at.line / 4 + 1]];
    const error = roughError(this.#product, coarse.padded, farthest, reach, centreLength);
    return unit === 1 ? error + UNIT_ROUNDING : error;
  }

  #dropDead(segment: Segment, from: number, rows: number): void {
    const dead = deadBits(segment);
    if (dead === undefined) return;
    const { kernels, at } = this.#engine;
    const { f32 } = kernels;
    const first = at.products / 4 - from;
    for (let word = from / 32; word < Math.ceil((from + rows) / 32); word++) {
      for (let bits = dead[word] | 0; bits !== 0; bits &= bits - 1)
        f32[first + 32 * word + 31 - Math.clz32(bits & -bits)] = Infinity;
    }
  }

  /** Drops candidates that are not wanted, once they are many. */
  #cut(candidates: Candidates, others: number): void {
    const count = candidates.count - others;
    if (count < (this.#limit === Infinity ? this.#most : this.#full)) return;
    const { kernels, at } = this.#engine;
    const address = at.candidates + 8 * others;
    const last = kernels.select(address, count, this.#most);
    this.#limit = Math.min(this.#limit, up(last + candidates.margin));
    const left = kernels.keep(address, count, up(this.#limit + candidates.margin));
    this.#full = Math.max(2 * Math.max(this.#most, left), this.#most + SPARE);
    candidates.count = others + left;
  }
}

/** Rounded up, as kernels work in 32 bits. */
function up(value: number): number {
  return value + Math.abs(value) * 2 ** -22;
}
