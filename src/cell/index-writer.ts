/*
 * A writer: a draft of a cell's next version that commits itself. It knows its cell by two callbacks only;
 * `CellState.commit` does the rest.
 */

import { show } from '../config.js';
import type { Commit } from '../delta/commit.js';
import { detachable } from '../checks/detached.js';
import { InvalidOptionError, WriterClosedError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { IndexDraft, closeDraft, writeSetOf } from '../write/index-draft.js';
import type { WriteSet } from '../write/write-set.js';

/** Closes a writer whose changes were published without its own `commitChanges()`, as `ingest` does. */
export let closeCommitted: (writer: IndexWriter) => void;

/** Options of {@link IndexWriter.commitChanges}. */
export interface CommitOptions {
  /**
   * What to do if another version was published since the writer was made. `'rebase'` replays the writer's changes on
   * the current version and fails only where they overlap with the changes of others; `'fail'` fails on any other
   * commit, so that what the writer merely read cannot have changed either. Default `'rebase'`.
   */
  readonly onConflict?: 'rebase' | 'fail';
}

/** The part of a writer that a cell needs for a commit. */
export interface Committing {
  /** The version that it was made from. */
  readonly base: ShardexIndex;
  /** The version that it would commit. */
  preview(): ShardexIndex;
}

/** Calls from a writer to the cell that it came from. */
export interface WriterHost {
  commit(writer: Committing, writeSet: WriteSet, onConflict: 'rebase' | 'fail'): Commit;
  /** Called once, after a commit or a discard. */
  closed(writer: Committing, discarded: boolean): void;
}

/**
 * A draft of a cell's next version, together with its base.
 *
 * `cloneForWrite()` makes one in O(1). It is invisible until it commits, and discarding it leaves no trace. Several may be
 * open at once.
 */
export class IndexWriter<M extends object = object> extends IndexDraft<M> {
  /**
   * The version that it was made from. A commit is checked against this one, never against one read later (I3).
   */
  readonly base: ShardexIndex<M>;
  readonly #host: WriterHost;
  #open = true;

  static {
    detachable(this, (value) => #host in value, 'fresh');
    closeCommitted = (writer) => {
      writer.#committed();
    };
  }

  /** @internal */
  constructor(base: ShardexIndex<M>, host: WriterHost) {
    super(base);
    this.base = base;
    this.#host = host;
  }

  /** Whether a commit would publish a change. Time: as `preview()`. */
  get hasChanges(): boolean {
    return this.preview() !== this.base;
  }

  /**
   * Publishes the changes in one step, and closes the writer.
   *
   * Returns the commit; if nothing was changed, both of its versions are the current one. If it throws, nothing was published
   * and the writer stays open, so that its changes can be examined, committed with other options, or discarded.
   *
   * Time: O(log n) for each shard and document touched; a rebase also reads the shards of the touched documents.
   *
   * @throws {@link ConflictError}, {@link InvalidOptionError}, {@link WriterClosedError}, {@link CellClosedError},
   * and what the cell's validator throws.
   */
  commitChanges(options: CommitOptions = {}): Commit<M> {
    const onConflict = checkedConflictOption(options);
    if (!this.#open) {
      throw new WriterClosedError(
        'This writer was committed or discarded already; take a new one with cloneForWrite().',
      );
    }
    const commit = this.#host.commit(this.#bare, writeSetOf<M>(this), onConflict);
    this.#committed();
    return commit;
  }

  /** Discards the changes. Does nothing on a writer that is closed already. */
  discard(): void {
    if (!this.#open) return;
    this.#close('discarded');
    this.#host.closed(this.#bare, true);
  }

  /** Calls `discard()`, so that `using writer = cell.cloneForWrite()` cannot leave one open. */
  [Symbol.dispose](): void {
    this.discard();
  }

  /** This writer as its host knows it, for which the type of the metadata does not matter. */
  get #bare(): this {
    return this;
  }

  #committed(): void {
    this.#close('committed');
    this.#host.closed(this.#bare, false);
  }

  #close(how: string): void {
    this.#open = false;
    closeDraft(this, how);
  }
}

/**
 * Checks the options of a commit.
 *
 * @throws {@link InvalidOptionError}
 */
export function checkedConflictOption(options: CommitOptions): 'rebase' | 'fail' {
  const { onConflict = 'rebase' } = takeOptions(options, ['onConflict']);
  if (['rebase', 'fail'].includes(onConflict)) return onConflict;
  throw new InvalidOptionError(
    'onConflict',
    `onConflict must be 'rebase' or 'fail', not ${show(onConflict)}.`,
  );
}
