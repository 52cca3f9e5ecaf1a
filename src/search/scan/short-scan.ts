// Scans shards by comparing all rows in 32 or 16 bits: for few or short rows, where codes would not pay, and for exact search.
import type { ShardexConfig } from '../../config.js';
import type { Shard, ShardId } from '../../version/shard.js';
import type { Segment } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';
import { PROVEN } from '../confidence.js';
import { type Directory, NOWHERE, PIECE } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import type { Slot } from '../memory/slots.js';
import { CandidateMeasurer } from './candidate-measurer.js';
import { Candidates } from './candidates.js';
import { ExactScan } from './exact-scan.js';
import type { RowMeasurer } from './row-measurer.js';
import type { ShardScan, Tally } from './shard-scan.js';
import { RoughEstimator } from './rough-estimator.js';
import { ShortEstimator, rowsTogether } from './short-estimator.js';
import type { Kept } from './top-k.js';

/** A scan that compares every row in 32 or 16 bits, and measures those that could be among the best. */
export class ShortScan implements ShardScan {
  readonly limit = Infinity;
  readonly #shards: Searchable['shards'];
  readonly #directory: Directory | undefined;
  readonly #best: Kept;
  readonly #measurer: RowMeasurer;
  /** Counts shards. */
  readonly #exact: ExactScan;
  readonly #estimator: ShortEstimator;
  /** Compares rows in 16 bits, if that pays. */
  readonly #rough: RoughEstimator | undefined;
  readonly #candidates: Candidates;
  readonly #candidateMeasurer: CandidateMeasurer;

  /**
   * `most` is how many of the nearest rows are wanted: Infinity if not all of them are kept. `isRough` says whether to compare in
   * 16 bits where there is room.
   */
  constructor(
    { config, shards }: { readonly config: ShardexConfig; readonly shards: Searchable['shards'] },
    query: Query,
    best: Kept,
    most: number,
    engine: Engine,
    directory: Directory | undefined,
    measurer: RowMeasurer,
    isRough: boolean,
    candidates = new Candidates(engine),
  ) {
    this.#shards = shards;
    this.#directory = directory;
    this.#best = best;
    this.#measurer = measurer;
    this.#exact = new ExactScan(shards, directory, measurer);
    this.#estimator = new ShortEstimator(config, engine, query, most);
    if (isRough) this.#rough = new RoughEstimator(config, engine, query, most);
    this.#candidates = candidates;
    this.#candidateMeasurer = new CandidateMeasurer(config.metric, candidates, measurer, best, PROVEN);
  }

  get tally(): Tally {
    return this.#exact.tally;
  }

  get candidateCount(): number {
    this.estimate();
    return this.#candidates.count;
  }

  scan(id: ShardId): void {
    this.#exact.count(id);
    this.queueShard(id);
  }

  measureSome(): void {
    // Comparing finds out by itself what is near.
  }

  measure(): void {
    this.estimate();
    this.#candidateMeasurer.measure(Infinity);
  }

  keepBest(): void {
    // No more than that are candidates.
  }

  leastOf(): undefined {
    // Rows are compared outright.
  }

  resume(): void {
    this.#exact.resume();
    this.#rough?.resume();
  }

  /** Whether all rows of a shard can be compared in 16 bits, or are so few that each is measured. */
  hasRough(id: ShardId): boolean {
    const rough = this.#rough;
    let isAll = rough !== undefined;
    this.#eachSegment(id, (segment, { centroid }) => {
      isAll &&= this.#measurer.isSparse(segment) || rough?.rowsOf(segment, centroid) !== undefined;
    });
    return isAll;
  }

  /**
   * Compares or queues the rows of a shard, without counting it.
   *
   * The first `others` candidates have bounds by codes, which cannot be compared with these values.
   */
  queueShard(id: ShardId, others = 0): void {
    this.#eachSegment(id, (segment, shard) => {
      this.#queue(segment, shard, others);
    });
  }

  /** Compares what is queued. */
  estimate(): void {
    this.#estimator.estimate(this.#best.worst, this.#candidates);
  }

  #eachSegment(id: ShardId, use: (segment: Segment, shard: Shard) => void): void {
    const directory = this.#directory;
    if (directory === undefined) {
      const shard = this.#shards.get(id) as Shard;
      for (const segment of shard.rows.segments) use(segment, shard);
      return;
    }
    for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry))
      use(directory.segments[entry] as Segment, directory.shards[entry] as Shard);
  }

  #queue(segment: Segment, { centroid }: Shard, others: number): void {
    const [estimator, candidates, measurer] = [this.#estimator, this.#candidates, this.#measurer];
    if (measurer.isSparse(segment)) {
      measurer.measureAll(segment);
      return;
    }
    const rough = this.#rough?.rowsOf(segment, centroid);
    if (rough !== undefined) {
      this.#compare(segment, rough, others);
      return;
    }
    if (!estimator.hasCopies(segment)) this.estimate();
    const slot = estimator.copiesOf(segment);
    if (!estimator.isBounded(segment, slot)) {
      measurer.measureAll(segment);
      return;
    }
    measurer.count += segment.liveCount;
    const together = rowsTogether(slot);
    for (let from = 0; from < segment.visible; from += together) {
      const rows = Math.min(together, segment.visible - from);
      if (!candidates.hasRoom(estimator.queuedRows + rows)) this.measure();
      else if (estimator.isFull) this.estimate();
      estimator.queue(segment, from, rows, slot, this.#best.worst, candidates);
    }
  }

  /** Compares the rows of a segment in 16 bits. */
  #compare(segment: Segment, slot: Slot, others: number): void {
    const candidates = this.#candidates;
    this.#measurer.count += segment.liveCount;
    for (let from = 0; from < segment.visible; from += PIECE) {
      const rows = Math.min(PIECE, segment.visible - from);
      if (!candidates.hasRoom(this.#estimator.queuedRows + rows)) this.measure();
      const before = Math.min(others, candidates.count);
      this.#rough?.compare(segment, from, rows, slot, this.#best.worst, candidates, before);
    }
  }
}
