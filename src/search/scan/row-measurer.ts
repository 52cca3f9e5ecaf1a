// Measures rows exactly (re-ranking), where they lie or in kernel memory, and offers them to the top-k.
import type { ShardexConfig } from '../../config.js';
import { distanceOf, distances, scatteredDistances } from '../../geometry/metric.js';
import { DOT, type Product, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { keyOfRow } from '../../version/posting.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import { type Segment, eachLiveRow, isDead } from '../../version/shard-rows.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import type { RowFilter } from './row-filter.js';
import { mostLeft } from './row-cost.js';
import { ShortBound } from './short-bound.js';
import { copiesOfRows, copyOfRow, isCopied } from './row-copies.js';
import type { Kept } from './top-k.js';

/** Rows that are measured together: kernels take two or four at a time. */
export const TOGETHER = 4;

/** 32-bit numbers in a line of a processor's cache. */
const FETCHED = 16;

/** Numbers of a long row that are fetched: processors prefetch the rest by themselves. */
const MOST_FETCHED = 8 * FETCHED;

/** Components that are copied together: they stay in the fastest cache until they are measured. */
const COPIED = 8192;

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
  /** Named rows, and for each the least rank that it may be kept by. */
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
  readonly #ranks: number[] = [];
  readonly #out = new Float64Array(STAGE);
  /** Whether named rows are measured in kernel memory. */
  readonly #copies: boolean;
  /** Rules rows out by products in 32 bits, where their error is bounded. */
  readonly #bound: ShortBound | undefined;

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
    if (this.#engine !== undefined && query.unit !== undefined) this.#bound = new ShortBound(config, query);
    this.resume();
  }

  /** Puts the query into the engine again, after other queries used it. */
  resume(): void {
    if (this.#engine === undefined) return;
    const { kernels, at } = this.#engine;
    kernels.f64.set(this.#query.probe.vector, at.probe / 8);
    kernels.f32.set(this.#query.probe.vector, at.shortProbe / 4);
  }

  /** Names a row that is to be measured, at index `i`. */
  name(i: number, columns: Columns, row: number, rank: number): void {
    this.#columns[i] = columns;
    this.#rows[i] = row;
    this.#ranks[i] = rank;
  }

  /**
   * Touches the memory of the first `count` named rows, at most {@link STAGE}.
   *
   * They are scattered. Memory serves many requests at a time, so measuring need not wait for one row after another.
   */
  fetch(count: number): void {
    const { dimensions } = this.#config;
    const length = Math.min(dimensions, MOST_FETCHED);
    const engine = this.#copies ? this.#engine : undefined;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const columns = this.#columns[i];
      const row = this.#rows[i];
      sum += columns.squaredNorms[row];
      let from = columns.vectors;
      let at = row * dimensions;
      if (engine !== undefined) {
        const address = copyOfRow(engine, columns, row, engine.at.rows + 4 * dimensions * i);
        engine.kernels.u32[engine.at.rowAddresses / 4 + i] = address;
        from = engine.kernels.f32;
        at = address / 4;
      }
      for (const end = at + length; at < end; at += FETCHED) sum += from[at];
    }
    // The sum is kept, or an optimizing compiler would drop the reads.
    this.#out[0] = sum;
  }

  /** Measures `count` fetched rows from index `first` on, at most {@link TOGETHER}, and offers them. */
  measure(first: number, count: number): void {
    const { metric, dimensions } = this.#config;
    const { probe } = this.#query;
    const [columns, rows] = [this.#columns, this.#rows];
    const out = this.#out;
    if (this.#copies) {
      const { kernels, at } = this.#engine as Engine;
      kernels.measureAt(this.#product, at.probe, at.rowAddresses + 4 * first, count, dimensions, at.measured);
      for (let i = 0; i < count; i++) {
        const { squaredNorms } = columns[first + i];
        const product = kernels.f64[at.measured / 8 + i];
        out[i] = distanceOf(metric, product, probe.squaredNorm, squaredNorms[rows[first + i]]);
      }
    } else scatteredDistances(metric, probe, columns, rows, first, count, out);
    this.count += count;
    for (let i = 0; i < count; i++) {
      const rank = Math.max(out[i], this.#ranks[first + i]);
      if (rank > this.#best.worst) continue;
      const [of, row] = [columns[first + i], rows[first + i]];
      if (this.#filter !== undefined && !this.#filter(keyOfRow(of, row))) continue;
      this.#best.offer(out[i], of, row, rank);
    }
  }

  /** Offers a live row that is near enough, if it passes the filter. */
  #offer(distance: number, columns: Columns, row: number, rank: number): void {
    if (this.#filter === undefined || this.#filter(keyOfRow(columns, row)))
      this.#best.offer(distance, columns, row, rank);
  }

  /** Measures all live rows of a segment: one by one where they are few, else with the dead ones between them. */
  measureAll(segment: Segment): void {
    const { dimensions } = this.#config;
    const columns = columnsOf(segment.block);
    const { visible } = segment;
    if (segment.liveCount <= mostLeft(dimensions, visible)) {
      this.#measureFew(segment, columns);
      return;
    }
    const together = Math.max(4, Math.min(STAGE, COPIED / dimensions) & ~3);
    this.count += segment.liveCount;
    for (let first = 0; first < visible; first += together) {
      const count = Math.min(together, visible - first);
      if (this.#engine === undefined || count * dimensions < LEAST_COPIED) {
        distances(this.#config.metric, this.#query.probe, columns, first, count, this.#out);
        this.#offerLive(segment, columns, first, count);
        continue;
      }
      const address = copiesOfRows(this.#engine, columns, first, count, this.#engine.at.rows);
      if (this.#bound === undefined || this.#best.worst === Infinity) {
        this.#measureCopies(this.#engine, columns, first, count, address);
        this.#offerLive(segment, columns, first, count);
      } else this.#measureNear(this.#engine, this.#bound, segment, columns, first, count, address);
    }
  }

  /** Measures the live rows of a segment one by one. */
  #measureFew(segment: Segment, columns: Columns): void {
    let named = 0;
    const measureNamed = (): void => {
      this.fetch(named);
      for (let from = 0; from < named; from += TOGETHER) this.measure(from, Math.min(TOGETHER, named - from));
      named = 0;
    };
    eachLiveRow(segment, 0, (row) => {
      this.name(named++, columns, row, -Infinity);
      if (named === STAGE) measureNamed();
    });
    measureNamed();
  }

  /**
   * Measures those of `count` copied rows that products in 32 bits do not rule out.
   *
   * That takes a third of the time. The error of these products is bounded, so results are equal to the bit.
   */
  #measureNear(
    engine: Engine,
    bound: ShortBound,
    segment: Segment,
    columns: Columns,
    first: number,
    count: number,
    address: number,
  ): void {
    const { kernels, at } = engine;
    const { dimensions } = this.#config;
    const { squaredNorms } = columns;
    kernels.distances(this.#product, at.shortProbe, address, dimensions, count, dimensions, at.measured);
    const { f32, u32 } = kernels;
    const products = at.measured / 4;
    bound.setWorst(this.#best.worst);
    const rows = this.#rows;
    let near = 0;
    for (let i = 0; i < count; i++) {
      if (bound.isBeyond(f32[products + i], squaredNorms[first + i]) || isDead(segment, first + i)) continue;
      u32[at.rowAddresses / 4 + near] = address + 4 * dimensions * i;
      rows[near++] = first + i;
    }
    for (let from = 0; from < near; from += TOGETHER)
      this.#offerNear(engine, columns, from, Math.min(TOGETHER, near - from));
  }

  /** Measures and offers `count` of the near rows, from index `from` on. */
  #offerNear({ kernels, at }: Engine, columns: Columns, from: number, count: number): void {
    const { metric, dimensions } = this.#config;
    const { squaredNorm } = this.#query.probe;
    kernels.measureAt(this.#product, at.probe, at.rowAddresses + 4 * from, count, dimensions, at.measured);
    for (let i = 0; i < count; i++) {
      const row = this.#rows[from + i];
      const product = kernels.f64[at.measured / 8 + i];
      const distance = distanceOf(metric, product, squaredNorm, columns.squaredNorms[row]);
      if (distance <= this.#best.worst) this.#offer(distance, columns, row, distance);
    }
  }

  /** Offers the live ones of `count` measured rows from `first` on. */
  #offerLive(segment: Segment, columns: Columns, first: number, count: number): void {
    const [out, best] = [this.#out, this.#best];
    let { worst } = best;
    for (let i = 0; i < count; i++) {
      if (out[i] > worst || isDead(segment, first + i)) continue;
      this.#offer(out[i], columns, first + i, out[i]);
      ({ worst } = best);
    }
  }

  /** Computes the distances of `count` rows from `first` on, whose copies are at `address`. */
  #measureCopies(
    { kernels, at }: Engine,
    columns: Columns,
    first: number,
    count: number,
    address: number,
  ): void {
    const { metric, dimensions } = this.#config;
    const { probe } = this.#query;
    kernels.measure(this.#product, at.probe, address, dimensions, count, dimensions, at.measured);
    const { f64 } = kernels;
    const { squaredNorms } = columns;
    const from = at.measured / 8;
    for (let i = 0; i < count; i++)
      this.#out[i] = distanceOf(metric, f64[from + i], probe.squaredNorm, squaredNorms[first + i]);
  }
}
