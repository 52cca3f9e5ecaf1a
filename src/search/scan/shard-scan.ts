// Scans shards, one after another: estimates or proves bounds where that pays, and measures what is left.
import type { ShardexConfig } from '../../config.js';
import type { PostingKey } from '../../errors.js';
import { GROUP } from '../../kernels/code-shape.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import { type Shard, type ShardId, matrixOf } from '../../version/shard.js';
import { type DeadBits, type Segment, deadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { codable, codesAt, codesOf, encodeRows, isAround, rotateCentre } from '../memory/block-codes.js';
import { type Directory, NOWHERE, PIECE } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { fromKernel } from './estimates.js';
import { Estimator } from './estimator.js';
import type { Query } from '../memory/query.js';
import { mostLeft, mostWorthIt } from './row-cost.js';
import { RowMeasurer, TOGETHER } from './row-measurer.js';
import type { TopK } from './top-k.js';
import { Trial } from './trial.js';
import { Waiting } from './waiting.js';

/** What a scan has done so far. */
export interface Tally {
  readonly shards: number;
  readonly rows: number;
  readonly measured: number;
}

/** Candidates that are put in order for a start; then twice as many, and so on, as few are ever reached. */
const FIRST_PART = 32;

/**
 * So many times as many candidates as are looked for are measured while others are still to come: what is measured early is
 * measured by a bound that is not good yet, and a better one would have ruled much of it out.
 */
const SOME = 1.2;

/** Where proven bounds leave more than this share of a shard's rows in the running, all of them are measured in turn. */
const NEARLY_ALL = 0.9;

/** Rows that are fetched together. */
const AHEAD = 32;

const NONE_DEAD: DeadBits = [];

/** What estimating takes. */
interface Estimating {
  readonly engine: Engine;
  readonly estimator: Estimator;
  readonly waiting: Waiting;
}

/**
 * Looks for the best rows of one shard after another. With an engine, unless all rows are to be measured, estimates are
 * made of them, and what these leave in the running is measured: in the order of its lower bound, until that is beyond the worst that was kept.
 *
 * Unless the bounds are proven, a row is kept by its distance or by its bound, whichever is more: so what is kept does
 * not depend on the order in which shards are scanned, or on what was known by then (I10).
 */
export class ShardScan {
  readonly #config: ShardexConfig;
  readonly #shards: ShardexIndex['shards'];
  readonly #directory: Directory | undefined;
  readonly #best: TopK;
  readonly #sure: Confidence;
  readonly #measurer: RowMeasurer;
  readonly #by: Estimating | undefined;
  readonly #trial = new Trial();
  #shardCount = 0;
  #rowCount = 0;
  /** Rows whose bounds were proven, since all that waited was measured. */
  #tried = 0;

  constructor(
    { config, shards }: Pick<ShardexIndex, 'config' | 'shards'>,
    query: Query,
    best: TopK,
    filter: ((posting: PostingKey) => boolean) | undefined,
    engine: Engine | undefined,
    sure: Confidence,
    directory?: Directory,
    isEstimated = true,
  ) {
    this.#config = config;
    this.#shards = shards;
    this.#directory = directory;
    this.#best = best;
    this.#sure = sure;
    this.#measurer = new RowMeasurer(config, query, best, filter, engine);
    if (engine === undefined || query.unit === undefined || !isEstimated) return;
    const estimator = new Estimator(config, engine, query, sure);
    this.#by = { engine, estimator, waiting: new Waiting(engine) };
  }

  get tally(): Tally {
    return { shards: this.#shardCount, rows: this.#rowCount, measured: this.#measurer.count };
  }

  /** Goes on after other queries had the engine; nothing may be waiting then. */
  resume(): void {
    this.#measurer.resume();
    this.#by?.estimator.resume();
  }

  /** How many candidates wait to be measured. */
  get waiting(): number {
    if (this.#by === undefined) return 0;
    this.#estimate(this.#by);
    return this.#by.waiting.count;
  }

  /** Scans a shard; `centroidValue` is that of `Near.values`. What it finds may wait until {@link measure}. */
  scan(id: ShardId, centroidValue = NaN): void {
    const rows = this.#count(id);
    const by = this.#by;
    if (by === undefined || this.#sure !== PROVEN) this.#scanShard(id, centroidValue, by);
    else if (this.#trial.next()) this.#try(by, id, rows);
    else this.#scanShard(id, centroidValue, undefined);
  }

  /** Counts a shard, and returns how many live rows it has. */
  #count(id: ShardId): number {
    const directory = this.#directory;
    const rows =
      directory === undefined
        ? (this.#shards.get(id) as Shard).rows.liveCount
        : directory.liveOf(directory.firstOf(id));
    this.#shardCount++;
    this.#rowCount += rows;
    return rows;
  }

  /** Proves bounds for the rows of a shard, and takes down whether that was worth it. */
  #try(by: Estimating, id: ShardId, rows: number): void {
    const { waiting } = by;
    const [before, measured] = [waiting.count, this.#measurer.count];
    this.#scanShard(id, NaN, by);
    // Where nothing is known yet by which a row could be ruled out, it is too early to say.
    if (this.#best.worst === Infinity) {
      this.#tried += rows;
      return;
    }
    if (waiting.count - before > NEARLY_ALL * rows && this.#measurer.count === measured) {
      waiting.count = before;
      this.#trial.note(false);
      this.#scanShard(id, NaN, undefined);
      return;
    }
    this.#tried += rows;
    const most = mostWorthIt(this.#config.dimensions, rows);
    // What seems too much may be so only because nothing near was measured yet.
    if (waiting.count - before > most) this.measureSome();
    this.#trial.note(waiting.count - before <= most);
  }

  #scanShard(id: ShardId, centroidValue: number, by: Estimating | undefined): void {
    const directory = this.#directory;
    if (directory === undefined) {
      const shard = this.#shards.get(id) as Shard;
      for (const segment of shard.rows.segments) this.#scanSegment(shard, segment, centroidValue, by);
      return;
    }
    for (let record = directory.firstOf(id); record !== NOWHERE; record = directory.after(record))
      this.#scanRecord(directory, record, centroidValue, by);
  }

  /**
   * Of what waits keeps the `most` best, by bounds that are plain estimates if they were asked for, and lets nothing
   * wait any more that is worse than those: for whoever wants to measure no more than so many.
   */
  keepBest(most: number): void {
    if (this.#by === undefined) return;
    this.#estimate(this.#by);
    this.#by.waiting.keepBest(most);
  }

  /** Measures some of the most promising that wait; the others go on waiting. */
  measureSome(): void {
    if (this.#by === undefined) return;
    const { waiting, estimator } = this.#by;
    this.#estimate(this.#by);
    const count = waiting.order(
      0,
      Math.ceil(SOME * this.#best.most),
      estimator.threshold(this.#best.worst, waiting.margin, waiting.limit),
    );
    if (this.#measurePart(waiting, 0, count)) waiting.drop(count);
    else waiting.clear();
  }

  /** Measures what waits, the most promising first, until the rest is out of the running. */
  measure(): void {
    if (this.#by === undefined) return;
    const { waiting, estimator } = this.#by;
    this.#estimate(this.#by);
    const most = this.#sure === PROVEN ? mostLeft(this.#config.dimensions, this.#tried) : Infinity;
    let goesOn = true;
    for (let done = 0, part = FIRST_PART; done < waiting.count && goesOn; part *= 2) {
      // What was waiting before anything was known is mostly out of the running by now.
      const threshold = estimator.threshold(this.#best.worst, waiting.margin, waiting.limit);
      const count = waiting.order(done, part, threshold);
      goesOn = this.#measurePart(waiting, done, count);
      done += count;
      // Where so many have to be measured, putting them in order would take longer.
      if (goesOn && part > FIRST_PART && waiting.count - done > most) {
        this.#measureRest(waiting, done);
        break;
      }
    }
    waiting.clear();
    this.#tried = 0;
  }

  /** Measures what waits behind the first `done`, in no order. */
  #measureRest(waiting: Waiting, done: number): void {
    const { metric } = this.#config;
    const measurer = this.#measurer;
    let named = 0;
    for (let i = done; i < waiting.count; i++) {
      if (fromKernel(metric, waiting.valueOf(i) - waiting.margin) <= this.#best.worst)
        waiting.name(i, -Infinity, measurer, named++);
      if (named < AHEAD && i + 1 < waiting.count) continue;
      measurer.fetch(named);
      for (let first = 0; first < named; first += TOGETHER)
        measurer.measure(first, Math.min(TOGETHER, named - first));
      named = 0;
    }
  }

  /** Measures some candidates; `false` where one is so far that those behind it are, too. */
  #measurePart(waiting: Waiting, first: number, count: number): boolean {
    const { metric } = this.#config;
    const measurer = this.#measurer;
    for (let done = 0; done < count; done += AHEAD) {
      const ahead = Math.min(AHEAD, count - done);
      for (let i = 0; i < ahead; i++) {
        const candidate = first + done + i;
        const rank = this.#sure === PROVEN ? -Infinity : fromKernel(metric, waiting.valueOf(candidate));
        waiting.name(candidate, rank, measurer, i);
      }
      measurer.fetch(ahead);
      for (let i = 0; i < ahead; i += TOGETHER) {
        const most = Math.min(TOGETHER, ahead - i);
        let wanted = 0;
        while (wanted < most) {
          const bound = waiting.valueOf(first + done + i + wanted) - waiting.margin;
          if (fromKernel(metric, bound) > this.#best.worst) break;
          wanted++;
        }
        measurer.measure(i, wanted);
        if (wanted < most) return false;
      }
    }
    return true;
  }

  #scanRecord(directory: Directory, record: number, centroidValue: number, by: Estimating | undefined): void {
    if (by === undefined) {
      this.#measurer.measureAll(directory.segments[record] as Segment);
      return;
    }
    const { slots } = by.engine;
    directory.checkPlaces(slots.evictions);
    const place = directory.placeOf(record);
    const rows = directory.visibleOf(record);
    const known = this.#isNeeded(centroidValue)
      ? by.estimator.centroidValueOf(directory.shards[record] as Shard)
      : centroidValue;
    if (place === NOWHERE || rows > PIECE || this.#isFine(by, known)) {
      // What is queued may lose its place to what is made now.
      this.#estimate(by);
      const [shard, segment] = [directory.shards[record] as Shard, directory.segments[record] as Segment];
      const found = this.#scanSegment(shard, segment, known, by);
      directory.checkPlaces(slots.evictions);
      if (found !== undefined) directory.setPlace(record, found);
      return;
    }
    this.#makeRoom(by, rows);
    const label = by.waiting.label(directory.columns[record] as Columns, 0, rows);
    const dead = by.estimator.copyDeadBits(
      directory.dead,
      directory.deadAt(record),
      directory.deadWordsOf(record),
    );
    by.estimator.queue(place, 0, rows, dead, label, known);
  }

  /** Scans what is queued. */
  #estimate({ estimator, waiting }: Estimating): void {
    estimator.estimate(this.#best.worst, waiting);
  }

  /** Makes room for so many rows that may wait. */
  #makeRoom({ estimator, waiting }: Estimating, rows: number): void {
    if (!waiting.hasRoom(estimator.queuedRows + rows)) this.measure();
    else if (estimator.isFull) estimator.estimate(this.#best.worst, waiting);
  }

  /** Whether it has to be found out how far a shard is. */
  #isNeeded(centroidValue: number): boolean {
    return Number.isNaN(centroidValue) && this.#sure !== PROVEN;
  }

  /** Whether a shard so far away takes fine codes. */
  #isFine({ estimator }: Estimating, centroidValue: number): boolean {
    return this.#sure === PROVEN || estimator.isTooNear(centroidValue);
  }

  /** Scans a segment; where its codes for estimates are, if they are kept. */
  #scanSegment(
    shard: Shard,
    segment: Segment,
    centroidValue: number,
    by: Estimating | undefined,
  ): number | undefined {
    if (by !== undefined && codable(matrixOf(shard.centroid).squaredNorms[0]))
      return this.#scanCodes(by, shard, segment, centroidValue);
    this.#measurer.measureAll(segment);
    return undefined;
  }

  #scanCodes(by: Estimating, shard: Shard, segment: Segment, centroidValue: number): number | undefined {
    const { engine, waiting } = by;
    const { at } = engine;
    const known = this.#isNeeded(centroidValue) ? by.estimator.centroidValueOf(shard) : centroidValue;
    const isFine = this.#isFine(by, known);
    const shape = isFine ? engine.fine : engine.coarse;
    const { centroid } = shard;
    const { block, visible } = segment;
    const bits = deadBits(segment) ?? NONE_DEAD;
    const columns = columnsOf(block);
    let kept: number | undefined;
    for (let from = 0; from < visible; from += PIECE) {
      const rows = Math.min(PIECE, visible - from);
      this.#makeRoom(by, rows);
      kept = codesOf(engine, shape, block, centroid, visible);
      const place = kept ?? at.codes;
      if (kept === undefined) {
        if (isAround(engine, shape)) rotateCentre(engine, centroid, place);
        encodeRows(engine, shape, block, centroid, from, from + rows, codesAt(engine, shape, place), 0);
      }
      const skipped = kept === undefined ? 0 : (from / GROUP) * shape.groupBytes;
      const deadWords = bits.length === 0 ? 0 : Math.ceil(rows / 32);
      const dead = by.estimator.copyDeadBits(bits, from / 32, deadWords);
      const label = waiting.label(columns, from, rows);
      if (isFine) {
        by.estimator.bound(place, skipped, rows, dead, label, shard, this.#best.worst, waiting);
        continue;
      }
      by.estimator.queue(place, skipped, rows, dead, label, known);
      this.#estimate(by);
    }
    return isFine ? undefined : kept;
  }
}

/** Shards after which some of what was found are measured for the first time; then after twice as many, and so on. */
const FIRST_PAUSE = 1;

/**
 * Scans shards, the most promising first. A few rows of the first ones are measured before the others are estimated: they
 * hold most of what is looked for, and whoever knows a good bound early has less to measure.
 */
export function scanInTurn(
  scan: ShardScan,
  shards: readonly ShardId[],
  centroidValues: readonly number[] = [],
): void {
  let pause = FIRST_PAUSE;
  shards.forEach((id, i) => {
    scan.scan(id, centroidValues[i]);
    if (i + 1 !== pause) return;
    scan.measureSome();
    pause *= 2;
  });
  scan.measure();
}
