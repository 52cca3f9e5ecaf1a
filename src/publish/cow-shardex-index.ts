import { assertOptions, isWhole, show } from '../config.js';
import { ConflictError, InvalidIndexError, InvalidOptionError } from '../errors.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';

import { conflict, rebase } from '../write/rebase.js';
import type { Touched } from '../write/touched.js';
import { type Recipe, runRecipe } from '../write/update.js';
import { type AsyncRecipe, AsyncUpdates, type UpdateAsyncOptions } from './async-update.js';
import { IndexWriter } from './index-writer.js';
import { type CellMetrics, Meter } from './metrics.js';
import { type VersionCell, compareAndSet } from './version-cell.js';

/** Options of a {@link CowShardexIndex}. */
export interface CowShardexIndexOptions {
  /** How many calls of `updateAsync` may be under way at once, 1 to 1,000,000; one more is refused. Default 1,024. */
  readonly maxPendingWrites?: number;
}

/**
 * The cell: one reference to the current version, which readers take and writers replace. Reading never waits and
 * never fails, whatever is being written; what was read never changes.
 *
 * @example
 * ```ts
 * import { CowShardexIndex, createIndex, search } from 'shardex';
 *
 * const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
 * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1, 0] }); });
 *
 * const snapshot = cell.read();
 * const writer = cell.cloneForWrite();
 * writer.removeDocument('a');
 * writer.preview().postingCount; // → 0
 * cell.postingCount; // → 1
 * writer.commitChanges();
 * cell.postingCount; // → 0
 * search(snapshot, [1, 0], { k: 1 }).length; // → 1
 * ```
 */
export class CowShardexIndex {
  readonly #cell: VersionCell;
  readonly #meter = new Meter();
  readonly #asyncUpdates: AsyncUpdates;

  /**
   * @throws {@link InvalidIndexError}, {@link InvalidOptionError}
   */
  constructor(index: ShardexIndex, options: CowShardexIndexOptions = {}) {
    assertIndex(index);
    assertOptions(options, ['maxPendingWrites']);
    const { maxPendingWrites = 1024 } = options;
    if (!isWhole(maxPendingWrites, 1, 1_000_000)) {
      throw new InvalidOptionError(
        'maxPendingWrites',
        `maxPendingWrites must be an integer from 1 to 1,000,000, not ${show(maxPendingWrites)}.`,
      );
    }
    this.#cell = { current: index };
    this.#asyncUpdates = new AsyncUpdates(this.#meter, () => this.#openWriter(), maxPendingWrites);
  }

  /** The current version. Time: O(1); no lock, no allocation. */
  read(): ShardexIndex {
    return this.#cell.current;
  }

  /** The current version's number. */
  get version(): number {
    return this.#cell.current.version;
  }

  /** Shards in the current version. */
  get shardCount(): number {
    return this.#cell.current.shardCount;
  }

  /** Postings in the current version. */
  get postingCount(): number {
    return this.#cell.current.postingCount;
  }

  /** Documents in the current version. */
  get documentCount(): number {
    return this.#cell.current.documentCount;
  }

  /** Whether the current version has no postings. */
  get isEmpty(): boolean {
    return this.#cell.current.postingCount === 0;
  }

  /** A writer on the current version. Time: O(1); nothing is copied until it is written. */
  cloneForWrite(): IndexWriter {
    const writer = this.#openWriter();
    this.#meter.watch(writer);
    return writer;
  }

