/*
 * The public cell: everything of `ReadableCell`, and the ways to write: writers, recipes, ingest, branches, tags. It
 * opens writers on the current version; `CellState` publishes what they made.
 */

import { assertFunction, requireWhole } from '../config.js';
import { Commit } from '../delta/commit.js';
import type { Delta } from '../delta/delta.js';
import { printable } from '../checks/printable.js';
import { detachable } from '../checks/detached.js';
import { elsewhere } from '../checks/elsewhere.js';
import { InvalidIndexError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { type ShardexIndex, assertIndex, renumbered } from '../version/shardex-index.js';
import { conflict } from '../write/rebase.js';
import { type Recipe, runRecipe } from '../write/update.js';
import { type AsyncRecipe, AsyncUpdates, type UpdateAsyncOptions } from './async-update.js';
import type { HeldOptions } from './held-warning.js';
import type { HistoryOptions } from './history.js';
import { IndexWriter } from './index-writer.js';
import { type IngestOptions, type Source, ingest } from './ingest/ingest.js';
import { CellState } from './cell-state.js';
import { openWriter, watched } from './open-writer.js';
import { ReadableCell, summaryOf } from './readable-cell.js';
import type { ListenerErrorHandler } from './watchers.js';

/** Options of a {@link CowShardexIndex}. */
export interface CowShardexIndexOptions<M extends object = object> {
  /**
   * Limit of concurrent calls of `updateAsync` and `ingest`, 1 to 1,000,000; one more is refused. Default 1,024.
   */
  readonly maxPendingWrites?: number;
  /** Superseded versions to keep; by default none, so that the garbage collector decides. */
  readonly history?: HistoryOptions;
  /**
   * Warnings of old versions that live too long or keep too much memory, with the stacks where they were handed out.
   */
  readonly held?: HeldOptions;
  /**
   * Examines every version before it is published: `(next, delta) => …`. If it throws, nothing is published, and the
   * error comes out of the call that would have published.
   */
  readonly validate?: (next: ShardexIndex<M>, delta: Delta) => void;
  /** Receives what a subscribed listener threw; without it, that is thrown again as an uncaught error. */
  readonly onError?: ListenerErrorHandler;
}

/**
 * The cell: one reference to the current version, which readers take and writers replace.
 *
 * Reading never waits and never fails, whatever is being written. A version that was read never changes.
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
export class CowShardexIndex<M extends object = object> extends ReadableCell<M> {
  readonly #state: CellState;
  readonly #asyncUpdates: AsyncUpdates;

  static {
    printable<CowShardexIndex>(this.prototype as CowShardexIndex, 'CowShardexIndex', summaryOf);
    detachable(this, (value) => #asyncUpdates in value, 'stable');
    const write = 'cell.update((draft) => { … }), and in there draft.';
    elsewhere(this, 'A cell', {
      addPosting: `${write}addPosting(posting)`,
      addPostings: `${write}addPostings(postings)`,
      removePosting: `${write}removePosting(key)`,
      removePostings: `${write}removePostings(keys)`,
      removeDocument: `${write}removeDocument(documentId)`,
      removeDocuments: `${write}removeDocuments(documentIds)`,
      replaceDocument: `${write}replaceDocument(documentId, postings)`,
      putDocument: `${write}putDocument(documentId, { text, metadata, postings })`,
      putDocuments: `${write}putDocuments(documents)`,
      setText: `${write}setText(documentId, text)`,
      setMetadata: `${write}setMetadata(documentId, metadata)`,
      editMetadata: `${write}editMetadata(documentId, recipe)`,
    });
  }

  /**
   * @throws {@link InvalidIndexError}, {@link InvalidOptionError}
   */
  constructor(index: ShardexIndex<M>, options: CowShardexIndexOptions<M> = {}) {
    assertIndex(index);
    const {
      maxPendingWrites = 1024,
      history,
      held,
      validate,
      onError,
    } = takeOptions(options, ['maxPendingWrites', 'history', 'held', 'validate', 'onError']);
    assertFunction('validate', validate);
    assertFunction('onError', onError);
    requireWhole('maxPendingWrites', maxPendingWrites, 1, 1_000_000);
    const examine = validate as ((next: ShardexIndex, delta: Delta) => void) | undefined;
    const state = new CellState(index, { history, held, validate: examine, onError });
    super(state);
    this.#state = state;
    this.#asyncUpdates = new AsyncUpdates(state.meter, () => this.#openBareWriter(), maxPendingWrites);
  }

  /**
   * Opens a writer on the current version. Time: O(1); nothing is copied until it is written.
   *
   * @throws {@link CellClosedError}
   */
  cloneForWrite(): IndexWriter<M> {
    return watched(this.#state, this.#openWriter());
  }

  /** Opens a writer that is sure to be closed, so that it need not be watched for being forgotten. */
  #openWriter(): IndexWriter<M> {
    return openWriter(this.#state, (base, host) => new IndexWriter<M>(base, host));
  }

  /** Opens a writer for code that does not depend on the type of the metadata. */
  #openBareWriter(): IndexWriter {
    return this.#openWriter();
  }

  /**
   * Changes the index in one synchronous step: publishes all of the recipe's changes together, or none if it throws.
   *
   * Returns the commit: the versions before and after it, and the delta between them.
   *
   * @throws {@link AsyncRecipeError}, {@link ConflictError} if the recipe itself committed something that overlaps,
   * {@link CellClosedError}, and whatever the recipe or the validator throws.
   */
  update(recipe: Recipe<M>): Commit<M> {
    const writer = this.#openWriter();
    try {
      runRecipe(recipe, writer);
      return writer.commitChanges();
    } finally {
      writer.discard();
    }
  }

  /**
   * Publishes a version made with the pure functions, if `expected` is still the current version.
   *
   * A version that is not the direct successor of `expected` is renumbered to be it (I2). Returns the commit.
   *
   * @throws {@link ConflictError} if another version is current; {@link InvalidIndexError} for versions of another
   * configuration; {@link CellClosedError}, and what the validator throws.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex, update } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const expected = cell.read();
   * const next = update(expected, (draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * cell.commitChanges(next, { expected }).index === next; // → true
   * cell.commitChanges(next, { expected }); // → throws ConflictError
   * ```
   */
  commitChanges(next: ShardexIndex<M>, options: { readonly expected: ShardexIndex<M> }): Commit<M> {
    const startedAt = performance.now();
    const state = this.#state;
    const { expected } = takeOptions(options, ['expected']);
    assertIndex(next);
    assertIndex(expected);
    if (next.config !== expected.config || next.config !== state.current.config) {
      throw new InvalidIndexError(
        "The version to publish and the expected one must descend from this cell's own versions.",
      );
    }
    if (next === expected) {
      state.assertOpen();
      const current = state.current as ShardexIndex<M>;
      return new Commit(current, current);
    }
    // A version from elsewhere in the lineage gets the number and the next shard id of a direct successor.
    const nextShardId = Math.max(next.nextShardId, expected.nextShardId);
    const successor = renumbered(next, expected.version + 1, nextShardId);
    const commit = state.publish(expected, successor, startedAt);
    if (commit !== undefined) return commit;
    state.meter.conflicts++;
    throw conflict(expected, state.current, []);
  }

  /**
   * Runs a recipe that awaits, and publishes its changes in one step.
   *
   * If another commit comes first, the recipe runs again on the newest version. After `retries + 1` lost races it gets a
   * turn, first come first served. Until the turn ends, no other `updateAsync` commits changes to the documents that it
   * touches, and commits to other documents are merged in. A synchronous commit does not wait even then; if it overlaps, the
   * recipe runs once more. Before its turn, a recipe has read exactly the version that its commit follows; in its turn,
   * documents that it only read may have changed.
   *
   * In a recipe, do not await another `updateAsync` of the same cell that touches the same documents: as with a lock
   * that is taken twice, each would wait for the other.
   *
   * The promise resolves to the commit. It rejects with the signal's reason if that aborts before publication, and
   * never after it; a rejected update has published nothing.
   *
   * @throws {@link ResourceExhaustedError} when too many are under way, {@link InvalidOptionError}, {@link
   * CellClosedError}, and whatever the recipe or the validator throws.
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
  updateAsync(recipe: AsyncRecipe<M>, options: UpdateAsyncOptions = {}): Promise<Commit<M>> {
    return this.#asyncUpdates.run(recipe as unknown as AsyncRecipe, options);
  }

  /**
   * Adds all postings and documents of an iterable, synchronous or asynchronous, without blocking the thread.
   *
   * A document is `{ documentId, text?, metadata?, postings? }`. The work is done in slices of a few milliseconds, between
   * which the event loop runs, and published at the end, in one step. The result equals, to the fingerprint, one `update`
   * that calls `addPostings` or `putDocuments` with all of them; with `commitEvery: n`, one such update for every n postings.
   * Resolves to the commit; with `commitEvery`, to the last one.
   *
   * Other commits may come meanwhile. If they touch none of the same postings, their changes are applied to the ingested
   * version, in time proportional to those changes: no work is done twice, and the ingest ends however often others write.
   * Like a synchronous commit, it does not wait for turns of `updateAsync`.
   *
   * It rejects with the signal's reason, and with what the source, `onProgress` or the validator throws; then nothing
   * is published beyond what `commitEvery` already published. Until the last posting of a commit is taken, its rows
   * wait in separate memory.
   *
   * Time: as `addPostings`. The longest slice is `sliceMs`, or the time for copying one shard, or for publishing:
   * O(shards touched).
   *
   * @throws {@link ConflictError} where others touched the same postings, {@link InvalidPostingError}, {@link
   * InvalidVectorError}, {@link InvalidOptionError}, {@link ResourceExhaustedError}, {@link CellClosedError}
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * async function* embedded(texts: string[]) {
   *   for (const text of texts) yield { documentId: text, vector: await Promise.resolve([text.length]) };
   * }
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1, metric: 'euclidean' }));
   * const { delta } = await cell.ingest(embedded(['one', 'two', 'three']), {
   *   onProgress: ({ taken }) => { console.log(taken); },
   * });
   * delta.documents.added.length; // → 3
   * cell.version; // → 1
   * ```
   */
  ingest(source: Source<M>, options: IngestOptions = {}): Promise<Commit<M>> {
    const run = (): Promise<Commit> => ingest(this.#state, () => this.#openBareWriter(), source, options);
    return this.#asyncUpdates.admit(run);
  }

  /**
   * Makes a branch: an independent cell that starts at the current version. Neither sees what the other publishes,
   * though they share everything that did not change; `merge()` brings them together. Time: O(1).
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
  fork(options: CowShardexIndexOptions<M> = {}): CowShardexIndex<M> {
    return new CowShardexIndex<M>(this.#state.current, options);
  }

  /**
   * Names a version, by default the current one, and keeps it until {@link CowShardexIndex.untag}.
   *
   * @throws {@link InvalidOptionError} for a name that is taken; {@link VersionNotKeptError}, {@link CellClosedError}
   */
  tag(name: string, version: number = this.version): void {
    this.#state.assertOpen();
    this.#state.history.tag(name, this.at(version));
  }

  /** Removes a tag; returns whether there was one. */
  untag(name: string): boolean {
    return this.#state.history.untag(name);
  }

  /** Tags, each with the number of the version that it names. Time: O(tags). */
  tags(): ReadonlyMap<string, number> {
    return this.#state.history.tags;
  }

  /**
   * Publishes the state of an older version as a new one: nothing is destroyed, and so undoing can be undone. Returns
   * the commit. Time: O(1), plus the bookkeeping of the blocks in which the two states differ.
   *
   * @throws {@link VersionNotKeptError}, {@link CellClosedError}, and what the validator throws.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { history: { versions: 10 } });
   * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * cell.tag('before');
   * cell.update((draft) => { draft.removeDocument('a'); });
   * cell.restore('before').index.postingCount; // → 1
   * cell.version; // → 3
   * cell.restore(2).index.postingCount; // → 0
   * cell.versions(); // → [0, 1, 2, 3, 4]
   * ```
   */
  restore(version: number | string): Commit<M> {
    const expected = this.#state.current as ShardexIndex<M>;
    return this.commitChanges(this.at(version), { expected });
  }
}
