/*
 * Scans shards by codes: bounds every row from its code first, then measures the candidates in the order of their
 * bounds. Estimates are queued, and table scans run over many segments at once; proven bounds are made shard by shard.
 */
import { GROUP } from '../../kernels/code-shape.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import { type Shard, type ShardId, matrixOf } from '../../version/shard.js';
import { type DeadBits, type Segment, deadBits } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { codable, codesAt, codesOf, encodeRows, isAround, rotateCentre } from '../memory/block-codes.js';
import { type Directory, NOWHERE, PIECE } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import { CandidateMeasurer } from './candidate-measurer.js';
import { Estimator } from './estimator.js';
import { ExactScan } from './exact-scan.js';
import { isCopied } from './row-copies.js';
import { mostLeft, mostWorthIt } from './row-cost.js';
import type { RowMeasurer } from './row-measurer.js';
import type { ShardScan, Tally } from './shard-scan.js';
import { ShortScan } from './short-scan.js';
import type { Kept } from './top-k.js';
import { Trial } from './trial.js';
import { Candidates } from './candidates.js';

/** Where proven bounds leave more than this share of a shard's rows, all of its rows are measured in turn. */
const NEARLY_ALL = 0.9;

const NONE_DEAD: DeadBits = [];

/** A scan that bounds rows by their codes, and measures those that their bounds do not rule out. */
export class CodeScan implements ShardScan {
  readonly #shards: Searchable['shards'];
  readonly #directory: Directory | undefined;
  readonly #dimensions: number;
  readonly #engine: Engine;
  readonly #best: Kept;
  readonly #sure: Confidence;
  readonly #measurer: RowMeasurer;
  /** Counts shards, and measures those whose bounds are not worth proving. */
  readonly #exact: ExactScan;
  /** Compares those shards in 32 bits, if that pays. */
  readonly #short: ShortScan | undefined;
  readonly #estimator: Estimator;
  readonly #candidates: Candidates;
  readonly #candidateMeasurer: CandidateMeasurer;
  readonly #trial = new Trial();
  /** Rows whose bounds were proven since candidates were last measured. If 0, all candidates come from comparisons. */
  #tried = 0;

