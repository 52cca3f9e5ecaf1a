import type { ShardexConfig } from '../config.js';
import type { PostingKey } from '../errors.js';
import { distances, scatteredDistances } from '../geometry/metric.js';
import { NONE } from '../kernels/kernels.js';
import { keyOfRow } from '../version/posting.js';
import { type Columns, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { type Segment, deadBits, isDead } from '../version/shard-rows.js';
import { codesOf, encodeRows } from './block-codes.js';
import { CANDIDATES, type Engine, PIECE, shapeFor } from './engine.js';
import { PROVEN, type Sureness, type Terms, fromKernel, termsFor, toKernel } from './estimates.js';
import { type Query, placeQuery } from './query.js';
import type { TopK } from './top-k.js';

/** What a scan has done so far. */
export interface Tally {
  shards: number;
  rows: number;
  measured: number;
}

/** Candidates that are put in order for a start; then twice as many, and so on, as few are ever reached. */
const FIRST_PART = 32;

/** Rows that are measured together: the exact loops take four at a time. */
const TOGETHER = 4;

/**
 * Looks for the best rows of one shard after another. With an engine, estimates are made of all rows, and what they
 * leave in the running is measured: in the order of its lower bound, until that is beyond the worst that was kept.
 *
 * Unless the bounds are proven, a row is kept by its distance or by its bound, whichever is more: so what is kept does
 * not depend on the order in which shards are scanned, or on what was known by then (I10).
 */
export class ShardScan {
  readonly tally: Tally = { shards: 0, rows: 0, measured: 0 };
  readonly #config: ShardexConfig;
  readonly #query: Query;
  readonly #best: TopK;
  readonly #filter: ((posting: PostingKey) => boolean) | undefined;
  readonly #engine: Engine | undefined;
  readonly #sure: Sureness;
  /** The next few to be measured. */
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
  readonly #ranks: number[] = [];
  #grouped = 0;
  #out = new Float64Array(TOGETHER);
  /** Candidates that wait in kernel memory: how many, and for each 32 labels the segment they belong to. */
  #waiting = 0;
  #margin = 0;
  /** Values beyond this do not wait. */
  #limit = Infinity;
  #labels = 0;
  readonly #segments: Segment[] = [];
  readonly #firsts: number[] = [];
  readonly #owners: number[] = [];

  constructor(
    config: ShardexConfig,
    query: Query,
    best: TopK,
    filter: ((posting: PostingKey) => boolean) | undefined,
    engine: Engine | undefined,
    sure: Sureness,
  ) {
    this.#config = config;
    this.#query = query;
    this.#best = best;
    this.#filter = filter;
    this.#engine = query.unit === undefined ? undefined : engine;
    this.#sure = sure;
    this.resume();
  }

  /** Goes on after other queries had the engine; nothing may be waiting then. */
  resume(): void {
    if (this.#engine !== undefined) placeQuery(this.#engine, this.#query);
  }

  /** How many candidates wait to be measured. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Scans a shard. What it finds may wait until {@link measure}. */
  scan(shard: Shard): void {
    const engine = this.#engine;
    this.tally.shards++;
    this.tally.rows += shard.rows.liveCount;
    const { metric } = this.#config;
    const { worst } = this.#best;
    const terms =
      engine &&
      termsFor(
        engine,
        metric,
        this.#query,
        shard.centroid,
        this.#sure,
        metric === 'cosine' ? Math.sqrt(2 * worst) : worst,
        this.#sure === PROVEN && (metric === 'dot' || worst === Infinity) ? this.#longest(shard) : Infinity,
      );
    for (const segment of shard.rows.segments) {
      if (engine === undefined || terms === undefined) this.#scanPlainly(segment);
      else this.#estimate(engine, shard, segment, terms);
    }
  }

  /**
   * Of what waits keeps the `most` best, by bounds that are plain estimates if they were asked for, and lets nothing
   * wait any more that is worse than those: for whoever wants to measure no more than so many.
   */
  keepBest(most: number): void {
    if (this.#engine === undefined || this.#waiting <= most) return;
    const { kernels, at } = this.#engine;
    this.#limit = kernels.select(at.candidates, this.#waiting, most);
    this.#waiting = most;
  }

  /** Measures what waits, the most promising first, until the rest is out of the running. */
  measure(): void {
    const engine = this.#engine;
    if (engine === undefined || this.#waiting === 0) return;
    const { kernels, at } = engine;
    let goesOn = true;
    for (let done = 0, part = FIRST_PART; done < this.#waiting && goesOn; done += part, part *= 2) {
      const left = this.#waiting - done;
      const count = Math.min(part, left);
      const place = at.candidates + 8 * done;
      if (left > count) kernels.select(place, left, count);
      kernels.sort(place, count);
      goesOn = this.#measurePart(engine, place / 4, count);
    }
    this.#forget();
  }

  /** Measures some candidates; `false` where one is so far that those behind it are, too. */
  #measurePart({ kernels }: Engine, first: number, count: number): boolean {
    const { metric } = this.#config;
    const { u32, f32 } = kernels;
    for (let at = first; at < first + 2 * count; at += 2) {
      const bound = f32[at + 1];
      if (fromKernel(metric, bound - this.#margin) > this.#best.worst) {
        this.#measureGroup();
        return false;
      }
      const owner = this.#owners[u32[at] >>> 5];
      const g = this.#grouped++;
      this.#columns[g] = columnsOf(this.#segments[owner].block);
      this.#rows[g] = u32[at] - this.#firsts[owner];
      this.#ranks[g] = this.#sure === PROVEN ? -Infinity : fromKernel(metric, bound);
      if (this.#grouped === TOGETHER) this.#measureGroup();
    }
    this.#measureGroup();
    return true;
  }

  #measureGroup(): void {
    const count = this.#grouped;
    const [columns, rows, out] = [this.#columns, this.#rows, this.#out];
    scatteredDistances(this.#config.metric, this.#query.probe, columns, rows, count, out);
    this.tally.measured += count;
    this.#grouped = 0;
    for (let i = 0; i < count; i++) {
      const rank = Math.max(out[i], this.#ranks[i]);
      if (rank > this.#best.worst) continue;
      if (this.#filter !== undefined && !this.#filter(keyOfRow(columns[i], rows[i]))) continue;
      this.#best.offer(out[i], columns[i], rows[i], rank);
    }
  }

  #estimate(engine: Engine, shard: Shard, segment: Segment, terms: Terms): void {
    const { kernels, at } = engine;
    const shape = shapeFor(engine, this.#sure === PROVEN);
    const { block, visible } = segment;
    const dead = deadBits(segment);
    for (let from = 0; from < visible; from += PIECE) {
      const count = Math.min(PIECE, visible - from);
      if (this.#waiting + count > CANDIDATES) this.measure();
      const cached = codesOf(engine, shape, block, shard.centroid, visible);
      if (cached === undefined)
        encodeRows(engine, shape, block, shard.centroid, from, from + count, at.codes, 0);
      if (dead !== undefined)
        kernels.u32.set(dead.subarray(from >>> 5, (from + count + 31) >>> 5), at.dead / 4);
      this.#waiting += kernels.scan(
        cached === undefined ? at.codes : cached + (from / 32) * shape.groupBytes,
        shape.nibbles,
        shape.biased,
        0,
        count,
        at.tables,
        terms.base,
        terms.a,
        terms.b,
        terms.slack,
        dead === undefined ? NONE : at.dead,
        this.#threshold(terms.margin),
        at.candidates + 8 * this.#waiting,
        this.#label(segment, from, count),
      );
      this.#margin = Math.max(this.#margin, terms.margin);
    }
  }

  /** Up to which value of the kernels a row is of interest; rounded up, as they work in 32 bits. */
  #threshold(margin: number): number {
    const most = toKernel(this.#config.metric, this.#best.worst) + margin;
    return Math.min(this.#limit, most + Math.abs(most) * 2 ** -22);
  }

  /** Gives the rows of a segment labels from a multiple of 32 on, and returns the first. */
  #label(segment: Segment, from: number, count: number): number {
    const label = this.#labels;
    const owner = this.#segments.push(segment) - 1;
    this.#firsts.push(label - from);
    this.#labels += Math.ceil(count / 32) * 32;
    for (let group = label >>> 5; group < this.#labels >>> 5; group++) this.#owners[group] = owner;
    return label;
  }

  #forget(): void {
    this.#waiting = 0;
    this.#margin = 0;
    this.#labels = 0;
    this.#segments.length = 0;
    this.#firsts.length = 0;
  }

  #scanPlainly(segment: Segment): void {
    const { metric } = this.#config;
    const columns = columnsOf(segment.block);
    const { visible } = segment;
    if (this.#out.length < visible) this.#out = new Float64Array(visible);
    const out = this.#out;
    distances(metric, this.#query.probe, columns, 0, visible, out);
    this.tally.measured += visible;
    let { worst } = this.#best;
    for (let row = 0; row < visible; row++) {
      if (out[row] > worst || isDead(segment, row)) continue;
      if (this.#filter !== undefined && !this.#filter(keyOfRow(columns, row))) continue;
      this.#best.offer(out[row], columns, row);
      ({ worst } = this.#best);
    }
  }

  /** The length of the longest row of a shard, as the kernels have it. */
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

/** Shards after which what was found is measured for the first time; then after twice as many, and so on. */
const FIRST_PAUSE = 2;

/**
 * Scans shards, the most promising first. The first few are measured before the others are estimated: they hold most of
 * what is looked for, and whoever knows a good bound early has less to measure.
 */
export function scanInTurn(scan: ShardScan, shards: readonly Shard[]): void {
  let pause = FIRST_PAUSE;
  shards.forEach((shard, i) => {
    scan.scan(shard);
    if (i + 1 !== pause) return;
    scan.measure();
    pause *= 2;
  });
  scan.measure();
}
