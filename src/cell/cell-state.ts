/*
 * The state of one cell: the reference to the current version and everything that has to know when it changes.
 * Writers publish through `commit` or `publish`; readers, pins and watchers find the current version here.
 * `CowShardexIndex` and the replicas are its public faces; `version-cell.ts` has the compare-and-set under it.
 */

import { refusePromise } from '../checks/callbacks.js';
import { CellClosedError, ConflictError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import type { Delta } from '../delta/delta.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { conflict, rebase } from '../write/rebase.js';
import type { WriteSet } from '../write/write-set.js';
import { LivingVersions, notesOn, stackHere } from './held.js';
import { HeldWarning, type HeldOptions } from './held-warning.js';
import { History, type HistoryOptions } from './history.js';
import type { Committing } from './index-writer.js';
import { Meter } from './metrics.js';
import { type Moment, TouchLog, writeSetsSince } from './touch-log.js';
import { Pin } from './pin.js';
import { type VersionCell, compareAndSet } from './version-cell.js';
import { type ListenerErrorHandler, Watchers } from './watchers.js';

/** Examines a version before it is published; if it throws, nothing is published. */
export type Validator = (next: ShardexIndex, delta: Delta) => void;

/** Options of a cell's state, beside its first version. */
export interface CellStateOptions {
  readonly history?: HistoryOptions | undefined;
  readonly held?: HeldOptions | undefined;
  readonly validate?: Validator | undefined;
  readonly onError?: ListenerErrorHandler | undefined;
}

/** The current version of one cell, with its history, watchers, counters and open writers. */
export class CellState {
  readonly meter = new Meter();
  readonly history: History;
  readonly watchers: Watchers;
  readonly living: LivingVersions;
  readonly touches = new TouchLog();
  readonly #cell: VersionCell;
  readonly #validate: Validator | undefined;
  readonly #warning: HeldWarning | undefined;
  /** Whether to record the stack where a version is handed out. */
  readonly trace: boolean;
  #closed = false;

  constructor(index: ShardexIndex, { history, held, validate, onError }: CellStateOptions) {
    this.#cell = { current: index };
    this.history = new History(history);
    this.watchers = new Watchers(onError);
    this.living = new LivingVersions(index);
    this.#validate = validate;
    this.#warning = held === undefined ? undefined : new HeldWarning(held, this.living, this.history);
    this.trace = this.#warning?.traces === true;
  }

  get current(): ShardexIndex {
    return this.#cell.current;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Publishes `next` in one step if `expected` is still current (I2, I3), then tells the watchers. This is the one
   * way to publish. Returns `undefined` if another version is current.
   *
   * @throws {@link CellClosedError}, and what the validator throws.
   */
  publish(
    expected: ShardexIndex,
    next: ShardexIndex,
    startedAt: number,
    writeSet?: WriteSet,
  ): Commit | undefined {
    this.assertOpen();
    const commit = new Commit(expected, next);
    // A validator may commit, or close the cell; so the comparison comes after it.
    if (next !== expected && this.#cell.current === expected) this.examine(commit);
    return this.publishCommit(commit, startedAt, writeSet);
  }

  /**
   * Publishes a commit that was examined elsewhere, in the same step.
   *
   * @throws {@link CellClosedError}
   */
  publishCommit(commit: Commit, startedAt: number, writeSet?: WriteSet): Commit | undefined {
    this.assertOpen();
    const { previous: expected, index: next } = commit;
    if (!compareAndSet(this.#cell, expected, next)) return undefined;
    // Only other open writers will ask for this, and the writer that commits counts as one itself.
    if (writeSet !== undefined && this.meter.liveWriters > 1) this.touches.add(writeSet);
    if (next === expected) return commit;
    this.meter.commits.add(startedAt);
    this.history.keep(expected, this.supersede(expected, next));
    this.#warning?.schedule();
    if (!this.watchers.isEmpty) this.watchers.tell(commit);
    return commit;
  }

  /**
   * Publishes a writer's changes, replayed on the current version if other commits came first.
   *
   * `since` is the moment in the touch log at which the writer was opened.
   */
  commit(
    writer: Committing,
    writeSet: WriteSet,
    onConflict: 'rebase' | 'fail',
    since: Moment | undefined,
  ): Commit {
    const startedAt = performance.now();
    this.assertOpen();
    const mine = writer.preview();
    // A writer that touched nothing has nothing to compare: whatever is current stays so (I2).
    if (writeSet.isEmpty) return new Commit(this.current, this.current);
    const { base } = writer;
    try {
      for (let expected = base; ; expected = this.current) {
        // Without a change to publish, only other commits to the same postings can matter.
        if (expected !== base && onConflict === 'fail' && mine !== base) throw conflict(base, expected, []);
        const recorded = writeSetsSince(since);
        // Uses the draft unchanged if no commit came first. If another version was published, the compare-and-set refuses
        // it, and the loop replays it. A commit that changed nothing but touched postings must be checked before.
        const isFirst = expected === base && (this.current !== base || recorded.length === 0);
        const next = isFirst ? mine : rebase(base, mine, expected, writeSet, recorded);
        const commit = this.publish(expected, next, startedAt, writeSet);
        if (commit === undefined) continue;
        if (next !== expected && expected !== base) this.meter.rebases++;
        return commit;
      }
    } catch (error) {
      if (error instanceof ConflictError) this.meter.conflicts++;
      throw error;
    }
  }

  /** Pins a version: keeps it until the pin is released. Time: O(living versions that are newer). */
  pin(index: ShardexIndex, label: string | undefined): Pin {
    const { history } = this;
    const living = this.living.find(index.version);
    const stack = this.trace ? stackHere() : undefined;
    const taken = Object.freeze({ label, since: performance.now(), stack });
    if (living !== undefined) notesOn(living).pins.add(taken);
    const pin = new Pin(index, label, (released) => {
      history.pins.delete(released);
      living?.notes?.pins.delete(taken);
    });
    history.pins.add(pin);
    return pin;
  }

  /**
   * Refuses a cell that was closed.
   *
   * @throws {@link CellClosedError}
   */
  assertOpen(): void {
    if (!this.#closed) return;
    throw new CellClosedError(
      'This cell was closed. Its versions can still be read; to go on writing, make a new cell of the last one: cell.fork().',
    );
  }

  /** Closes the cell: refuses all further commits, and drops history and watchers. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.history.clear();
    this.#warning?.stop();
    this.watchers.close();
  }

  /** Records that a version takes the place of another; returns the bytes of the blocks that it no longer has. */
  protected supersede(before: ShardexIndex, next: ShardexIndex): number {
    return this.living.supersede(before, next);
  }

  /**
   * Asks the validator for its verdict on a commit.
   *
   * @throws what the validator throws.
   */
  examine(commit: Commit): void {
    const validate: ((next: ShardexIndex, delta: Delta) => unknown) | undefined = this.#validate;
    if (validate === undefined) return;
    refusePromise(
      validate(commit.index, commit.delta),
      'validate is async, so its verdict would come too late. It must decide before it returns. Nothing was published.',
    );
  }
}
