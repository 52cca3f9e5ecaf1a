/*
 * A writer of a store: a draft of the next version whose commit is a promise. It is `IndexWriter` otherwise.
 */

import { type CommitOptions, type WriterHost, checkedConflictOption } from '../cell/index-writer.js';
import { detachable } from '../checks/detached.js';
import type { Commit } from '../delta/commit.js';
import { WriterClosedError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { IndexDraft, closeDraft, writeSetOf } from '../write/index-draft.js';

/** What a writer of a store needs beside what every writer does. */
export interface StoreWriterHost extends WriterHost {
  /** Resolves once a commit of this writer is durable and visible. */
  durable(commit: Commit): Promise<Commit>;
  /** Says that the commit is not to be rebased, also where another process comes first. */
  exactly(): void;
}

/**
 * A draft of a store's next version, together with its base. Made in O(1) by `cloneForWrite()`; invisible until it
 * commits, and discarding it leaves no trace. Several may be open at once.
 */
export class StoreWriter<M extends object = object> extends IndexDraft<M> {
  /** The version that it was made from: the newest one decided, which may be ahead of the visible one. */
  readonly base: ShardexIndex<M>;
  readonly #host: StoreWriterHost;
  #open = true;

  static {
    detachable(this, (value) => #host in value, 'fresh');
  }

  /** @internal */
  constructor(base: ShardexIndex<M>, host: StoreWriterHost) {
    super(base);
    this.base = base;
    this.#host = host;
  }

  /** Whether a commit would publish a change. Time: as `preview()`. */
  get hasChanges(): boolean {
    return this.preview() !== this.base;
  }

  /**
   * Commits the changes in one step, and closes the writer. Resolves to the commit once it is durable and visible. Where
   * it rejects before the log was asked, as for a conflict in this process, the writer stays open.
   *
   * @throws {@link ConflictError}, {@link InvalidOptionError}, {@link WriterClosedError}, {@link CellClosedError}, {@link
   * CommitUnknownError}, and what the validator and the log throw.
   */
  async commitChanges(options: CommitOptions = {}): Promise<Commit<M>> {
    const onConflict = checkedConflictOption(options);
    if (!this.#open)
      throw new WriterClosedError(
        'This writer was committed or discarded already; take a new one with cloneForWrite().',
      );
    if (onConflict === 'fail') this.#host.exactly();
    const commit = this.#host.commit(this.#bare, writeSetOf<M>(this), onConflict);
    this.#close('committed');
    this.#host.closed(this.#bare, false);
    return this.#host.durable(commit);
  }

  /** Discards the changes. Does nothing on a writer that is closed already. */
  discard(): void {
    if (!this.#open) return;
    this.#close('discarded');
    this.#host.closed(this.#bare, true);
  }

  /** Calls `discard()`, so that `using writer = store.cloneForWrite()` cannot leave one open. */
  [Symbol.dispose](): void {
    this.discard();
  }

  /** Itself, as its host knows it: whatever the type of the metadata. */
  get #bare(): this {
    return this;
  }

  #close(how: string): void {
    this.#open = false;
    closeDraft(this, how);
  }
}
