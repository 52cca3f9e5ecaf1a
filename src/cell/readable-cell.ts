/*
 * The reading half of a cell: read, look back, watch, wait, pin, report. `CowShardexIndex` adds writing; a replica in
 * another thread has this half alone.
 */

import { BRAND, type Brand, brand, brandOf, otherCopy } from '../checks/brand.js';
import { assertSignal, requireFlag, requireFunction, requireVersion, requireWhole, show } from '../config.js';
import { Commit } from '../delta/commit.js';
import { detachable, findable, realOf } from '../checks/detached.js';
import { InvalidOptionError } from '../errors.js';
import { printable } from '../checks/printable.js';
import { elsewhere } from '../checks/elsewhere.js';
import { fieldOf, isInstance, takeOptions } from '../checks/given.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { CommitStream } from './commit-stream.js';
import { type HeldVersion, addStack, heldVersion, stackHere } from './held.js';
import type { CellMetrics } from './metrics.js';
import type { Pin, PinOptions } from './pin.js';
import type { CellState } from './cell-state.js';
import { waitFor } from './wait-for.js';
import type { CommitListener } from './watchers.js';

/** Options of `subscribe()`. */
export interface SubscribeOptions {
  /**
   * The last version that the listener knows. Commits after it are delivered before `subscribe` returns. The cell
   * must keep it and all later versions; see `history`. Default: the current one.
   */
  readonly since?: number;
}

/** Options of `changes()`. */
export interface ChangesOptions extends SubscribeOptions {
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Joins commits that come faster than they are read into one that spans them all. Default `false`. */
  readonly coalesce?: boolean;
  /**
   * Limit of commits that wait to be read, 1 to 1,000,000; one more ends the stream with an error. Default 10,000.
   */
  readonly maxBuffered?: number;
}

/** Options of `waitFor()`. */
export interface WaitForOptions {
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The state behind a cell, or behind a proxy of it. A friend accessor; see docs/internals/design.md. */
export let cellStateOf: (cell: ReadableCell) => CellState;
let isReal: (value: object) => value is ReadableCell;

/**
 * A cell that can be read, watched and looked back on, but not written to.
 *
 * Reading never waits and never fails, whatever is being written; a version never changes.
 */
export class ReadableCell<M extends object = object> {
  readonly #state: CellState;

  static {
    isReal = (value): value is ReadableCell => #state in value;
    cellStateOf = (cell) => (realOf(cell, isReal) ?? cell).#state;
    printable<ReadableCell>(this.prototype as ReadableCell, 'ReadableCell', summaryOf);
    detachable(this, isReal, 'stable');
    elsewhere(this, 'A cell', {
      search: 'search(cell.read(), query, options)',
      searchMany: 'searchMany(cell.read(), queries, options)',
      postings: 'postings(cell.read(), documentId)',
      getPosting: 'getPosting(cell.read(), key)',
      hasDocument: 'hasDocument(cell.read(), documentId)',
      documentIds: 'documentIds(cell.read())',
      statistics: 'statistics(cell.read())',
      verify: 'verify(cell.read())',
    });
  }

  /** @internal */
  constructor(state: CellState) {
    this.#state = state;
    findable(this);
  }

  /** Returns the current version. Time: O(1); no lock, no allocation. */
  read(): ShardexIndex<M> {
    const state = this.#state;
    if (state.trace) addStack(state.living.current, stackHere());
    return state.current;
  }

  /** The current version's number. */
  get version(): number {
    return this.#state.current.version;
  }

  /** Shards in the current version. */
  get shardCount(): number {
    return this.#state.current.shardCount;
  }

  /** Postings in the current version. */
  get postingCount(): number {
    return this.#state.current.postingCount;
  }

  /** Documents in the current version. */
  get documentCount(): number {
    return this.#state.current.documentCount;
  }

  /** Whether the current version has no postings. */
  get isEmpty(): boolean {
    return this.#state.current.postingCount === 0;
  }

  /** Whether the cell was closed. */
  get isClosed(): boolean {
    return this.#state.isClosed;
  }

  /**
   * Finds a version that the cell keeps: the current one, one of its history, a tagged or a pinned one.
   *
   * Time: O(kept versions).
   *
   * @throws {@link VersionNotKeptError}
   */
  at(version: number | string): ShardexIndex<M> {
    return this.#state.history.at(version, this.#state.current);
  }

  /** Numbers of the versions that `at()` finds, ascending. Time: O(kept versions · log). */
  versions(): readonly number[] {
    return this.#state.history.versions(this.#state.current);
  }

  /**
   * Calls a listener with every commit from now on, or after version `since`.
   *
   * It is called once for each, in order, before the call that published it returns. A commit made inside a listener is
   * delivered after the current one has reached all listeners. Returns a function that ends the subscription.
   *
   * @throws {@link InvalidOptionError}, {@link CellClosedError}, and {@link VersionNotKeptError} if the cell does not keep all
   * versions from `since` on.
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
  subscribe(listener: CommitListener<M>, options: SubscribeOptions = {}): () => void {
    requireFunction('listener', listener, ' (commit) => …');
    const { since } = takeOptions(options, ['since']);
    this.#state.assertOpen();
    return this.#watch(listener, since);
  }

  /**
   * Streams the commits from now on, or after version `since`, as an async iterator: once each, in order.
   *
   * Commits that are not read yet are buffered, each with its two versions, up to `maxBuffered`; with `coalesce` they are
   * joined instead. The stream begins with the call, and ends when the loop is left or the cell is closed.
   *
   * @throws {@link InvalidOptionError}, {@link VersionNotKeptError}; while it runs the signal's reason, and {@link
   * ResourceExhaustedError} when too many wait.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { history: { versions: 10 } });
   * const add = (documentId: string) => cell.update((draft) => { draft.addPosting({ documentId, vector: [1] }); });
   * add('a');
   * const stream = cell.changes({ since: 0 });
   * add('b');
   * const seen: string[] = [];
   * for await (const { delta } of stream) {
   *   seen.push(...delta.documents.added);
   *   if (seen.length === 2) break;
   * }
   * seen; // → ['a', 'b']
   * ```
   */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Commit<M>, undefined> {
    const {
      since,
      signal,
      coalesce = false,
      maxBuffered = 10_000,
    } = takeOptions(options, ['since', 'signal', 'coalesce', 'maxBuffered']);
    assertSignal(signal);
    requireFlag('coalesce', coalesce);
    requireWhole('maxBuffered', maxBuffered, 1, 1_000_000);
    const stream: AsyncIterableIterator<Commit, undefined> = new CommitStream({
      signal,
      coalesce,
      maxBuffered,
      subscribe: (listener, closed) => this.#watch(listener, since, closed),
    });
    return stream as AsyncIterableIterator<Commit<M>, undefined>;
  }

