import { refusePromise } from '../callbacks.js';
import { CellClosedError, ConflictError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import type { Delta } from '../delta/delta.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { conflict, rebase } from '../write/rebase.js';
import type { Touched } from '../write/touched.js';
import { LivingVersions, notesOn, stackHere } from './held.js';
import { HeldWarning, type HeldOptions } from './held-warning.js';
import { History, type HistoryOptions } from './history.js';
import type { IndexWriter } from './index-writer.js';
import { Meter } from './metrics.js';
import { type Moment, TouchLog, touchedSince } from './touch-log.js';
import { Pin } from './pin.js';
import { type VersionCell, compareAndSet } from './version-cell.js';
import { type ListenerErrorHandler, Watchers } from './watchers.js';

/** Looks at a version before it is published; if it throws, nothing is. */
export type Validator = (next: ShardexIndex, delta: Delta) => void;

/** What a cell is made with, beside its first version. */
export interface PublicationOptions {
  readonly history?: HistoryOptions | undefined;
  readonly held?: HeldOptions | undefined;
  readonly validate?: Validator | undefined;
  readonly onError?: ListenerErrorHandler | undefined;
}

/** The state of one cell: the reference to the current version, and everyone who has to know when it changes. */
export class CellState {
  readonly meter = new Meter();
  readonly history: History;
  readonly watchers: Watchers;
  readonly living: LivingVersions;
  readonly touches = new TouchLog();
  readonly #cell: VersionCell;
  readonly #validate: Validator | undefined;
  readonly #warning: HeldWarning | undefined;
  /** Whether to note where versions are handed out. */
  readonly trace: boolean;
  #closed = false;

  constructor(index: ShardexIndex, { history, held, validate, onError }: PublicationOptions) {
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
   * The one way to publish: in one step, if `expected` is still current (I2, I3); then everyone is told. `undefined` if
   * it is not.
   *
   * @throws {@link CellClosedError}, and what the validator throws.
   */
  publish(
    expected: ShardexIndex,
    next: ShardexIndex,
    startedAt: number,
    touched?: Touched,
  ): Commit | undefined {
    this.assertOpen();
    const commit = new Commit(expected, next);
    // A validator may commit, or close the cell; so the comparison comes after it.
    if (next !== expected && this.#cell.current === expected) this.#examine(commit);
    this.assertOpen();
    if (!compareAndSet(this.#cell, expected, next)) return undefined;
    // Nobody but the other open writers will ask, and who commits is one of them itself.
    if (touched !== undefined && this.meter.liveWriters > 1) this.touches.add(touched);
    if (next === expected) return commit;
    this.meter.commits.add(startedAt);
    this.history.superseded(expected, this.living.superseded(expected, next));
    this.#warning?.superseded();
    if (!this.watchers.isEmpty) this.watchers.tell(commit);
    return commit;
  }

  /** Publishes what a writer, made at a moment, has made, replayed on the current version where others came first. */
  commit(
    writer: IndexWriter,
    touched: Touched,
    onConflict: 'rebase' | 'fail',
    since: Moment | undefined,
  ): Commit {
    const startedAt = performance.now();
    this.assertOpen();
    const mine = writer.preview();
    // A writer that touched nothing has nothing to compare: whatever is current stays so (I2).
    if (touched.isEmpty) return new Commit(this.current, this.current);
    const { base } = writer;
    try {
      for (let expected = base; ; expected = this.current) {
        // Without a change to publish only what others did to the same postings can matter.
        if (expected !== base && onConflict === 'fail' && mine !== base) throw conflict(base, expected, []);
        const recorded = touchedSince(since);
        // Where others have published, this first try fails; where they have published nothing, it would not.
        const isFirst = expected === base && (this.current !== base || recorded.length === 0);
        const next = isFirst ? mine : rebase(base, mine, expected, touched, recorded);
        const commit = this.publish(expected, next, startedAt, touched);
        if (commit === undefined) continue;
        if (next !== expected && expected !== base) this.meter.rebases++;
        return commit;
      }
    } catch (error) {
      if (error instanceof ConflictError) this.meter.conflicts++;
      throw error;
    }
  }

  /** Keeps a version until the pin is released. Time: O(living versions that are newer). */
  pin(index: ShardexIndex, label: string | undefined): Pin {
    const { history } = this;
    const record = this.living.record(index.version);
    const stack = this.trace ? stackHere() : undefined;
    const taken = Object.freeze({ label, since: performance.now(), stack });
    if (record !== undefined) notesOn(record).pins.add(taken);
    const pin = new Pin(index, label, (released) => {
      history.pins.delete(released);
      record?.notes?.pins.delete(taken);
    });
    history.pins.add(pin);
    return pin;
  }

  /**
   * @throws {@link CellClosedError}
   */
  assertOpen(): void {
    if (!this.#closed) return;
    throw new CellClosedError(
      'This cell was closed. Its versions can still be read; to go on writing, make a new cell of the last one: cell.fork().',
    );
  }

  /** Nothing is published from now on; what was kept is let go of. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.history.clear();
    this.#warning?.stop();
    this.watchers.close();
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
