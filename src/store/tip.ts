/*
 * The newest decided version of a store, which is ahead of the visible one by what the log has not acknowledged yet.
 * Writers start from it and publish to it as in any cell; each of its commits goes on to the queue of the log.
 */

import { CellState, type Validator } from '../cell/cell-state.js';
import { CellClosedError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { WriteSet } from '../write/write-set.js';
import type { CommitInfo } from './entry-bytes.js';

/** What a caller said of a write, and what came of it. One write may make several commits, as an ingest does. */
export interface Write {
  readonly token: string | undefined;
  readonly info: Omit<CommitInfo, 'time'>;
  /** Whether another commit in between is a conflict even where it touched nothing of the same. */
  readonly isExact: boolean;
  /** Settles with each commit that was offered, oldest first. */
  readonly offered: Promise<Commit>[];
}

/** Takes a commit that was decided; resolves once it is durable and visible. */
export type Offer = (
  commit: Commit,
  writeSet: WriteSet | undefined,
  write: Write | undefined,
) => Promise<Commit>;

/** Returns the commit of a known token; `undefined` for a new one. */
export type Known = (token: string | undefined) => Promise<Commit> | undefined;

/** The state of the cell that writers see. */
export class TipState extends CellState {
  readonly #offer: Offer;
  readonly #known: Known;
  /** By write set, which is all that a publication knows of a writer. */
  readonly #writes = new WeakMap<WriteSet, Write>();

  constructor(index: ShardexIndex, validate: Validator | undefined, offer: Offer, known: Known) {
    super(index, { validate });
    this.#offer = offer;
    this.#known = known;
  }

  /** Says which write a writer belongs to. */
  bind(writeSet: WriteSet, write: Write): void {
    this.#writes.set(writeSet, write);
  }

  /**
   * Returns an empty commit for a write whose token is known by now, else `undefined`. Another try with that token may have
   * been decided since this one began. The write then waits until that one is durable.
   */
  #made(write: Write | undefined): Commit | undefined {
    const made = write?.offered.length === 0 ? this.#known(write.token) : undefined;
    if (made === undefined) return undefined;
    made.catch(() => undefined);
    write?.offered.push(made);
    return new Commit(this.current, this.current);
  }

  /** Publishes to the writers that come next, and offers the commit to the log. */
  override publish(
    expected: ShardexIndex,
    next: ShardexIndex,
    startedAt: number,
    writeSet?: WriteSet,
  ): Commit | undefined {
    const write = writeSet === undefined ? undefined : this.#writes.get(writeSet);
    const commit = this.#made(write) ?? super.publish(expected, next, startedAt, writeSet);
    if (commit === undefined || commit.isEmpty) return commit;
    const durable = this.#offer(commit, writeSet, write);
    // Whoever made the write hears of it; nobody else has to.
    durable.catch(() => undefined);
    write?.offered.push(durable);
    return commit;
  }

  /** Records nothing: who holds which version is asked of the visible cell, which each of them gets to. */
  protected override supersede(): number {
    return 0;
  }

  /** @throws {@link CellClosedError} */
  override assertOpen(): void {
    if (!this.isClosed) return;
    throw new CellClosedError(
      'This store was closed. Its versions can still be read; to go on writing, open it again with openStore().',
    );
  }

  /** Goes to a version that was decided elsewhere: by another process, or before what the log refused. */
  moveTo(index: ShardexIndex): void {
    if (index !== this.current && !this.isClosed)
      this.publishCommit(new Commit(this.current, index), performance.now());
  }
}
