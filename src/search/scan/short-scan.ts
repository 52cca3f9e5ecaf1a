// Scans shards by products in 32 bits: for few or short rows, where codes would not pay.
import type { ShardexConfig } from '../../config.js';
import type { Shard, ShardId } from '../../version/shard.js';
import type { Segment } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';
import { PROVEN } from '../confidence.js';
import { type Directory, NOWHERE } from '../memory/directory.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import { CandidateMeasurer } from './candidate-measurer.js';
import { Candidates } from './candidates.js';
import { ExactScan } from './exact-scan.js';
import type { RowMeasurer } from './row-measurer.js';
import type { ShardScan, Tally } from './shard-scan.js';
import { ShortEstimator, rowsTogether } from './short-estimator.js';
import type { Kept } from './top-k.js';

/** A scan that compares every row in 32 bits, and measures those that could be among the best. */
export class ShortScan implements ShardScan {
  readonly limit = Infinity;
  readonly #shards: Searchable['shards'];
  readonly #directory: Directory | undefined;
  readonly #best: Kept;
  readonly #measurer: RowMeasurer;
  /** Counts shards. */
  readonly #exact: ExactScan;
  readonly #estimator: ShortEstimator;
  readonly #candidates: Candidates;
  readonly #candidateMeasurer: CandidateMeasurer;

  /** `most` is how many of the nearest rows are wanted: Infinity if not all of them are kept. */
  constructor(
    { config, shards }: { readonly config: ShardexConfig; readonly shards: Searchable['shards'] },
    query: Query,
    best: Kept,
    most: number,
    engine: Engine,
    directory: Directory | undefined,
    measurer: RowMeasurer,
    candidates = new Candidates(engine),
  ) {
    this.#shards = shards;
    this.#directory = directory;
    this.#best = best;
    this.#measurer = measurer;
    this.#exact = new ExactScan(shards, directory, measurer);
    this.#estimator = new ShortEstimator(config, engine, query, most);
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
  }

  /** Queues the rows of a shard, without counting it. */
  queueShard(id: ShardId): void {
    const directory = this.#directory;
    if (directory === undefined) {
      for (const segment of (this.#shards.get(id) as Shard).rows.segments) this.#queue(segment);
      return;
    }
    for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry))
      this.#queue(directory.segments[entry] as Segment);
  }

  /** Compares what is queued. */
  estimate(): void {
    this.#estimator.estimate(this.#best.worst, this.#candidates);
  }

  #queue(segment: Segment): void {
    const [estimator, candidates, measurer] = [this.#estimator, this.#candidates, this.#measurer];
    const isSparse = measurer.isSparse(segment);
    if (!isSparse && !estimator.hasCopies(segment)) this.estimate();
    const slot = isSparse ? undefined : estimator.copiesOf(segment);
    if (isSparse || !estimator.isBounded(segment, slot)) {
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
}
