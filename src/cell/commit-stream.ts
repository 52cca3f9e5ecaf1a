import { onAbort } from '../abort.js';
import { ResourceExhaustedError } from '../errors.js';
import { Commit } from '../delta/commit.js';
import { detachable, findable } from '../detached.js';

/** How {@link CommitStream} is fed. */
export interface StreamSource {
  /** Starts the flow; returns what ends it. */
  readonly subscribe: (listener: (commit: Commit) => void, closed: () => void) => () => void;
  readonly signal: AbortSignal | undefined;
  readonly coalesce: boolean;
  readonly maxBuffered: number;
}

type Result = IteratorResult<Commit, undefined>;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The commits of a cell, one after the other, for `for await`. What comes while nobody asks is kept, or where that was
 * wished, joined into one commit that spans all of it. Leaving the loop ends the subscription.
 */
export class CommitStream implements AsyncIterableIterator<Commit, undefined> {
  readonly #source: StreamSource;
  #unsubscribe: () => void = () => undefined;
  readonly #stopWaiting: () => void;
  readonly #buffer: Commit[] = [];
  readonly #waiting: Waiting[] = [];
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
    // What it missed may have been too much already.
    if (this.#ended) this.#unsubscribe();
  }

  /** The next commit, as soon as there is one. */
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

  /** Ends the subscription; what was kept is dropped. */
  return(): Promise<Result> {
    this.#buffer.length = 0;
    this.#end();
    return Promise.resolve(DONE);
  }

  /** Itself: a stream can be read once. */
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
    // Whatever it is, it comes out as it was given.
    this.#fail(this.#source.signal?.reason as Error);
  }

  /** Ends with an error, for whoever asks next. */
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
