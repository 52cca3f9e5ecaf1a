/*
 * Bounds rows by products in 32 bits, which take a third of the time of exact ones in 64 bits. Their error is bounded, so
 * few rows more than are wanted become candidates, which are measured exactly. Rows are queued, and many segments are
 * compared in one call.
 */
import type { ShardexConfig } from '../../config.js';
import { productError } from '../../kernels/bounds.js';
import { DOT, NONE, PIECE_WORDS, type Product, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { columnsOf } from '../../version/row-block.js';
import { type DeadBits, type Segment, deadBits } from '../../version/shard-rows.js';
import { codable } from '../memory/block-codes.js';
import { PIECE } from '../memory/directory.js';
import { CANDIDATES, DEAD_BYTES, type Engine, PIECES } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import type { Slot } from '../memory/slots.js';
import type { Candidates } from './candidates.js';
import { thresholdFor } from './estimates.js';
import { type Copies, copiesIn, copiesOfRows, copyToScratch, hasCopies, longestAt } from './row-copies.js';

/** More than values may lose beside the error of a product: the factors, a sum, and what 64-bit sums lose. */
const ROUNDING = 2 ** -20;

/** More than squares and products may lose that underflow in 32 bits. */
const UNDERFLOW = 2 ** -99;

/** Bounds rows by products in 32 bits with one query, for which the bounds of kernels hold. */
export class ShortEstimator {
  readonly #engine: Engine;
  readonly #config: ShardexConfig;
  readonly #length: number;
  /** How many of the nearest rows are wanted. */
  readonly #most: number;
  readonly #product: Product;
  /** The error of a product, relative to itself by squared distances, else to the lengths of both vectors. */
  readonly #error: number;
  #queued = 0;
  #queuedRows = 0;
  /** The length of the longest row so far. */
  #longest = 0;
  /** The value beyond which no row is wanted, as far as is known from others. */
  #limit = Infinity;

  /** With `most` = Infinity all rows become candidates that the worst result does not rule out. */
  constructor(config: ShardexConfig, engine: Engine, { length }: Query, most: number) {
    this.#engine = engine;
    this.#config = config;
    this.#length = length;
    this.#most = Math.min(most, CANDIDATES);
    this.#product = config.metric === 'euclidean' ? SQUARED_L2 : DOT;
    this.#error = productError(this.#product, config.dimensions) + ROUNDING;
  }

  /** Rows in the queue. */
  get queuedRows(): number {
    return this.#queuedRows;
  }

  /** Whether the queue has no room for another piece. */
  get isFull(): boolean {
    return this.#queued === PIECES;
  }

  /** Whether a segment has a slot for copies. Making one may reuse memory, so the queue must be empty then. */
  hasCopies({ block }: Segment): boolean {
    return hasCopies(this.#engine, columnsOf(block));
  }

  /** The copies of a segment's rows, if there is room for them in the cache. */
  copiesOf({ block, visible }: Segment): Slot | undefined {
    return copiesOfRows(this.#engine, columnsOf(block), visible);
  }

  /** Whether the bounds of kernels hold for all rows of a segment. */
  isBounded({ block, visible }: Segment, slot: Slot | undefined): boolean {
    if (slot !== undefined) return longestAt(this.#engine, slot.at) !== undefined;
    const { squaredNorms } = columnsOf(block);
    for (let row = 0; row < visible; row++) if (!codable(squaredNorms[row])) return false;
    return true;
  }

  /**
   * Queues rows of a bounded segment, from a multiple of 32 on and at most {@link rowsTogether}, for {@link estimate}.
   *
   * Until then copies must not be evicted. Without a slot they are compared at once.
   */
  queue(
    segment: Segment,
    from: number,
    rows: number,
    slot: Slot | undefined,
    worst: number,
    candidates: Candidates,
  ): void {
    const columns = columnsOf(segment.block);
    if (slot === undefined) {
      const label = candidates.label(columns, from, rows, true);
      this.estimate(worst, candidates);
      this.#put(copyToScratch(this.#engine, columns, from, rows), 0, rows, segment, from, label);
      this.estimate(worst, candidates);
      return;
    }
    const copies = copiesIn(slot, columns);
    const label = candidates.label(columns, from, rows, true, slot);
    this.#put(copies, from, rows, segment, from, label);
  }

  /** Queues copies, behind the first `skipped`. */
  #put(copies: Copies, skipped: number, rows: number, segment: Segment, from: number, label: number): void {
    this.#longest = Math.max(this.#longest, longestAt(this.#engine, copies.head) ?? NaN);
    const { kernels, at } = this.#engine;
    const { u32 } = kernels;
    const { dimensions, metric } = this.#config;
    const word = at.pieces / 4 + PIECE_WORDS * this.#queued;
    u32[word] = copies.rows + 4 * dimensions * skipped;
    u32[word + 1] = rows;
    u32[word + 2] = metric === 'cosine' ? copies.factors + 4 * skipped : NONE;
    u32[word + 4] = this.#copyDead(deadBits(segment), from / 32, Math.ceil(rows / 32));
    u32[word + 5] = label;
    this.#queued++;
    this.#queuedRows += rows;
  }

  #copyDead(dead: DeadBits | undefined, deadAt: number, words: number): number {
    if (dead === undefined) return NONE;
    const { kernels, at } = this.#engine;
    const { u32 } = kernels;
    const address = at.dead + DEAD_BYTES * this.#queued;
    for (let word = 0, to = address / 4; word < words; word++) u32[to + word] = dead[deadAt + word];
    return address;
  }

  /** Compares what is queued. Rows beyond `worst`, or beyond as many as are wanted, do not become candidates. */
  estimate(worst: number, candidates: Candidates): void {
    if (this.#queued === 0) return;
    const { kernels, at } = this.#engine;
    const { metric, dimensions } = this.#config;
    const isEuclidean = metric === 'euclidean';
    const error = this.#error;
    // By squared distances the error is relative: values are made so small that they are lower bounds.
    const [base, scale] =
      metric === 'cosine' ? [2, -2 / this.#length] : isEuclidean ? [0, 1 - 2 * error] : [0, -1];
    const margin =
      UNDERFLOW + (metric === 'cosine' ? 2 * error : isEuclidean ? 0 : error * this.#length * this.#longest);
    candidates.margin = Math.max(candidates.margin, margin);
    candidates.count += kernels.nearRows(
      this.#product,
      at.shortProbe,
      at.pieces,
      this.#queued,
      dimensions,
      base,
      scale,
      this.#most,
      isEuclidean ? 8 * error : ROUNDING,
      4 * margin,
      thresholdFor(metric, worst, margin, this.#limit),
      candidates.end,
      at.line,
    );
    if (this.#most < CANDIDATES) this.#limit = kernels.f32[at.line / 4];
    this.#queued = 0;
    this.#queuedRows = 0;
  }
}

/** Rows of a segment that are queued at once: few, if they have to be copied each time. */
export function rowsTogether(slot: Slot | undefined): number {
  return slot === undefined ? STAGE : PIECE;
}
