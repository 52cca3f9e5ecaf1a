/*
 * A follower: a cell that has what others write to a log, and writes nothing. It has the newest version of the log in memory,
 * equal to the writer's to the byte, and searches it as any cell.
 */

import type { CellMetrics } from '../cell/metrics.js';
import type { CellState } from '../cell/cell-state.js';
import { ReadableCell, type WaitForOptions } from '../cell/readable-cell.js';
import { detachable } from '../checks/detached.js';
import { CellClosedError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { isTransient } from './errors.js';
import { followLog } from './follow.js';
import type { CommitLog, LoggedEntry } from './log/commit-log.js';
import type { LogReader } from './log-reader.js';
import { decodeInfo } from './entry-bytes.js';
import { waitUnless } from './wait-unless.js';

/** Counters of a follower, beside those of its cell. */
export interface FollowerMetrics extends CellMetrics {
  /** Commits that were taken over. */
  readonly followed: number;
  /** Versions that are known to be in the log, and are not visible here yet. */
  readonly lag: number;
  /**
   * Milliseconds between the time at which the last commit was made, by the clock of the machine that made it, and the time at
   * which it was visible here.
   */
  readonly delayMs: number;
  /** Milliseconds since the follower last knew that it has all that is in the log. */
  readonly checkedMsAgo: number;
}

/** The parts of a follower. */
export interface FollowerParts {
  readonly log: CommitLog;
  readonly state: CellState;
  readonly reader: LogReader;
  /** Opens another one at the same place. */
  readonly open: () => Promise<Follower>;
}

/**
 * A cell that follows a log. Reading is as in a cell: `read`, `subscribe`, `changes`, `waitFor`, `pin`; replicas and pools may
 * be served from it. It stops where the history of the log was replaced, and keeps what it has. Made by {@link openFollower}.
 */
export class Follower<M extends object = object> extends ReadableCell<M> {
  readonly #parts: FollowerParts;
  readonly #stopped = new AbortController();
  #lane: Promise<unknown> = Promise.resolve();
  #followed = 0;
  #delayMs = 0;
  #checkedAt = performance.now();
  #closing: Promise<void> | undefined;

  static {
    detachable(this, (value) => #parts in value, 'stable');
  }

  /** @internal */
  constructor(parts: FollowerParts) {
    super(parts.state);
    this.#parts = parts;
    const { log } = parts;
    const { signal } = this.#stopped;
    void followLog(log, { version: () => this.version, refresh: () => this.refresh(), signal });
  }

  /** Why it does not follow any more: a `LogForkedError`, or damage. `undefined` while it does, and after `close()`. */
  get failure(): Error | undefined {
    const reason: unknown = this.#stopped.signal.reason;
    return this.isClosed ? undefined : (reason as Error | undefined);
  }

  /**
   * Waits for a version, as a cell does: `await follower.waitFor(commit.version)` reads your writes. Rejects where it will never
   * come.
   *
   * @throws as {@link ReadableCell.waitFor}, and {@link Follower.failure}.
   */
  override waitFor(
    target: number | ((index: ShardexIndex<M>) => boolean),
    options: WaitForOptions = {},
  ): Promise<ShardexIndex<M>> {
    return waitUnless(this.#stopped.signal, options, (both) => super.waitFor(target, both));
  }

  /**
   * Takes over all that is in the log by now; resolves to the newest version.
   *
   * @throws {@link Follower.failure}, and what the log throws; {@link CellClosedError}
   */
  refresh(): Promise<ShardexIndex<M>> {
    const done = this.#lane.then(async () => {
      this.#parts.state.assertOpen();
      this.#stopped.signal.throwIfAborted();
      try {
        await this.#catchUp();
      } catch (error) {
        if (!isTransient(error) && !this.isClosed) this.#stopped.abort(error);
        throw error;
      }
      return this.read();
    });
    this.#lane = done.catch(() => undefined);
    return done;
  }

  /**
   * Begins anew, from the newest checkpoint of the log as it is now, and closes this follower. A version's number never means
   * two things in one cell, so that the new one is another cell: serve replicas and pools from that.
   *
   * @throws as {@link openFollower}; then this one is as it was.
   */
  async rebuild(): Promise<Follower<M>> {
    const next = await this.#parts.open();
    await this.close();
    return next;
  }

  /** Counters of this follower. Time: O(1). */
  override metrics(): FollowerMetrics {
    return Object.freeze({
      ...super.metrics(),
      followed: this.#followed,
      lag: Math.max(0, this.#parts.reader.seen - this.version),
      delayMs: this.#delayMs,
      checkedMsAgo: performance.now() - this.#checkedAt,
    });
  }

  /** Closes the follower, and lets go of the log. What was read stays readable. */
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- Whoever closes a cell need not wait.
  override close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Calls `close()`, for `await using follower = await openFollower(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { state, log } = this.#parts;
    state.close();
    this.#stopped.abort(new CellClosedError('This follower was closed. Its versions can still be read.'));
    await this.#lane;
    await log.close();
  }

  async #catchUp(): Promise<void> {
    const { state, reader } = this.#parts;
    let last: LoggedEntry | undefined;
    for await (const { commit, entry } of reader.read(() => state.current)) {
      this.#stopped.signal.throwIfAborted();
      state.publishCommit(commit, performance.now());
      this.#followed++;
      last = entry;
    }
    // A checkpoint that took the place of entries does not say when it was made.
    if (last !== undefined && last.bytes.length > 0) this.#delayMs = Date.now() - decodeInfo(last).time;
    this.#checkedAt = performance.now();
  }
}
