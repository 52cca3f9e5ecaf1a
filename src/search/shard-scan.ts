import type { ShardexConfig } from '../config.js';
import type { PostingKey } from '../errors.js';
import { distances, scatteredDistances } from '../geometry/metric.js';
import { GROUP } from '../kernels/code-shape.js';
import { DOT, NONE, SQUARED_L2 } from '../kernels/kernels.js';
import { keyOfRow } from '../version/posting.js';
import { type Columns, columnsOf } from '../version/row-block.js';
import { type Shard, type ShardId, matrixOf } from '../version/shard.js';
import { type Segment, deadBits, isDead } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { codable, codesAt, codesOf, encodeRows, isAround, rotateCentre } from './block-codes.js';
import { type Directory, NOWHERE } from './directory.js';
import { CANDIDATES, type Engine, PIECE, shapeFor } from './engine.js';
import { PROVEN, type Sureness, fromKernel, provenTerms, slackFor, toKernel } from './estimates.js';
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

/** Rows that are fetched together: they lie anywhere in memory, which can look for several of them at a time. */
const AHEAD = 32;

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
  readonly #shards: ShardexIndex['shards'];
  readonly #directory: Directory | undefined;
  readonly #query: Query;
  readonly #best: TopK;
  readonly #filter: ((posting: PostingKey) => boolean) | undefined;
  readonly #engine: Engine | undefined;
  readonly #sure: Sureness;
  readonly #slack: number;
  /** Of the query's tables, where they are made once. */
  #offset = 0;
  #step = 0;
  /** The next few to be measured. */
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
  readonly #ranks: number[] = [];
  fetched = 0;
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
    { config, shards }: Pick<ShardexIndex, 'config' | 'shards'>,
    query: Query,
    best: TopK,
    filter: ((posting: PostingKey) => boolean) | undefined,
    engine: Engine | undefined,
    sure: Sureness,
    directory?: Directory,
  ) {
    this.#config = config;
    this.#shards = shards;
    this.#directory = directory;
    this.#query = query;
    this.#best = best;
    this.#filter = filter;
    this.#engine = query.unit === undefined ? undefined : engine;
    this.#sure = sure;
    this.#slack = engine === undefined ? 0 : slackFor(config.metric, query, engine.coarse, sure);
    this.resume();
  }

  /** Goes on after other queries had the engine; nothing may be waiting then. */
  resume(): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    placeQuery(engine, this.#query);
    if (engine.around || this.#sure === PROVEN) return;
    const { kernels, coarse, at } = engine;
    kernels.tables(at.rotatedQuery, NONE, coarse.padded, coarse.bits, at.tables, at.line);
    const times = this.#config.metric === 'dot' ? -1 : -2;
    this.#offset = times * kernels.f32[at.line / 4];
    this.#step = times * kernels.f32[at.line / 4 + 1];
  }

  /** How many candidates wait to be measured. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Scans a shard. What it finds may wait until {@link measure}. */
  scan(id: ShardId, apart = NaN): void {
    this.tally.shards++;
    const directory = this.#directory;
    if (directory === undefined) {
      const shard = this.#shards.get(id) as Shard;
      this.tally.rows += shard.rows.liveCount;
      for (const segment of shard.rows.segments) this.#scanSegment(shard, segment, apart);
      return;
    }
    let record = directory.firstOf(id);
    this.tally.rows += directory.live[record];
    for (; record !== NOWHERE; record = directory.next[record])
      this.#scanRecord(directory, record, apart);
  }

  #scanRecord(directory: Directory, record: number, apart: number): void {
    const engine = this.#engine;
    const slots = engine?.slots;
    if (slots !== undefined) directory.checkPlaces(slots.evictions);
    const place = directory.places[record];
    const segment = directory.segments[record] as Segment;
    const visible = directory.visible[record];
    if (engine === undefined || this.#sure === PROVEN || place === NOWHERE || visible > PIECE) {
      const found = this.#scanSegment(directory.shards[record] as Shard, segment, apart);
      if (slots === undefined || found === undefined) return;
      directory.checkPlaces(slots.evictions);
      directory.places[record] = found;
      return;
    }
    if (this.#waiting + visible > CANDIDATES) this.measure();
    const dead = directory.dead[record];
    const label = this.#label(segment, 0, visible);
    if (engine.around)
      this.#estimateAround(engine, place, codesAt(engine, engine.coarse, place), visible, dead, label);
    else {
      const base = Number.isNaN(apart) ? this.#apartFrom(engine, directory.shards[record] as Shard) : apart;
      this.#estimate(engine, base, place, visible, dead, label);
    }
  }

  /** Scans a segment; where its codes for estimates are, if they are kept. */
  #scanSegment(shard: Shard, segment: Segment, apart: number): number | undefined {
    const engine = this.#engine;
    if (engine !== undefined && codable(matrixOf(shard.centroid).squaredNorms[0]))
      return this.#scanCodes(engine, shard, segment, apart);
    this.#scanPlainly(segment);
    return undefined;
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
    for (let done = 0, part = FIRST_PART; done < this.#waiting && goesOn; part *= 2) {
      const place = at.candidates + 8 * done;
      // What was waiting before anything was known is mostly out of the running by now.
      const left = kernels.keep(place, this.#waiting - done, this.#threshold(this.#margin));
      this.#waiting = done + left;
      const count = Math.min(part, left);
      if (left > count) kernels.select(place, left, count);
      kernels.sort(place, count);
      goesOn = this.#measurePart(engine, place / 4, count);
      done += count;
    }
    this.#forget();
  }

  /** Measures some candidates; `false` where one is so far that those behind it are, too. */
  #measurePart({ kernels }: Engine, first: number, count: number): boolean {
    const { metric } = this.#config;
    const { u32, f32 } = kernels;
    for (let done = 0; done < count; done += AHEAD) {
      const ahead = Math.min(AHEAD, count - done);
      const from = first + 2 * done;
      for (let i = 0; i < ahead; i++) {
        const label = u32[from + 2 * i];
        const owner = this.#owners[label >>> 5];
        this.#columns[i] = columnsOf(this.#segments[owner].block);
        this.#rows[i] = label - this.#firsts[owner];
      }
      this.fetched = fetchRows(this.#columns, this.#rows, ahead, this.#config.dimensions);
      for (let i = 0; i < ahead; i += TOGETHER) {
        let wanted = 0;
        const most = Math.min(TOGETHER, ahead - i);
        while (wanted < most) {
          const bound = f32[from + 2 * (i + wanted) + 1];
          if (fromKernel(metric, bound - this.#margin) > this.#best.worst) break;
          this.#ranks[wanted++] = this.#sure === PROVEN ? -Infinity : fromKernel(metric, bound);
        }
        this.#measureGroup(i, wanted);
        if (wanted < most) return false;
      }
    }
    return true;
  }

  #measureGroup(first: number, count: number): void {
    const columns = this.#columns;
    const rows = this.#rows;
    const out = this.#out;
    scatteredDistances(this.#config.metric, this.#query.probe, columns, rows, first, count, out);
    this.tally.measured += count;
    for (let i = 0; i < count; i++) {
      const rank = Math.max(out[i], this.#ranks[i]);
      if (rank > this.#best.worst) continue;
      const [at, row] = [columns[first + i], rows[first + i]];
      if (this.#filter !== undefined && !this.#filter(keyOfRow(at, row))) continue;
      this.#best.offer(out[i], at, row, rank);
    }
  }

  #scanCodes(engine: Engine, shard: Shard, segment: Segment, apart: number): number | undefined {
    const { at } = engine;
    const proven = this.#sure === PROVEN;
    const shape = shapeFor(engine, proven);
    const { centroid } = shard;
    const { block, visible } = segment;
    const bits = deadBits(segment);
    let place: number | undefined;
    for (let from = 0; from < visible; from += PIECE) {
      const count = Math.min(PIECE, visible - from);
      if (this.#waiting + count > CANDIDATES) this.measure();
      place = codesOf(engine, shape, block, centroid, visible);
      let codes = codesAt(engine, shape, place ?? at.codes);
      if (place === undefined) {
        if (isAround(engine, shape)) rotateCentre(engine, centroid, at.codes);
        encodeRows(engine, shape, block, centroid, from, from + count, codes, 0);
      } else codes += (from / GROUP) * shape.groupBytes;
      const dead = bits?.subarray(from >>> 5, (from + count + 31) >>> 5);
      const label = this.#label(segment, from, count);
      const centre = place ?? at.codes;
      if (proven) this.#bound(engine, shard, centre, codes, count, dead, label);
      else if (engine.around) this.#estimateAround(engine, centre, codes, count, dead, label);
      else {
        const base = Number.isNaN(apart) ? this.#apartFrom(engine, shard) : apart;
        this.#estimate(engine, base, codes, count, dead, label);
      }
    }
    return proven ? undefined : place;
  }

  /** How far a shard's centroid is from the query, as {@link nearShards} has it. */
  #apartFrom({ kernels, coarse: { padded, dimensions }, at }: Engine, { centroid }: Shard): number {
    const byDot = this.#config.metric === 'dot';
    kernels.f32.set(matrixOf(centroid).vectors, at.centre / 4);
    kernels.distances(byDot ? DOT : SQUARED_L2, at.query, at.centre, padded, 1, dimensions, at.line + 8);
    const value = kernels.f32[at.line / 4 + 2];
    return byDot ? -value : value;
  }

  #estimate(
    { kernels, coarse, at }: Engine,
    base: number,
    codes: number,
    count: number,
    dead: Uint32Array | undefined,
    label: number,
  ): void {
    if (dead !== undefined) kernels.u32.set(dead, at.dead / 4);
    const byDot = this.#config.metric === 'dot';
    this.#waiting += kernels.scan(
      codes,
      coarse.nibbles,
      coarse.lines,
      0,
      count,
      at.tables,
      base,
      this.#offset - (byDot ? this.#slack : this.#slack * Math.sqrt(base)),
      this.#step,
      0,
      dead === undefined ? NONE : at.dead,
      this.#threshold(0),
      at.candidates + 8 * this.#waiting,
      label,
    );
  }

  #estimateAround(
    { kernels, coarse, at }: Engine,
    centre: number,
    codes: number,
    count: number,
    dead: Uint32Array | undefined,
    label: number,
  ): void {
    if (dead !== undefined) kernels.u32.set(dead, at.dead / 4);
    this.#waiting += kernels.scanAround(
      at.rotatedQuery,
      centre,
      coarse.padded,
      coarse.bits,
      codes,
      0,
      count,
      at.tables,
      this.#slack,
      dead === undefined ? NONE : at.dead,
      this.#threshold(0),
      at.candidates + 8 * this.#waiting,
      label,
    );
  }

  /** As an estimate, but what comes out are bounds that hold always. */
  #bound(
    engine: Engine,
    shard: Shard,
    centre: number,
    codes: number,
    count: number,
    dead: Uint32Array | undefined,
    label: number,
  ): void {
    const { kernels, fine, at } = engine;
    if (dead !== undefined) kernels.u32.set(dead, at.dead / 4);
    const { metric } = this.#config;
    const { worst } = this.#best;
    const reach = metric === 'cosine' ? Math.sqrt(2 * worst) : worst;
    const longest = metric === 'dot' || worst === Infinity ? this.#longest(shard) : Infinity;
    const terms = provenTerms(engine, metric, this.#query, shard.centroid, centre, reach, longest);
    this.#waiting += kernels.scan(
      codes,
      fine.nibbles,
      fine.lines,
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
      label,
    );
    this.#margin = Math.max(this.#margin, terms.margin);
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

/** Reads a number in each piece of memory that rows lie in, so that it need not be waited for when they are measured. */
function fetchRows(columns: readonly Columns[], rows: readonly number[], count: number, d: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { vectors, squaredNorms } = columns[i];
    const row = rows[i];
    sum += squaredNorms[row];
    for (let at = row * d, end = at + d; at < end; at += 16) sum += vectors[at];
  }
  return sum;
}

/** Shards after which what was found is measured for the first time; then after twice as many, and so on. */
const FIRST_PAUSE = 2;

/**
 * Scans shards, the most promising first. The first few are measured before the others are estimated: they hold most of
 * what is looked for, and whoever knows a good bound early has less to measure.
 */
export function scanInTurn(scan: ShardScan, shards: readonly ShardId[], apart: readonly number[] = []): void {
  let pause = FIRST_PAUSE;
  shards.forEach((id, i) => {
    scan.scan(id, apart[i]);
    if (i + 1 !== pause) return;
    scan.measure();
    pause *= 2;
  });
  scan.measure();
}
