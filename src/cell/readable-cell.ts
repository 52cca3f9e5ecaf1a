import { BRAND, type Brand, brand, brandOf, otherCopy } from '../brand.js';
import { assertSignal, isWhole, requireFunction, show } from '../config.js';
import { Commit } from '../delta/commit.js';
import { detachable, findable, realOf } from '../detached.js';
import { InvalidOptionError } from '../errors.js';
import { elsewhere } from '../elsewhere.js';
import { fieldOf, isInstance, takeOptions } from '../given.js';
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
   * The number of the last version that the listener knows of: what has been committed since is told before `subscribe`
   * returns. The cell must keep it and all after it; see `history`. Default: the current one.
   */
  readonly since?: number;
}

/** Options of `changes()`. */
export interface ChangesOptions extends SubscribeOptions {
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Joins commits that come faster than they are taken into one that spans them all. Default `false`. */
  readonly coalesce?: boolean;
  /** How many commits may wait to be taken, 1 to 1,000,000; one more ends the stream with an error. Default 10,000. */
  readonly maxBuffered?: number;
}

/** Options of `waitFor()`. */
export interface WaitForOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** The state behind a cell, also where it is given a proxy around it. */
export let cellStateOf: (cell: ReadableCell) => CellState;
let isReal: (value: object) => value is ReadableCell;

/**
 * What can be done with a cell without writing to it: read, look back, watch, and hold on purpose. Reading never waits
 * and never fails, whatever is being written; what was read never changes.
 */
export class ReadableCell {
  readonly #publication: CellState;

  static {
    isReal = (value): value is ReadableCell => #publication in value;
    cellStateOf = (cell) => (realOf(cell, isReal) ?? cell).#publication;
    detachable(this, isReal, 'stable');
    elsewhere(this, 'A cell', {
      search: 'search(cell.read(), query, options)',
      searchMany: 'searchMany(cell.read(), queries, options)',
      postings: 'postings(cell.read(), documentId)',
      hasDocument: 'hasDocument(cell.read(), documentId)',
      documentIds: 'documentIds(cell.read())',
      statistics: 'statistics(cell.read())',
      verify: 'verify(cell.read())',
    });
  }

  /** @internal */
  constructor(publication: CellState) {
    this.#publication = publication;
    findable(this);
  }

  /** The current version. Time: O(1); no lock, no allocation. */
  read(): ShardexIndex {
    const publication = this.#publication;
    if (publication.trace) addStack(publication.living.current, stackHere());
    return publication.current;
  }

  /** The current version's number. */
  get version(): number {
    return this.#publication.current.version;
  }

  /** Shards in the current version. */
  get shardCount(): number {
    return this.#publication.current.shardCount;
  }

  /** Postings in the current version. */
  get postingCount(): number {
    return this.#publication.current.postingCount;
  }

  /** Documents in the current version. */
  get documentCount(): number {
    return this.#publication.current.documentCount;
  }

  /** Whether the current version has no postings. */
  get isEmpty(): boolean {
    return this.#publication.current.postingCount === 0;
  }

  /** Whether the cell was closed. */
  get isClosed(): boolean {
    return this.#publication.isClosed;
  }

  /**
   * A version that the cell keeps: the current one, one of its history, a tagged or a pinned one. Time: O(kept versions).
   *
   * @throws {@link VersionNotKeptError}
   */
  at(version: number | string): ShardexIndex {
    return this.#publication.history.at(version, this.#publication.current);
  }

  /** The numbers that `at()` knows, ascending. Time: O(kept versions · log). */
  versions(): readonly number[] {
    return this.#publication.history.versions(this.#publication.current);
  }

