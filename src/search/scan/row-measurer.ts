// Measures rows exactly (re-ranking), where they lie or in kernel memory, and offers them to the top-k.
import type { ShardexConfig } from '../../config.js';
import { distanceOf, distances, scatteredDistances } from '../../geometry/metric.js';
import { DOT, NONE, type Product, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { keyOfRow } from '../../version/posting.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import { type Segment, eachLiveRow, isDead } from '../../version/shard-rows.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import type { RowFilter } from './row-filter.js';
import { mostLeft } from './row-cost.js';
import { copyOfRow, isCopied } from './row-copies.js';
import type { Kept } from './top-k.js';

/** Rows that are measured together: kernels take two or four at a time. */
export const TOGETHER = 4;

/** 32-bit numbers in a line of a processor's cache. */
const FETCHED = 16;

/** Numbers of a long row that are fetched: processors prefetch the rest by themselves. */
const MOST_FETCHED = 8 * FETCHED;

/** Components from which on copying rows to kernel memory pays. */
const LEAST_COPIED = 128;

/**
 * Measures rows exactly, and offers those that pass the filter to the top-k.
 *
 * With an engine that has SIMD it measures in kernel memory, with the same results to the bit.
 */
export class RowMeasurer {
  /** Rows that were measured so far. */
  count = 0;
  readonly #config: ShardexConfig;
  readonly #query: Query;
  readonly #best: Kept;
  readonly #filter: RowFilter | undefined;
  readonly #engine: Engine | undefined;
  readonly #product: Product;
  /** Named rows, and for each the least rank that it may be kept by, and where a copy lies. */
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
  readonly #ranks: number[] = [];
  readonly #counted: boolean[] = [];
  readonly #addresses: number[] = [];
  readonly #out: Float64Array;
  /** Whether all rows that were fetched last lie in kernel memory. */
  #placed = false;
  /** Whether named rows are measured in kernel memory. */
  readonly #copies: boolean;

  constructor(
    config: ShardexConfig,
    query: Query,
    best: Kept,
    filter: RowFilter | undefined,
    engine: Engine | undefined,
  ) {
    this.#config = config;
    this.#query = query;
    this.#best = best;
    this.#filter = filter;
    this.#engine = isCopied(engine) ? engine : undefined;
    this.#product = config.metric === 'euclidean' ? SQUARED_L2 : DOT;
    this.#copies = this.#engine !== undefined && config.dimensions >= LEAST_COPIED;
    this.#out = this.#engine?.out ?? new Float64Array(STAGE);
    this.resume();
  }

  /** Puts the query into the engine again, after other queries used it. */
  resume(): void {
    if (this.#engine === undefined) return;
    const { kernels, at } = this.#engine;
    kernels.f64.set(this.#query.probe.vector, at.probe / 8);
    kernels.f32.set(this.#query.probe.vector, at.shortProbe / 4);
  }

  /**
   * Names a row that is to be measured, at index `i`, at most {@link STAGE}.
   *
   * `isCounted` says that it counts as measured already; at `address` is a copy of it, unless that is {@link NONE}.
   */
  name(
    i: number,
    columns: Columns,
    row: number,
    rank: number,
    isCounted = false,
    address: number = NONE,
  ): void {
    this.#columns[i] = columns;
    this.#rows[i] = row;
    this.#ranks[i] = rank;
    this.#counted[i] = isCounted;
    this.#addresses[i] = address;
  }

  /**
   * Touches the memory of the first `count` named rows.
   *
   * They are scattered. Memory serves many requests at a time, so measuring need not wait for one row after another.
   */
  fetch(count: number): void {
    const { dimensions } = this.#config;
    const length = Math.min(dimensions, MOST_FETCHED);
    const engine = this.#engine;
    let sum = 0;
    let first = 0;
    if (engine !== undefined) {
      // Near rows were read just now.
      const { u32 } = engine.kernels;
      const addresses = this.#addresses;
      for (let word = engine.at.rowAddresses / 4; first < count && addresses[first] !== NONE; first++)
        u32[word + first] = addresses[first];
    }
    let placed = engine !== undefined;
    for (let i = first; i < count; i++) {
      const known = this.#addresses[i];
      if (engine !== undefined && known !== NONE) {
        engine.kernels.u32[engine.at.rowAddresses / 4 + i] = known;
        continue;
      }
      const columns = this.#columns[i];
      const row = this.#rows[i];
      sum += columns.squaredNorms[row];
      let from = columns.vectors;
      let at = row * dimensions;
      if (engine !== undefined && this.#copies) {
        const address = copyOfRow(engine, columns, row, engine.at.rows + 4 * dimensions * i);
        engine.kernels.u32[engine.at.rowAddresses / 4 + i] = address;
        from = engine.kernels.f32;
        at = address / 4;
      } else placed = false;
      for (const end = at + length; at < end; at += FETCHED) sum += from[at];
    }
    this.#placed = placed;
    // The sum is kept, or an optimizing compiler would drop the reads.
    this.#out[0] = sum;
  }

  /** Measures `count` fetched rows from index `first` on, and offers them. */
  measure(first: number, count: number): void {
    const { metric, dimensions } = this.#config;
    const { probe } = this.#query;
    const [columns, rows] = [this.#columns, this.#rows];
    const out = this.#out;
    if (this.#engine !== undefined && this.#placed) {
      const { kernels, at } = this.#engine;
      kernels.measureAt(this.#product, at.probe, at.rowAddresses + 4 * first, count, dimensions, at.measured);
      const { f64 } = kernels;
      const { squaredNorm } = probe;
      for (let i = 0, measured = at.measured / 8; i < count; i++) {
        // By cosine alone the lengths of rows count.
        const square = metric === 'cosine' ? columns[first + i].squaredNorms[rows[first + i]] : 1;
        out[i] = distanceOf(metric, f64[measured + i], squaredNorm, square);
      }
    } else scatteredDistances(metric, probe, columns, rows, first, count, out);
    const [best, filter, ranks, counted] = [this.#best, this.#filter, this.#ranks, this.#counted];
    for (let i = 0; i < count; i++) {
      if (!counted[first + i]) this.count++;
      const distance = out[i];
      const least = ranks[first + i];
      const rank = least > distance ? least : distance;
      if (rank > best.worst) continue;
      const [of, row] = [columns[first + i], rows[first + i]];
      if (filter !== undefined && !filter(keyOfRow(of, row))) continue;
      best.offer(distance, of, row, rank);
    }
  }

  /** Whether so few rows of a segment are alive that they are measured one by one. */
  isSparse({ liveCount, visible }: Segment): boolean {
    return liveCount <= mostLeft(this.#config.dimensions, visible);
  }

  /** Measures all live rows of a segment where they lie: one by one where they are few, else with the dead ones. */
  measureAll(segment: Segment): void {
    const columns = columnsOf(segment.block);
    const { visible } = segment;
    if (this.isSparse(segment)) {
      this.#measureFew(segment, columns);
      return;
    }
    this.count += segment.liveCount;
    for (let first = 0; first < visible; first += STAGE) {
      const count = Math.min(STAGE, visible - first);
      distances(this.#config.metric, this.#query.probe, columns, first, count, this.#out);
      this.#offerLive(segment, columns, first, count);
    }
  }

  /** Measures the live rows of a segment one by one. */
  #measureFew(segment: Segment, columns: Columns): void {
    let named = 0;
    const measureNamed = (): void => {
      this.fetch(named);
      this.measure(0, named);
      named = 0;
    };
    eachLiveRow(segment, 0, (row) => {
      this.name(named++, columns, row, -Infinity);
      if (named === STAGE) measureNamed();
    });
    measureNamed();
  }

  /** Offers the live ones of `count` measured rows from `first` on. */
  #offerLive(segment: Segment, columns: Columns, first: number, count: number): void {
    const [out, best] = [this.#out, this.#best];
    let { worst } = best;
    for (let i = 0; i < count; i++) {
      if (out[i] > worst || isDead(segment, first + i)) continue;
      if (this.#filter === undefined || this.#filter(keyOfRow(columns, first + i)))
        best.offer(out[i], columns, first + i, out[i]);
      ({ worst } = best);
    }
  }
}
