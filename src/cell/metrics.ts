/*
 * The counters of a cell: `Meter` counts, `cell.metrics()` returns a frozen copy.
 */

import type { ShardexIndex } from '../version/shardex-index.js';

/** Count and durations of an operation, in milliseconds with sub-microsecond resolution. */
export interface Timing {
  /** Number of times. */
  readonly count: number;
  /** Sum of the durations. */
  readonly totalMs: number;
  /** Mean duration; 0 if there was none. */
  readonly meanMs: number;
  /** Longest duration. */
  readonly maxMs: number;
}

/** Counters of a cell since it was made; see `CowShardexIndex.metrics()`. */
export interface CellMetrics {
  /** Writers made, including those of `update` and `updateAsync`. */
  readonly clones: Timing;
  /** Commits that published, from the call to the publication. */
  readonly commits: Timing;
  /** Commits refused because of an overlap, or because another version than the expected one was current. */
  readonly conflicts: number;
  /** Commits whose operations were replayed on a newer version than their base. */
  readonly rebases: number;
  /** Recipes of `updateAsync` run again because another commit came first. */
  readonly retries: number;
  /** Writers discarded, including those whose recipe threw. */
  readonly discards: number;
  /** Open writers: neither committed, discarded nor garbage-collected yet. */
  readonly liveWriters: number;
  /** Calls of `updateAsync` and `ingest` not settled yet. */
  readonly pendingWrites: number;
  /**
   * Superseded versions that the garbage collector has not reported as freed yet; something may still hold them.
   */
  readonly liveOldVersions: number;
  /** Bytes of the row blocks of the current version. */
  readonly byteLength: number;
}

class Stopwatch {
  #count = 0;
  #total = 0;
  #max = 0;

  add(startedAt: number): void {
    const ms = performance.now() - startedAt;
    this.#count++;
    this.#total += ms;
    if (ms > this.#max) this.#max = ms;
  }

  read(): Timing {
    const meanMs = this.#count === 0 ? 0 : this.#total / this.#count;
    return Object.freeze({ count: this.#count, totalMs: this.#total, meanMs, maxMs: this.#max });
  }
}

/** Counters of one cell. It holds no version and no writer strongly, so it keeps nothing alive (I8). */
export class Meter {
  readonly clones = new Stopwatch();
  readonly commits = new Stopwatch();
  conflicts = 0;
  rebases = 0;
  retries = 0;
  discards = 0;
  pendingWrites = 0;
  #liveWriters = 0;
  readonly #collected = new FinalizationRegistry<() => void>((forget) => {
    forget();
  });

  get liveWriters(): number {
    return this.#liveWriters;
  }

  writerOpened(startedAt: number): void {
    this.clones.add(startedAt);
    this.#liveWriters++;
  }

  /** Calls `forgotten`, and counts the writer as closed, if it is collected while still open. */
  watch(writer: object, forgotten: () => void): void {
    this.#collected.register(
      writer,
      () => {
        this.#liveWriters--;
        forgotten();
      },
      writer,
    );
  }

  writerClosed(writer: object): void {
    this.#liveWriters--;
    this.#collected.unregister(writer);
  }

  read(current: ShardexIndex, liveOldVersions: number): CellMetrics {
    return Object.freeze({
      clones: this.clones.read(),
      commits: this.commits.read(),
      conflicts: this.conflicts,
      rebases: this.rebases,
      retries: this.retries,
      discards: this.discards,
      liveWriters: this.#liveWriters,
      pendingWrites: this.pendingWrites,
      liveOldVersions,
      byteLength: current.byteLength,
    });
  }
}