  constructor(
    { config, shards }: Pick<Searchable, 'config' | 'shards'>,
    query: Query,
    best: Kept,
    engine: Engine,
    sure: Confidence,
    directory: Directory | undefined,
    measurer: RowMeasurer,
    most = Infinity,
    isRough = false,
  ) {
    this.#shards = shards;
    this.#directory = directory;
    this.#dimensions = config.dimensions;
    this.#engine = engine;
    this.#best = best;
    this.#sure = sure;
    this.#measurer = measurer;
    this.#exact = new ExactScan(shards, directory, measurer);
    this.#estimator = new Estimator(config, engine, query, sure);
    this.#candidates = new Candidates(engine);
    this.#candidateMeasurer = new CandidateMeasurer(config.metric, this.#candidates, measurer, best, sure);
    if (sure === PROVEN && isCopied(engine)) {
      const index = { config, shards };
      this.#short = new ShortScan(
        index,
        query,
        best,
        most,
        engine,
        directory,
        measurer,
        isRough,
        this.#candidates,
      );
    }
  }

  get tally(): Tally {
    return this.#exact.tally;
  }

  get candidateCount(): number {
    this.#estimate();
    return this.#candidates.count;
  }

  scan(id: ShardId, centroidValue = NaN): void {
    const rows = this.#exact.count(id);
    if (this.#sure !== PROVEN) this.#scanShard(id, centroidValue);
    else if (this.#short?.hasRough(id) !== true && this.#trial.next()) this.#prove(id, rows);
    else this.#compare(id);
  }

  measureSome(): void {
    // A comparison keeps its own threshold.
    if (this.#short !== undefined && this.#tried === 0) return;
    this.#estimate();
    this.#candidateMeasurer.measureSome();
  }

  measure(): void {
    this.#estimate();
    this.#candidateMeasurer.measure(this.#tried > 0 ? mostLeft(this.#dimensions, this.#tried) : Infinity);
    this.#tried = 0;
  }

  keepBest(most: number): void {
    this.#estimate();
    this.#candidates.keepBest(most);
  }

  get limit(): number {
    return this.#candidates.limit;
  }

  leastOf(id: ShardId): number | undefined {
    const candidates = this.#candidates;
    this.#scanShard(id, NaN);
    this.#estimate();
    // Rows that cannot be bounded are measured at once, and have none.
    if (this.#measurer.count > 0) return undefined;
    const least = candidates.least();
    candidates.clear();
    return least;
  }

  resume(): void {
    this.#exact.resume();
    this.#estimator.resume();
  }

  /** Proves bounds for the rows of a shard, and notes whether that was worth it. */
  #prove(id: ShardId, rows: number): void {
    const candidates = this.#candidates;
    // The candidates so far come from comparisons. Their distances give a better threshold.
    if (this.#tried === 0) this.measure();
    const [before, measured] = [candidates.count, this.#measurer.count];
    this.#scanShard(id, NaN);
    // Before there are k results, no bound can rule out a row.
    if (this.#best.worst === Infinity) {
      this.#tried += rows;
      return;
    }
    if (candidates.count - before > NEARLY_ALL * rows && this.#measurer.count === measured) {
      candidates.count = before;
      this.#trial.note(false);
      this.#compare(id);
      return;
    }
    this.#tried += rows;
    const most = mostWorthIt(this.#dimensions, rows);
    // There may be too many only because no near row was measured yet.
    if (candidates.count - before > most) this.measureSome();
    this.#trial.note(candidates.count - before <= most);
  }

  /** Measures the rows of a shard whose bounds are not worth proving. */
  #compare(id: ShardId): void {
    if (this.#short === undefined) {
      this.#exact.measureShard(id);
      return;
    }
    this.#short.queueShard(id, this.#tried === 0 ? 0 : this.#candidates.count);
    this.#short.estimate();
  }

  #scanShard(id: ShardId, centroidValue: number): void {
    const directory = this.#directory;
    if (directory === undefined) {
      const shard = this.#shards.get(id) as Shard;
      for (const segment of shard.rows.segments) this.#scanSegment(shard, segment, centroidValue);
      return;
    }
    for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry))
      this.#scanEntry(directory, entry, centroidValue);
  }

  /** Queues a segment whose codes the directory knows; otherwise scans it, and notes their address. */
  #scanEntry(directory: Directory, entry: number, centroidValue: number): void {
    const { slots } = this.#engine;
    directory.checkAddresses(slots.evictions);
    const address = directory.addressOf(entry);
    const rows = directory.visibleOf(entry);
    const known = this.#isMissing(centroidValue)
      ? this.#estimator.centroidValueOf(directory.shards[entry] as Shard)
      : centroidValue;
    if (address === NOWHERE || rows > PIECE || this.#isFine(known)) {
      // Codes that are made now may evict queued ones.
      this.#estimate();
      const [shard, segment] = [directory.shards[entry] as Shard, directory.segments[entry] as Segment];
      const found = this.#scanSegment(shard, segment, known);
      directory.checkAddresses(slots.evictions);
      if (found !== undefined) directory.setAddress(entry, found);
      return;
    }
    this.#makeRoom(rows);
    const label = this.#candidates.label(directory.columns[entry] as Columns, 0, rows);
    const dead = this.#estimator.copyDeadBits(
      directory.dead,
      directory.deadAt(entry),
      directory.deadWordsOf(entry),
    );
    this.#estimator.queue(address, 0, rows, dead, label, known);
  }

  /** Scans what is queued. */
  #estimate(): void {
    this.#estimator.estimate(this.#best.worst, this.#candidates);
  }

  /** Makes room for `rows` candidates, and for a piece in the queue. */
  #makeRoom(rows: number): void {
    if (!this.#candidates.hasRoom(this.#estimator.queuedRows + rows)) this.measure();
    else if (this.#estimator.isFull) this.#estimate();
  }

  /** Whether a centroid value is needed and not known yet. */
  #isMissing(centroidValue: number): boolean {
    return Number.isNaN(centroidValue) && this.#sure !== PROVEN;
  }

  /** Whether a shard with this centroid value takes fine codes. */
  #isFine(centroidValue: number): boolean {
    return this.#sure === PROVEN || this.#estimator.isTooNear(centroidValue);
  }

  /** Scans a segment. Returns the address of its coarse codes, if it used them and they were kept. */
  #scanSegment(shard: Shard, segment: Segment, centroidValue: number): number | undefined {
    if (codable(matrixOf(shard.centroid).squaredNorms[0]))
      return this.#scanCodes(shard, segment, centroidValue);
    this.#measurer.measureAll(segment);
    return undefined;
  }

  #scanCodes(shard: Shard, segment: Segment, centroidValue: number): number | undefined {
    const [engine, estimator, candidates] = [this.#engine, this.#estimator, this.#candidates];
    const { at } = engine;
    const known = this.#isMissing(centroidValue) ? estimator.centroidValueOf(shard) : centroidValue;
    const isFine = this.#isFine(known);
    const shape = isFine ? engine.fine : engine.coarse;
    const { centroid } = shard;
    const { block, visible } = segment;
    const bits = deadBits(segment) ?? NONE_DEAD;
    const columns = columnsOf(block);
    let kept: number | undefined;
    for (let from = 0; from < visible; from += PIECE) {
      const rows = Math.min(PIECE, visible - from);
      this.#makeRoom(rows);
      kept = codesOf(engine, shape, block, centroid, visible);
      const address = kept ?? at.codes;
      if (kept === undefined) {
        if (isAround(engine, shape)) rotateCentre(engine, centroid, address);
        encodeRows(engine, shape, block, centroid, from, from + rows, codesAt(engine, shape, address), 0);
      }
      const skipped = kept === undefined ? 0 : (from / GROUP) * shape.groupBytes;
      const deadWords = bits.length === 0 ? 0 : Math.ceil(rows / 32);
      const dead = estimator.copyDeadBits(bits, from / 32, deadWords);
      const label = candidates.label(columns, from, rows);
      if (isFine) {
        estimator.bound(address, skipped, rows, dead, label, shard, this.#best.worst, candidates);
        continue;
      }
      estimator.queue(address, skipped, rows, dead, label, known);
      this.#estimate();
    }
    return isFine ? undefined : kept;
  }
}
