import type { ShardexIndex } from '../version/shardex-index.js';

/** How often something was done, and how long it took, in milliseconds with sub-microsecond resolution. */
export interface Timing {
  /** How often. */
  readonly count: number;
  /** All of them together. */
  readonly totalMs: number;
  /** One on average; 0 when there was none. */
  readonly meanMs: number;
  /** The longest. */
  readonly maxMs: number;
}

/** What a cell has done so far, and what it holds; see `CowShardexIndex.metrics()`. */
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
  /** Writers neither committed nor discarded, nor collected as garbage yet. */
  readonly liveWriters: number;
  /** Calls of `updateAsync` and `ingest` not settled yet. */
  readonly pendingWrites: number;
  /** Superseded versions that the garbage collector has not reported as freed yet: somebody may hold them. */
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

/** The counters of one cell. It never holds a version or a writer strongly, so it keeps nothing alive (I8). */
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

  /** Counts a writer as gone when it is collected without having been closed; then `forgotten` is called. */
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
