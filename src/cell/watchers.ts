import { onRejection, throwUncaught } from '../callbacks.js';
import type { Commit } from '../delta/commit.js';

/** Is called with every commit, in order, before the call that made it returns. */
export type CommitListener = (commit: Commit) => void;

/** Is told what a listener threw or, if it is async, rejected with. */
export type ListenerErrorHandler = (error: unknown, commit: Commit) => void;

interface Watcher {
  readonly listener: (commit: Commit) => unknown;
  readonly closed: (() => void) | undefined;
  /** The last version that it knows of, or is being told of before all others. */
  readonly seen: number;
  /** Whether it wants no more. */
  gone: boolean;
}

/**
 * Hands each commit to each watcher once and in order (I9). A commit made by a listener waits until all have been told
 * of the one before.
 */
export class Watchers {
  #watchers: readonly Watcher[] = [];
  /** Commits that are yet to be told; `undefined` where no more will come. */
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
   * Adds a watcher of what comes after version `seen`, which is told at once of what it has missed since, also where others
   * are being told; `closed` is called when no more will come. Returns what takes it away again.
   */
  add(
    listener: CommitListener,
    seen: number,
    missed: readonly Commit[] = [],
    closed?: () => void,
  ): () => void {
    const watcher: Watcher = { listener, closed, seen: missed.at(-1)?.version ?? seen, gone: false };
    this.#watchers = [...this.#watchers, watcher];
    // What it commits itself meanwhile comes after all that it has missed.
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

  /** Lets all of them go, once they have been told what is on its way. */
  close(): void {
    this.#queue.push(undefined);
    this.#drain();
  }

  #drain(): void {
    if (!this.#telling) this.#uninterrupted(() => undefined);
  }

  /** Tells something now, and then what was queued meanwhile; within such a call that is left to the outer one. */
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
    // One that came while others were being told knows of this version.
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
    // One that left in between wants no more.
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
