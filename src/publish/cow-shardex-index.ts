import { assertOptions, isWhole, show } from '../config.js';
import { ConflictError, InvalidIndexError, InvalidOptionError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import type { Delta } from '../delta/delta.js';
import { type ShardexIndex, assertIndex, renumbered } from '../version/shardex-index.js';
import { conflict, rebase } from '../write/rebase.js';
import type { Touched } from '../write/touched.js';
import { type Recipe, refusePromise, runRecipe } from '../write/update.js';
import { type AsyncRecipe, AsyncUpdates, type UpdateAsyncOptions } from './async-update.js';
import { History, type HistoryOptions } from './history.js';
import { IndexWriter } from './index-writer.js';
import { type CellMetrics, Meter } from './metrics.js';
import { type VersionCell, compareAndSet } from './version-cell.js';
import { type CommitListener, type ListenerErrorHandler, Watchers } from './watchers.js';

/** Options of a {@link CowShardexIndex}. */
export interface CowShardexIndexOptions {
  /** How many calls of `updateAsync` may be under way at once, 1 to 1,000,000; one more is refused. Default 1,024. */
  readonly maxPendingWrites?: number;
  /** Which superseded versions to keep; by default none, so that the garbage collector decides. */
  readonly history?: HistoryOptions;
  /**
   * Looks at every version before it is published: `(next, delta) => …`. If it throws, nothing is published, and what it
   * threw comes out of the call that would have.
   */
  readonly validate?: (next: ShardexIndex, delta: Delta) => void;
  /** Is told what a subscribed listener threw; without it, that is thrown again as an uncaught error. */
  readonly onError?: ListenerErrorHandler;
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
  readonly #history: History;
  readonly #watchers: Watchers;
  readonly #validate: CowShardexIndexOptions['validate'];

  /**
   * @throws {@link InvalidIndexError}, {@link InvalidOptionError}
   */
  constructor(index: ShardexIndex, options: CowShardexIndexOptions = {}) {
    assertIndex(index);
    assertOptions(options, ['maxPendingWrites', 'history', 'validate', 'onError']);
    const { maxPendingWrites = 1024, history, validate, onError } = options;
    assertFunction('validate', validate);
    assertFunction('onError', onError);
    if (!isWhole(maxPendingWrites, 1, 1_000_000)) {
      throw new InvalidOptionError(
        'maxPendingWrites',
        `maxPendingWrites must be an integer from 1 to 1,000,000, not ${show(maxPendingWrites)}.`,
      );
    }
    this.#cell = { current: index };
    this.#history = new History(history);
    this.#watchers = new Watchers(onError);
    this.#validate = validate;
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
    const nextShardId = Math.max(next.nextShardId, expected.nextShardId);
    const successor = renumbered(next, expected.version + 1, nextShardId);
    if (!this.#publish(expected, successor, startedAt)) {
      this.#meter.conflicts++;
      throw conflict(expected, this.#cell.current, []);
    }
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

  /**
   * A cell of its own that starts at the current version: a branch. Neither sees what the other publishes, though they
   * share everything that did not change; `merge()` brings them together. Time: O(1).
   *
   * @throws {@link InvalidOptionError}
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex, merge } from 'shardex';
   *
   * const main = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const base = main.read();
   * const branch = main.fork();
   * branch.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * main.postingCount; // → 0
   * const expected = main.read();
   * main.commitChanges(merge(expected, branch.read(), base), { expected });
   * main.postingCount; // → 1
   * ```
   */
  fork(options: CowShardexIndexOptions = {}): CowShardexIndex {
    return new CowShardexIndex(this.#cell.current, options);
  }

  /**
   * A version that the cell keeps: the current one, one of its history, or a tagged one. Time: O(kept versions).
   *
   * @throws {@link VersionNotKeptError}
   */
  at(version: number | string): ShardexIndex {
    return this.#history.at(version, this.#cell.current);
  }

  /** The numbers that `at()` knows, ascending. Time: O(kept versions · log). */
  versions(): readonly number[] {
    return this.#history.versions(this.#cell.current);
  }

  /**
   * Gives a version a name and keeps it until {@link CowShardexIndex.untag}; by default the current one.
   *
   * @throws {@link InvalidOptionError} for a name that is taken; {@link VersionNotKeptError}
   */
  tag(name: string, version: number = this.version): void {
    this.#history.tag(name, this.at(version));
  }

  /** Gives a name up; says whether there was one. */
  untag(name: string): boolean {
    return this.#history.untag(name);
  }

  /** The tags, and the number of the version that each one names. Time: O(tags). */
  tags(): ReadonlyMap<string, number> {
    return this.#history.tags;
  }

  /**
   * Publishes the state of an older version as a new one: nothing is destroyed, and so undoing can be undone. Returns
   * the version that is current then. Time: O(1).
   *
   * @throws {@link VersionNotKeptError}, and what `validate` throws.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { history: { versions: 10 } });
   * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * cell.tag('before');
   * cell.update((draft) => { draft.removeDocument('a'); });
   * cell.restore('before').postingCount; // → 1
   * cell.version; // → 3
   * cell.restore(2).postingCount; // → 0
   * cell.versions(); // → [0, 1, 2, 3, 4]
   * ```
   */
  restore(version: number | string): ShardexIndex {
    const expected = this.#cell.current;
    const index = this.at(version);
    return index === expected ? expected : this.commitChanges(index, { expected });
  }

  /**
   * Calls a listener with every commit from now on: each once, in order, before the call that published it returns. A
   * commit that a listener makes is told after the one it was told of. Returns what ends it.
   *
   * @throws {@link InvalidOptionError}
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const added: string[] = [];
   * const unsubscribe = cell.subscribe(({ delta }) => { added.push(...delta.documents.added); });
   * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * unsubscribe();
   * cell.update((draft) => { draft.addPosting({ documentId: 'b', vector: [1] }); });
   * added; // → ['a']
   * ```
   */
  subscribe(listener: CommitListener): () => void {
    const given: unknown = listener;
    if (given === undefined) throw new InvalidOptionError('listener', 'A listener must be a function.');
    assertFunction('listener', given);
    return this.#watchers.add(listener, this.version);
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
        while (!this.#publish(expected, next, startedAt)) {
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
    if (next !== expected && expected !== writer.base) this.#meter.rebases++;
    this.#meter.writerClosed(writer);
    return this.#cell.current;
  }

  /** The one way to publish: in one step, if `expected` is still current (I2, I3); then everyone is told. */
  #publish(expected: ShardexIndex, next: ShardexIndex, startedAt: number): boolean {
    const commit = new Commit(expected, next);
    // A validator may commit itself; so the comparison comes after it.
    if (next !== expected && this.#cell.current === expected) this.#examine(commit);
    if (!compareAndSet(this.#cell, expected, next)) return false;
    if (next === expected) return true;
    this.#meter.superseded(expected);
    this.#meter.commits.add(startedAt);
    this.#history.superseded(expected);
    if (!this.#watchers.isEmpty) this.#watchers.tell(commit);
    return true;
  }

  #examine(commit: Commit): void {
    const validate: ((next: ShardexIndex, delta: Delta) => unknown) | undefined = this.#validate;
    if (validate === undefined) return;
    refusePromise(
      validate(commit.index, commit.delta),
      'validate is async, so its verdict would come too late. It must decide before it returns. Nothing was published.',
    );
  }
}

function assertFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidOptionError(name, `${name} must be a function, not ${show(value)}.`);
}
