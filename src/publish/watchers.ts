import type { Commit } from '../delta/commit.js';

/** Is called with every commit, in order, before the call that made it returns. */
export type CommitListener = (commit: Commit) => void;

/** Is told what a listener threw. */
export type ListenerErrorHandler = (error: unknown, commit: Commit) => void;

interface Watcher {
  readonly listener: CommitListener;
  readonly closed: (() => void) | undefined;
  /** The last version that it knows of, or that is on its way to it alone. */
  readonly seen: number;
  /** Whether it wants no more. */
  gone: boolean;
}

interface Told {
  /** Missing where no more will come. */
  readonly commit: Commit | undefined;
  /** Whom it is for, where not for all. */
  readonly only?: Watcher;
}

/**
 * Hands each commit to each watcher once and in order (I9). A commit made by a listener waits until all have been told
 * of the one before.
 */
export class Watchers {
  #watchers: readonly Watcher[] = [];
  readonly #queue: Told[] = [];
  #telling = false;
  readonly #onError: ListenerErrorHandler;

  constructor(onError: ListenerErrorHandler = report) {
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#watchers.length === 0;
  }

  /**
   * Adds a watcher of what comes after version `seen`, which is told at once of what it has missed since; `closed` is
   * called when no more will come. Returns what takes it away again.
   */
  add(
    listener: CommitListener,
    seen: number,
    missed: readonly Commit[] = [],
    closed?: () => void,
  ): () => void {
    const watcher: Watcher = { listener, closed, seen: missed.at(-1)?.version ?? seen, gone: false };
    this.#watchers = [...this.#watchers, watcher];
    for (const commit of missed) this.#queue.push({ commit, only: watcher });
    this.#drain();
    return () => {
      watcher.gone = true;
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
    };
  }

  tell(commit: Commit): void {
    this.#queue.push({ commit });
    this.#drain();
  }

  /** Lets all of them go, once they have been told what is on its way. */
  close(): void {
    this.#queue.push({ commit: undefined });
    this.#drain();
  }

  #drain(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const { commit, only } = next;
        if (commit === undefined) this.#end();
        else if (only !== undefined) this.#tellOne(only, commit);
        // One that came while others were being told knows of this version.
        else
          for (const watcher of this.#watchers)
            if (commit.version > watcher.seen) this.#tellOne(watcher, commit);
      }
    } finally {
      this.#telling = false;
    }
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
