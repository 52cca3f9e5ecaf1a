/*
 * The listeners of a cell, and the order in which they hear of commits. `CellState.publish` tells it of each commit;
 * `subscribe`, `changes`, `waitFor`, replicas and search pools listen.
 */

import { onRejection, throwUncaught } from '../checks/callbacks.js';
import type { Commit } from '../delta/commit.js';

/** Called with every commit, in order, before the call that made it returns. */
export type CommitListener<M extends object = object> = (commit: Commit<M>) => void;

/** Called with what a listener threw or, if it is async, rejected with. */
export type ListenerErrorHandler = (error: unknown, commit: Commit) => void;

interface Watcher {
  readonly listener: (commit: Commit) => unknown;
  readonly closed: (() => void) | undefined;
  /** The last version that it knows, including missed commits that are being delivered to it. */
  readonly seen: number;
  /** Whether it has unsubscribed. */
  gone: boolean;
}

/**
 * Delivers each commit to each watcher once and in order (I9). A commit made by a listener waits until the current
 * one has reached all of them.
 */
export class Watchers {
  #watchers: readonly Watcher[] = [];
  /** Commits yet to be delivered; `undefined` marks the end. */
  readonly #queue: (Commit | undefined)[] = [];
  #telling = false;
  readonly #onError: (error: unknown, commit: Commit) => unknown;

  constructor(onError: ListenerErrorHandler = throwUncaught) {
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#watchers.length === 0;
  }

  /**
   * Adds a watcher of the commits after version `seen`. It gets what it has missed at once, even during another
   * delivery; `closed` is called when the cell closes. Returns a function that removes it.
   */
  add(
    listener: CommitListener,
    seen: number,
    missed: readonly Commit[] = [],
    closed?: () => void,
  ): () => void {
    const watcher: Watcher = { listener, closed, seen: missed.at(-1)?.version ?? seen, gone: false };
    this.#watchers = [...this.#watchers, watcher];
    // Commits that it makes meanwhile are delivered after all that it has missed.
    if (missed.length > 0) {
      this.#uninterrupted(() => {
        for (const commit of missed) this.#tellOne(watcher, commit);
      });
    }
    return () => {
      watcher.gone = true;
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
    };
  }

  tell(commit: Commit): void {
    this.#queue.push(commit);
    this.#drain();
  }

  /** Ends all watchers once the queue is delivered. */
  close(): void {
    this.#queue.push(undefined);
    this.#drain();
  }

  #drain(): void {
    if (!this.#telling) this.#uninterrupted(() => undefined);
  }

  /** Runs `tell`, then delivers what was queued meanwhile; an inner call leaves the queue to the outer one. */
  #uninterrupted(tell: () => void): void {
    const isInner = this.#telling;
    this.#telling = true;
    try {
      tell();
      while (!isInner && this.#queue.length > 0) this.#tellAll(this.#queue.shift());
    } finally {
      this.#telling = isInner;
    }
  }

  #tellAll(commit: Commit | undefined): void {
    if (commit === undefined) this.#end();
    // A watcher that was added during a delivery already knows this version.
    else
      for (const watcher of this.#watchers) if (commit.version > watcher.seen) this.#tellOne(watcher, commit);
  }

  #end(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) {
      watcher.gone = true;
      watcher.closed?.();
    }
  }

  #tellOne(watcher: Watcher, commit: Commit): void {
    // It may have unsubscribed since this delivery began.
    if (watcher.gone) return;
    const failed = (error: unknown): void => {
      this.#failed(error, commit);
    };
    try {
      onRejection(watcher.listener(commit), failed);
    } catch (error) {
      failed(error);
    }
  }

  #failed(error: unknown, commit: Commit): void {
    try {
      onRejection(this.#onError(error, commit), throwUncaught);
    } catch (another) {
      throwUncaught(another);
    }
  }
}
