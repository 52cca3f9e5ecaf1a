import type { Commit } from '../delta/commit.js';

/** Is called with every commit, in order, before the call that made it returns. */
export type CommitListener = (commit: Commit) => void;

/** Is told what a listener threw. */
export type ListenerErrorHandler = (error: unknown, commit: Commit) => void;

interface Watcher {
  readonly listener: CommitListener;
  /** The last version it knows of. */
  seen: number;
}

/**
 * Hands each commit to each watcher once and in order (I9). A commit made by a listener waits until all have been told
 * of the one before.
 */
export class Watchers {
  #watchers: readonly Watcher[] = [];
  readonly #queue: Commit[] = [];
  #telling = false;
  readonly #onError: ListenerErrorHandler;

  constructor(onError: ListenerErrorHandler = report) {
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#watchers.length === 0;
  }

  /** Adds a watcher of what comes after version `seen`; returns what takes it away again. */
  add(listener: CommitListener, seen: number): () => void {
    const watcher: Watcher = { listener, seen };
    this.#watchers = [...this.#watchers, watcher];
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
    };
  }

  tell(commit: Commit): void {
    this.#queue.push(commit);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const watcher of this.#watchers) this.#tellOne(watcher, next);
      }
    } finally {
      this.#telling = false;
    }
  }

  #tellOne(watcher: Watcher, commit: Commit): void {
    // One that came while others were being told knows of this version; one that left in between wants no more.
    if (commit.version <= watcher.seen || !this.#watchers.includes(watcher)) return;
    watcher.seen = commit.version;
    try {
      watcher.listener(commit);
    } catch (error) {
      this.#failed(error, commit);
    }
  }

  #failed(error: unknown, commit: Commit): void {
    try {
      this.#onError(error, commit);
    } catch (another) {
      report(another);
    }
  }
}

/** Where nobody asked to be told, the error comes out as an uncaught one: others are not starved, nothing is lost. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
