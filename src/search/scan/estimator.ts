/*
 * Runs table scans (FastScan): makes the query's tables, queues pieces of codes, and collects as candidates the rows
 * whose bounds are near enough. Coarse codes are queued; fine codes are scanned at once, with tables for their shard.
 */
import type { ShardexConfig } from '../../config.js';
import { rotationError } from '../../kernels/bounds.js';
import { typicalError } from '../../kernels/code-shape.js';
import { DOT, NONE, PIECE_WORDS, SQUARED_L2 } from '../../kernels/kernels.js';
import { columnsOf } from '../../version/row-block.js';
import { type Shard, matrixOf } from '../../version/shard.js';
import { codesAt } from '../memory/block-codes.js';
import { DEAD_BYTES, type Engine, PIECES } from '../memory/engine.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { type Terms, likelyTerms, provenTerms, slackFor, thresholdFor } from './estimates.js';
import { type Query, placeRotated } from '../memory/query.js';
import type { Candidates } from './candidates.js';

/** The share of an estimate's squared error that rounding of the query's tables may cause. */
const MOST_BLUR = 1 / 4;

/** Bounds rows by their codes, for one query. */
export class Estimator {
  readonly #config: ShardexConfig;
  readonly #engine: Engine;
  readonly #query: Query;
  readonly #sure: Confidence;
  readonly #slack: number;
  /** Offset and step of the query's tables, where one set serves all shards. */
  #offset = 0;
  #step = 0;
  /** The error that rounding of those tables adds, as a squared distance that the query is farther away. */
  #blur = 0;
  /** The rotation's error relative to a vector's length, and the greatest one allowed relative to a distance. */
  readonly #turned: number;
  readonly #mostTurned: number;
  /** The length of the query in kernel memory. */
  readonly #engineLength: number;
  #queued = 0;
  #queuedRows = 0;

  constructor(config: ShardexConfig, engine: Engine, query: Query, sure: Confidence) {
    this.#config = config;
    this.#engine = engine;
    this.#query = query;
    this.#sure = sure;
    this.#slack = slackFor(config.metric, query, engine.coarse, sure);
    const { padded, bits } = engine.coarse;
    this.#turned = rotationError(padded);
    // Half the standard error of an estimate of a row that is as far from the centroid.
    this.#mostTurned = typicalError(bits) / Math.sqrt(padded) / 2;
    this.#engineLength = config.metric === 'cosine' ? 1 : query.length;
    this.resume();
  }

