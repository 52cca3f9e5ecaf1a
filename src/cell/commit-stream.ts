/*
 * The async iterator behind `changes()`: buffers the commits that its reader has not taken yet. A watcher of the cell
 * feeds it, see `watchers.ts`.
 */

import { onAbort } from '../checks/abort.js';
import { ResourceExhaustedError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import { detachable, findable } from '../checks/detached.js';

/** Source and limits of a {@link CommitStream}. */
export interface StreamSource {
  /** Starts the flow; returns a function that ends it. */
  readonly subscribe: (listener: (commit: Commit) => void, closed: () => void) => () => void;
  readonly signal: AbortSignal | undefined;
  readonly coalesce: boolean;
  readonly maxBuffered: number;
}

type Result = IteratorResult<Commit, undefined>;

interface PendingRead {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Commits of a cell in order, for `for await`.
 *
 * Commits that were not asked for yet are buffered or, with `coalesce`, joined into one commit that spans them all. Leaving
 * the loop ends the subscription.
 */
export class CommitStream implements AsyncIterableIterator<Commit, undefined> {
  readonly #source: StreamSource;
  #unsubscribe: () => void = () => undefined;
  readonly #stopWaiting: () => void;
  readonly #buffer: Commit[] = [];
  readonly #waiting: PendingRead[] = [];
  #ended = false;
  #failure: { readonly reason: Error } | undefined;

  static {
    detachable(this, (value) => #source in value, 'stable');
  }

  /** @internal */
  constructor(source: StreamSource) {
    this.#source = source;
    findable(this);
    const { signal } = source;
    this.#stopWaiting = onAbort(signal, () => {
      this.#abort();
    });
    this.#unsubscribe = source.subscribe(
      (commit) => {
        this.#take(commit);
      },
      () => {
        this.#end();
      },
    );
    if (signal?.aborted === true) this.#abort();
    // The missed commits alone may have overflowed the buffer.
    if (this.#ended) this.#unsubscribe();
  }

  /** Takes the next commit, waiting until there is one. */
  next(): Promise<Result> {
    const commit = this.#buffer.shift();
    if (commit !== undefined) return Promise.resolve({ done: false, value: commit });
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure.reason);
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Ends the subscription and drops what is buffered. */
  return(): Promise<Result> {
    this.#buffer.length = 0;
    this.#end();
    return Promise.resolve(DONE);
  }

  /** Returns the stream itself: it can be read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(commit: Commit): void {
    if (this.#ended) return;
    const { coalesce, maxBuffered } = this.#source;
    const waiting = this.#waiting.shift();
    const last = this.#buffer.at(-1);
    if (waiting !== undefined) waiting.resolve({ done: false, value: commit });
    else if (coalesce && last !== undefined) this.#buffer[0] = new Commit(last.previous, commit.index);
    else if (this.#buffer.length < maxBuffered) this.#buffer.push(commit);
    else {
      this.#fail(
        new ResourceExhaustedError(
          `${maxBuffered} commits wait to be taken from changes(), and each keeps its versions. Take them faster, ask for coalesce: true, or raise maxBuffered. The stream has ended after those.`,
          maxBuffered,
        ),
      );
    }
  }

  #abort(): void {
    this.#buffer.length = 0;
    // The reason is passed on unchanged, whatever its type.
    this.#fail(this.#source.signal?.reason as Error);
  }

  /** Ends the stream; the next read gets the error. */
  #fail(reason: Error): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#failure = { reason };
    this.#end();
    waiting?.reject(reason);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopWaiting();
    this.#unsubscribe();
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE);
  }
}

const DONE: Result = Object.freeze({ done: true, value: undefined });
