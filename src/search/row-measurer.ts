import type { ShardexConfig } from '../config.js';
import type { PostingKey } from '../errors.js';
import { distances, scatteredDistances } from '../geometry/metric.js';
import { keyOfRow } from '../version/posting.js';
import { type Columns, columnsOf } from '../version/row-block.js';
import { type Segment, isDead } from '../version/shard-rows.js';
import type { Query } from './query.js';
import type { TopK } from './top-k.js';

/** Rows that are measured together: the exact loops take four at a time. */
export const TOGETHER = 4;

/** Numbers of 32 bits in the piece of memory that a processor fetches at a time. */
const FETCHED = 16;

/** Of a long row no more than so many numbers: once it is being read, the processor fetches ahead by itself. */
const MOST_FETCHED = 8 * FETCHED;

/** Measures rows exactly, and offers those that the filter lets pass to the best so far. */
export class RowMeasurer {
  /** Rows that were measured so far. */
  count = 0;
  readonly #config: ShardexConfig;
  readonly #query: Query;
  readonly #best: TopK;
  readonly #filter: ((posting: PostingKey) => boolean) | undefined;
  /** Rows that were named, and the least that each may be kept by. */
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
  readonly #ranks: number[] = [];
  #out = new Float64Array(TOGETHER);

  constructor(
    config: ShardexConfig,
    query: Query,
    best: TopK,
    filter: ((posting: PostingKey) => boolean) | undefined,
  ) {
    this.#config = config;
    this.#query = query;
    this.#best = best;
    this.#filter = filter;
  }

  /** Names a row as the one at place `i` of those that are going to be measured. */
  name(i: number, columns: Columns, row: number, rank: number): void {
    this.#columns[i] = columns;
    this.#rows[i] = row;
    this.#ranks[i] = rank;
  }

  /**
   * Reads something of each piece of memory that the first `count` named rows lie in: they lie anywhere, and memory can
   * look for many pieces at a time, which it need not be waited for one by one when they are measured.
   */
  fetch(count: number): void {
    const { dimensions } = this.#config;
    const length = Math.min(dimensions, MOST_FETCHED);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const { vectors, squaredNorms } = this.#columns[i];
      const row = this.#rows[i];
      sum += squaredNorms[row];
      for (let at = row * dimensions, end = at + length; at < end; at += FETCHED) sum += vectors[at];
    }
    // Kept, or nothing would be read.
    this.#out[0] = sum;
  }

  /** Measures `count` named rows, no more than {@link TOGETHER}, from place `first` on. */
  measure(first: number, count: number): void {
    const [columns, rows, out] = [this.#columns, this.#rows, this.#out];
    scatteredDistances(this.#config.metric, this.#query.probe, columns, rows, first, count, out);
    this.count += count;
    for (let i = 0; i < count; i++) {
      const rank = Math.max(out[i], this.#ranks[first + i]);
      if (rank > this.#best.worst) continue;
      const [of, row] = [columns[first + i], rows[first + i]];
      if (this.#filter !== undefined && !this.#filter(keyOfRow(of, row))) continue;
      this.#best.offer(out[i], of, row, rank);
    }
  }

  /** Measures all rows of a segment. */
  measureAll(segment: Segment): void {
    const columns = columnsOf(segment.block);
    const { visible } = segment;
    if (this.#out.length < visible) this.#out = new Float64Array(visible);
    const out = this.#out;
    distances(this.#config.metric, this.#query.probe, columns, 0, visible, out);
    this.count += segment.liveCount;
    let { worst } = this.#best;
    for (let row = 0; row < visible; row++) {
      if (out[row] > worst || isDead(segment, row)) continue;
      if (this.#filter !== undefined && !this.#filter(keyOfRow(columns, row))) continue;
      this.#best.offer(out[row], columns, row);
      ({ worst } = this.#best);
    }
  }
}