  /**
   * Waits for the first version that has at least this number, or that satisfies the predicate; it may be the current one.
   *
   * The predicate is called with every version, in order.
   *
   * @throws {@link InvalidOptionError}; it rejects with the signal's reason, with what the predicate throws, and with
   * {@link CellClosedError} when the cell is closed before.
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const filled = cell.waitFor((index) => index.postingCount > 0);
   * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * (await filled).version; // → 1
   * (await cell.waitFor(1)).postingCount; // → 1
   * ```
   */
  waitFor(
    target: number | ((index: ShardexIndex<M>) => boolean),
    options: WaitForOptions = {},
  ): Promise<ShardexIndex<M>> {
    return waitFor(this.#state, target, options);
  }

  /**
   * Keeps a version, by default the current one, until the pin is released.
   *
   * `at()` finds it, and `held()` reports its label. Time: O(1), or as `at()`.
   *
   * @throws {@link VersionNotKeptError}, {@link InvalidOptionError}
   *
   * @example
   * ```ts
   * import { CowShardexIndex, createIndex } from 'shardex';
   *
   * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
   * const pin = cell.pin({ label: 'nightly report' }); // or: using pin = …
   * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
   * cell.held().map(({ version, pins }) => [version, pins[0]?.label]); // → [[0, 'nightly report']]
   * cell.at(0).postingCount; // → 0
   * pin.release();
   * pin.index; // → throws PinReleasedError
   * ```
   */
  pin(options: PinOptions = {}): Pin<M> {
    const { label, version } = takeOptions(options, ['label', 'version']);
    if (label !== undefined && typeof label !== 'string')
      throw new InvalidOptionError('label', `label must be a string, not ${show(label)}.`);
    const state = this.#state;
    const index = version === undefined ? state.current : this.at(version);
    return state.pin(index, label);
  }

  /**
   * Reports the old versions of this cell that still live, oldest first.
   *
   * Something holds them, or the garbage collector has not run yet. A version without a pin, tag, history or open writer is
   * held by a variable in the program: a snapshot, a `Commit`, a stream that is not read.
   *
   * Bytes are those of row blocks, as in `byteLength`, and about those of texts and metadata. Memory that other cells (forks)
   * share counts as exclusive, as this cell does not know of them. Time: O(living versions · blocks in which they differ).
   */
  held(): readonly HeldVersion[] {
    const { history, living } = this.#state;
    return Object.freeze([...living.old()].map((old) => heldVersion(living, history, old)));
  }

  /** Returns the counters of this cell. Time: O(1). */
  metrics(): CellMetrics {
    const { meter, living, current } = this.#state;
    return meter.read(current, living.oldCount);
  }

  /**
   * Closes the cell: nothing is published from now on.
   *
   * Commits of open writers are refused, as are new subscriptions. Streams of `changes()` end once their buffer is read,
   * `waitFor()` rejects, and history and tags are dropped. The last version can still be read, pins keep theirs until they
   * are released, and `held()` goes on reporting.
   */
  close(): void {
    this.#state.close();
  }

  /** Calls `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  get [BRAND](): Brand {
    return CELL;
  }

  #watch(listener: CommitListener, since?: number, closed?: () => void): () => void {
    const { history, watchers, current, isClosed } = this.#state;
    if (since !== undefined) requireVersion('since', since);
    const missed = since === undefined ? [] : commitsOf(history.from(since, current));
    if (!isClosed) return watchers.add(listener, current.version, missed, closed);
    missed.forEach(listener);
    closed?.();
    return () => undefined;
  }
}

/** The summary that a cell prints. */
export function summaryOf(cell: ReadableCell): object {
  const { state, isClosed } = { state: cellStateOf(cell), isClosed: cell.isClosed };
  return { index: state.current, isClosed, liveOldVersions: state.living.oldCount };
}

const CELL = brand('cell');

/**
 * Refuses a value that is not a cell, before any work is done.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertCell(value: unknown, done: string): asserts value is ReadableCell {
  if (realOf(value, isReal) !== undefined) return;
  const mark = brandOf(value);
  if (mark?.is === 'cell' && !isInstance(value, ReadableCell))
    throw new InvalidOptionError('cell', otherCopy(mark, 'cell', 'let that one do it'));
  const advice =
    brandOf(fieldOf(value, 'centroids')) === undefined
      ? ''
      : ' This is a version: pass the cell that it was read from, or new CowShardexIndex(version).';
  throw new InvalidOptionError(
    'cell',
    `Only a cell or a replica can be ${done}, not ${show(value)}.${advice}`,
  );
}

function commitsOf(versions: readonly ShardexIndex[]): Commit[] {
  return versions.slice(1).map((index, i) => new Commit(versions[i], index));
}
