// Scans shards by measuring every row: for short or few rows, where codes would not pay.
import type { Shard, ShardId } from '../../version/shard.js';
import type { Segment } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';
import { type Directory, NOWHERE, liveRowsOf } from '../memory/directory.js';
import type { RowMeasurer } from './row-measurer.js';
import type { ShardScan, Tally } from './shard-scan.js';

/** A scan that measures every row at once, so that there are never candidates. */
export class ExactScan implements ShardScan {
  readonly candidateCount = 0;
  readonly limit = Infinity;
  readonly #shards: Searchable['shards'];
  readonly #directory: Directory | undefined;
  readonly #measurer: RowMeasurer;
  #shardCount = 0;
  #rowCount = 0;

  constructor(shards: Searchable['shards'], directory: Directory | undefined, measurer: RowMeasurer) {
    this.#shards = shards;
    this.#directory = directory;
    this.#measurer = measurer;
  }

  get tally(): Tally {
    return { shards: this.#shardCount, rows: this.#rowCount, measured: this.#measurer.count };
  }

  scan(id: ShardId): void {
    this.count(id);
    this.measureShard(id);
  }

  measureSome(): void {
    // No candidates.
  }

  measure(): void {
    // No candidates.
  }

  keepBest(): void {
    // No candidates.
  }

  leastOf(): undefined {
    // Rows are measured outright.
  }

  resume(): void {
    this.#measurer.resume();
  }

  /** Counts a shard as scanned, and returns how many live rows it has. */
  count(id: ShardId): number {
    const rows = liveRowsOf(this.#shards, this.#directory, id);
    this.#shardCount++;
    this.#rowCount += rows;
    return rows;
  }

  /** Measures all rows of a shard, without counting it. */
  measureShard(id: ShardId): void {
    const directory = this.#directory;
    if (directory === undefined) {
      for (const segment of (this.#shards.get(id) as Shard).rows.segments) this.#measurer.measureAll(segment);
      return;
    }
    for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry))
      this.#measurer.measureAll(directory.segments[entry] as Segment);
  }
}