  /** Puts the query and its tables into the engine again, after other queries used it. */
  resume(): void {
    const { kernels, coarse, around, at } = this.#engine;
    placeRotated(this.#engine, this.#query);
    if (around || this.#sure === PROVEN) return;
    const byDot = this.#config.metric === 'dot';
    kernels.tables(at.rotatedQuery, NONE, coarse.padded, coarse.bits, at.tables, at.line);
    const times = byDot ? -1 : -2;
    this.#offset = times * kernels.f32[at.line / 4];
    const step = kernels.f32[at.line / 4 + 1];
    this.#step = times * step;
    // By dot product the query is as far from all. An entry is off by up to half a step: by a twelfth of its square.
    if (!byDot) this.#blur = (step ** 2 * coarse.nibbles) / (12 * typicalError(coarse.bits) ** 2);
  }

  /**
   * Whether the query is so close to a centroid that rounding in the shared tables dominates the error of estimates.
   * So does what the rotation loses of both. Such shards take fine codes, by {@link bound}. By dot product no shard is
   * nearer than another. `centroidValue` is that of `RankedShards.centroidValues`.
   */
  isTooNear(centroidValue: number): boolean {
    if (this.#engine.byDot) return false;
    const root = Math.sqrt(Math.max(0, centroidValue));
    const turned = this.#turned * (2 * this.#engineLength + root);
    return this.#blur > MOST_BLUR * centroidValue || turned > this.#mostTurned * root;
  }

  /** Rows in the queue. */
  get queuedRows(): number {
    return this.#queuedRows;
  }

  /** Whether the queue has no room for another piece. */
  get isFull(): boolean {
    return this.#queued === PIECES;
  }

  /**
   * Queues codes of a shard for {@link estimate}; until then they must not be evicted.
   *
   * `centroidValue` is that of `RankedShards.centroidValues`, `dead` the result of {@link copyDeadBits}.
   */
  queue(
    address: number,
    skipped: number,
    rows: number,
    dead: number,
    label: number,
    centroidValue: number,
  ): void {
    const { kernels, coarse, around, byDot, at } = this.#engine;
    const { u32, f32 } = kernels;
    const word = at.pieces / 4 + PIECE_WORDS * this.#queued;
    u32[word] = codesAt(this.#engine, coarse, address) + skipped;
    u32[word + 1] = rows;
    if (around) u32[word + 2] = address;
    else {
      f32[word + 2] = centroidValue;
      f32[word + 3] = byDot
        ? this.#offset
        : this.#offset - this.#slack * Math.sqrt(centroidValue + this.#blur);
    }
    u32[word + 4] = dead;
    u32[word + 5] = label;
    this.#queued++;
    this.#queuedRows += rows;
  }

  /** Scans the queue. Rows with bounds beyond `worst` do not become candidates. */
  estimate(worst: number, candidates: Candidates): void {
    if (this.#queued === 0) return;
    const { kernels, coarse, around, at } = this.#engine;
    candidates.count += kernels.scanMany(
      at.pieces,
      this.#queued,
      around ? at.rotatedQuery : NONE,
      coarse.padded,
      coarse.bits,
      coarse.constants,
      at.tables,
      this.#step,
      this.#slack,
      thresholdFor(this.#config.metric, worst, 0, candidates.limit),
      candidates.end,
    );
    this.#queued = 0;
    this.#queuedRows = 0;
  }

  /** Scans fine codes at once, with tables for their shard. */
  bound(
    address: number,
    skipped: number,
    rows: number,
    dead: number,
    label: number,
    shard: Shard,
    worst: number,
    candidates: Candidates,
  ): void {
    const { kernels, fine, at } = this.#engine;
    const { metric } = this.#config;
    const { base, a, b, slack, margin } =
      this.#sure === PROVEN
        ? this.#provenTerms(shard, address, worst)
        : likelyTerms(this.#engine, metric, shard.centroid, this.#sure);
    candidates.count += kernels.scan(
      codesAt(this.#engine, fine, address) + skipped,
      fine.nibbles,
      fine.constants,
      rows,
      at.shardTables,
      base,
      a,
      b,
      slack,
      dead,
      thresholdFor(metric, worst, margin, candidates.limit),
      candidates.end,
      label,
    );
    candidates.margin = Math.max(candidates.margin, margin);
  }

  #provenTerms(shard: Shard, centre: number, worst: number): Terms {
    const { metric } = this.#config;
    const reach = metric === 'cosine' ? Math.sqrt(2 * worst) : worst;
    const longest = metric === 'dot' || worst === Infinity ? this.#longest(shard) : Infinity;
    return provenTerms(this.#engine, metric, this.#query, shard.centroid, centre, reach, longest);
  }

  /** Measures a shard's centroid, equal to the bit to its value in `RankedShards.centroidValues`. */
  centroidValueOf({ centroid }: Shard): number {
    const { kernels, coarse, at } = this.#engine;
    const byDot = this.#config.metric === 'dot';
    const { padded, dimensions } = coarse;
    kernels.f32.set(matrixOf(centroid).vectors, at.centre / 4);
    kernels.distances(byDot ? DOT : SQUARED_L2, at.query, at.centre, padded, 1, dimensions, at.line + 8);
    const value = kernels.f32[at.line / 4 + 2];
    // Not −0, as measured with the query negated.
    return byDot ? 0 - value : value;
  }

  /** Copies words of a bitmap of dead rows for the next piece; returns their address, or {@link NONE} for no words. */
  copyDeadBits(dead: ArrayLike<number>, deadAt: number, deadWords: number): number {
    if (deadWords === 0) return NONE;
    const { kernels, at } = this.#engine;
    const { u32 } = kernels;
    const address = at.dead + DEAD_BYTES * this.#queued;
    // A few words, one by one: a call would take longer.
    for (let word = 0, to = address / 4; word < deadWords; word++) u32[to + word] = dead[deadAt + word];
    return address;
  }

  /** The length of a shard's longest row in kernel memory. */
  #longest(shard: Shard): number {
    if (this.#config.metric === 'cosine') return 1;
    let most = 0;
    for (const { block, visible } of shard.rows.segments) {
      const { squaredNorms } = columnsOf(block);
      for (let row = 0; row < visible; row++) if (squaredNorms[row] > most) most = squaredNorms[row];
    }
    return Math.sqrt(most);
  }
}