  /**
   * Calls a listener with every commit from now on, or after version `since`: each once, in order, before the call that
   * published it returns. A commit that a listener makes is told after the one it was told of. Returns what ends it.
   *
   * @throws {@link InvalidOptionError}, {@link CellClosedError}, and {@link VersionNotKeptError} where the cell does not keep
   * all versions from `since` on.
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
  subscribe(listener: CommitListener, options: SubscribeOptions = {}): () => void {
    requireFunction('listener', listener, ' (commit) => …');
    const { since } = takeOptions(options, ['since']);
    this.#publication.assertOpen();
    return this.#watch(listener, since);
  }

  /**
   * The commits from now on, or after version `since`, as an async iterator: each once and in order. Those that come while
   * nobody asks are kept, each with its two versions, up to `maxBuffered`; with `coalesce` they are joined instead. The
   * stream begins with the call and ends when the loop is left or the cell is closed.
   *
   * @throws {@link InvalidOptionError}, {@link VersionNotKeptError}; while it runs the signal's reason, and
   * {@link ResourceExhaustedError} when too many wait.
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
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Commit, undefined> {
    const {
      since,
      signal,
      coalesce = false,
      maxBuffered = 10_000,
    } = takeOptions(options, ['since', 'signal', 'coalesce', 'maxBuffered']);
    assertSignal(signal);
    if (typeof coalesce !== 'boolean')
      throw new InvalidOptionError('coalesce', `coalesce must be true or false, not ${show(coalesce)}.`);
    if (!isWhole(maxBuffered, 1, 1_000_000)) {
      throw new InvalidOptionError(
        'maxBuffered',
        `maxBuffered must be an integer from 1 to 1,000,000, not ${show(maxBuffered)}.`,
      );
    }
    return new CommitStream({
      signal,
      coalesce,
      maxBuffered,
      subscribe: (listener, closed) => this.#watch(listener, since, closed),
    });
  }

  /**
   * Waits for the first version, the current one included, that has at least this number, or for which the predicate is
   * true, and resolves to it. The predicate is called with every version, in order.
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
    target: number | ((index: ShardexIndex) => boolean),
    options: WaitForOptions = {},
  ): Promise<ShardexIndex> {
    return waitFor(this.#publication, target, options);
  }

  /**
   * Keeps a version on purpose, by default the current one, until the pin is released: `at()` finds it, and `held()` names
   * who has it. Time: O(1), or as `at()`.
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
  pin(options: PinOptions = {}): Pin {
    const { label, version } = takeOptions(options, ['label', 'version']);
    if (label !== undefined && typeof label !== 'string')
      throw new InvalidOptionError('label', `label must be a string, not ${show(label)}.`);
    const publication = this.#publication;
    return publication.pin(version === undefined ? publication.current : this.at(version), label);
  }

  /**
   * The old versions of this cell that live, oldest first: those that somebody holds, and those that the garbage collector
   * has not come round to. What holds a version without a pin, tag, history or open writer is a variable somewhere: a
   * snapshot, a `Commit`, a stream that is not read.
   *
   * Bytes are those of row blocks, as in `byteLength`, and as far as this cell knows: what other cells (forks) share counts
   * as exclusive here. Time: O(living versions · blocks in which they differ).
   */
  held(): readonly HeldVersion[] {
    const { history, living } = this.#publication;
    return Object.freeze([...living.old()].map((record) => heldVersion(living, history, record)));
  }

  /** What this cell has done so far, and what it holds. Time: O(1). */
  metrics(): CellMetrics {
    const { meter, living, current } = this.#publication;
    return meter.read(current, living.oldCount);
  }

  /**
   * Ends the cell: nothing is published from now on. Writers stay as they are, but their commits are refused, as are new
   * subscriptions; streams of `changes()` end when what they have is taken, `waitFor()` rejects, history and tags are let
   * go of. The last version can still be read, pins keep theirs until they are released, and `held()` goes on reporting.
   */
  close(): void {
    this.#publication.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  get [BRAND](): Brand {
    return CELL;
  }

  #watch(listener: CommitListener, since?: number, closed?: () => void): () => void {
    const { history, watchers, current, isClosed } = this.#publication;
    if (since !== undefined && !isWhole(since, 0, Number.MAX_SAFE_INTEGER))
      throw new InvalidOptionError('since', `since must be the number of a version, not ${show(since)}.`);
    const missed = since === undefined ? [] : commitsOf(history.from(since, current));
    if (!isClosed) return watchers.add(listener, current.version, missed, closed);
    missed.forEach(listener);
    closed?.();
    return () => undefined;
  }
}

const CELL = brand('cell');

/**
 * Refuses what is no cell, before anything is done with it.
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
