import { show } from '../config.js';
import type { Commit } from '../delta/commit.js';
import { detachable } from '../detached.js';
import { InvalidOptionError, WriterClosedError } from '../errors.js';
import { takeOptions } from '../given.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { IndexDraft, closeDraft, touchedBy } from '../write/index-draft.js';
import type { Touched } from '../write/touched.js';

/** Closes a writer whose changes were published in another way than by its own `commitChanges()`. */
export let closeCommitted: (writer: IndexWriter) => void;

/** How {@link IndexWriter.commitChanges} meets a version that was published since the writer was made. */
export interface CommitOptions {
  /**
   * `'rebase'` replays the writer's changes on the current version and fails only where they overlap with what others
   * changed; `'fail'` fails on any other commit, so that what the writer merely read cannot have changed either. Default
   * `'rebase'`.
   */
  readonly onConflict?: 'rebase' | 'fail';
}

/** What a writer asks of the cell it came from. */
export interface Publisher {
  commit(writer: IndexWriter, touched: Touched, onConflict: 'rebase' | 'fail'): Commit;
  /** Told once, after a commit or a discard. */
  closed(writer: IndexWriter, discarded: boolean): void;
}

/**
 * A draft of a cell's next version, with the version it was made from. Made in O(1) by `cloneForWrite()`; invisible
 * until it commits, and discarding it leaves no trace. Several may be open at once.
 */
export class IndexWriter extends IndexDraft {
  /** The version it was made from; a commit is checked against this one, never against one read later (I3). */
  readonly base: ShardexIndex;
  readonly #publisher: Publisher;
  #open = true;

  static {
    detachable(this, (value) => #publisher in value, 'fresh');
    closeCommitted = (writer) => {
      writer.#committed();
    };
  }

  /** @internal */
  constructor(base: ShardexIndex, publisher: Publisher) {
    super(base);
    this.base = base;
    this.#publisher = publisher;
  }

  /** Whether committing now would publish anything. Time: as `preview()`. */
  get hasChanges(): boolean {
    return this.preview() !== this.base;
  }

  /**
   * Publishes the changes in one step and returns what that did; where nothing was changed, the commit's two versions are
   * the one that is current anyway. Closes the writer; but where it throws, nothing was published, and the writer stays
   * open, so that its changes can be looked at, committed in another way, or discarded.
   *
   * Time: O(log n) for each shard and document touched; a rebase also reads the shards of the touched documents.
   *
   * @throws {@link ConflictError}, {@link InvalidOptionError}, {@link WriterClosedError}, {@link CellClosedError}, and what the
   * cell's validator throws.
   */
  commitChanges(options: CommitOptions = {}): Commit {
    const onConflict = checkedConflictOption(options);
    if (!this.#open) {
      throw new WriterClosedError(
        'This writer was committed or discarded already; take a new one with cloneForWrite().',
      );
    }
    const commit = this.#publisher.commit(this, touchedBy(this), onConflict);
    this.#committed();
    return commit;
  }

  /** Gives the changes up. Does nothing on a writer that is closed already. */
  discard(): void {
    if (!this.#open) return;
    this.#close('discarded');
    this.#publisher.closed(this, true);
  }

  /** Discards, so that `using writer = cell.cloneForWrite()` cannot leave one open. */
  [Symbol.dispose](): void {
    this.discard();
  }

  #committed(): void {
    this.#close('committed');
    this.#publisher.closed(this, false);
  }

  #close(how: string): void {
    this.#open = false;
    closeDraft(this, how);
  }
}

/**
 * What the options of a commit say about conflicts.
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