  /** A writer that is sure to be closed, so that it need not be watched for being forgotten. */
  #openWriter(): IndexWriter {
    const startedAt = performance.now();
    const writer = new IndexWriter(this.#cell.current, {
      commit: (committing, touched, onConflict) => this.#commit(committing, touched, onConflict),
      discarded: (discarding) => {
        this.#meter.discards++;
        this.#meter.writerClosed(discarding);
      },
    });
    this.#meter.writerOpened(startedAt);
    return writer;
  }

  /**
   * Changes the index in one step, now: all of the recipe's changes are published together, or none if it throws.
   * Returns the version that is current then.
   *
   * @throws {@link AsyncRecipeError}, {@link ConflictError} where the recipe itself committed something that overlaps,
   * and whatever the recipe throws.
   */
  update(recipe: Recipe): ShardexIndex {
    const writer = this.#openWriter();
    try {
      runRecipe(recipe, writer);
      return writer.commitChanges();
    } finally {
      writer.discard();
    }
  }

  /**
   * Publishes a version made with the pure functions, if `expected` is still the current version. A version that is
   * not the direct successor of `expected` is renumbered to be it (I2). Returns the version that is current then.
   *
   * @throws {@link ConflictError} if another version is current; {@link InvalidIndexError} for versions of another
   * configuration.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex, update } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const expected = cell.read();
   * const next = update(expected, (draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * cell.commitChanges(next, { expected }) === next; // → true
   * cell.commitChanges(next, { expected }); // → throws ConflictError
   * ```
   */
  commitChanges(next: ShardexIndex, options: { readonly expected: ShardexIndex }): ShardexIndex {
    const startedAt = performance.now();
    assertOptions(options, ['expected']);
    const { expected } = options;
    assertIndex(next);
    assertIndex(expected);
    if (next.config !== expected.config || next.config !== this.#cell.current.config) {
      throw new InvalidIndexError(
        "The version to publish and the expected one must descend from this cell's own versions.",
      );
    }
    if (next === expected) return this.#cell.current;
    // A version from elsewhere in the lineage gets the number and the next shard id of a direct successor.
    const version = expected.version + 1;
    const nextShardId = Math.max(next.nextShardId, expected.nextShardId);
    const direct = next.version === version && next.nextShardId === nextShardId;
    const successor = direct ? next : Object.freeze({ ...next, version, nextShardId });
    if (!compareAndSet(this.#cell, expected, successor)) {
      this.#meter.conflicts++;
      throw conflict(expected, this.#cell.current, []);
    }
    this.#published(expected, startedAt);
    return successor;
  }

  /**
   * As {@link CowShardexIndex.update}, for a recipe that awaits. If another commit comes first, the recipe is run again
   * on the newest version; having lost `retries + 1` times, it gets a turn, first come first served: until it is done no
   * other `updateAsync` commits changes of the documents that it touches, and what is committed of others is joined. A
   * synchronous commit does not wait even then; where it overlaps, the recipe is run once more.
   *
   * In a recipe, do not await another `updateAsync` of the same cell that touches the same documents: as with a lock
   * that is taken twice, each would wait for the other.
   *
   * The promise resolves to the version that was published. It rejects with the signal's reason if that aborts before
   * publication, and never after it; a rejected update has published nothing.
   *
   * @throws {@link ResourceExhaustedError} when too many are under way, {@link InvalidOptionError}, and whatever the
   * recipe throws.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const add = (documentId: string) =>
   *   cell.updateAsync(async (draft) => {
   *     const vector = await Promise.resolve([1]);
   *     draft.addPosting({ documentId, vector });
   *   });
   * await Promise.all([add('a'), add('b'), add('c')]);
   * cell.postingCount; // → 3
   * ```
   */
  updateAsync(recipe: AsyncRecipe, options: UpdateAsyncOptions = {}): Promise<ShardexIndex> {
    return this.#asyncUpdates.run(recipe, options);
  }

  /** What this cell has done so far, and what it holds. Time: O(1). */
  metrics(): CellMetrics {
    return this.#meter.read(this.#cell.current);
  }

  #commit(writer: IndexWriter, touched: Touched, onConflict: 'rebase' | 'fail'): ShardexIndex {
    const startedAt = performance.now();
    const mine = writer.preview();
    let expected = writer.base;
    let next = mine;
    // A writer that touched nothing has nothing to compare: whatever is current stays so (I2).
    if (!touched.isEmpty) {
      try {
        while (!compareAndSet(this.#cell, expected, next)) {
          expected = this.#cell.current;
          // Without a change to publish only what others did to the same postings can matter.
          if (onConflict === 'fail' && mine !== writer.base) throw conflict(writer.base, expected, []);
          next = rebase(writer.base, mine, expected, touched);
        }
      } catch (error) {
        if (error instanceof ConflictError) this.#meter.conflicts++;
        throw error;
      }
    }
    if (next !== expected) {
      if (expected !== writer.base) this.#meter.rebases++;
      this.#published(expected, startedAt);
    }
    this.#meter.writerClosed(writer);
    return this.#cell.current;
  }

  #published(previous: ShardexIndex, startedAt: number): void {
    this.#meter.superseded(previous);
    this.#meter.commits.add(startedAt);
  }
}
