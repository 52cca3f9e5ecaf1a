import { show } from '../config.js';
import { InvalidPostingError } from '../errors.js';
import type { Posting } from '../version/posting.js';
import { abortable } from './turns.js';

type Result = IteratorResult<Posting, unknown>;

/** Postings to be taken one by one from an iterable of either kind. */
export class Intake {
  readonly #next: () => Result | Promise<Result>;
  readonly #return: () => unknown;
  /** What became of the last question; a source that has ended or failed is not to be closed. */
  #state: 'open' | 'asked' | 'done' = 'open';

  /** @throws {@link InvalidPostingError} */
  constructor(source: Iterable<Posting> | AsyncIterable<Posting>, signal: AbortSignal | undefined) {
    const given: unknown = source;
    if (given !== null && typeof given === 'object' && Symbol.asyncIterator in source) {
      const iterator = source[Symbol.asyncIterator]();
      // An abort does not wait for a source that hangs.
      this.#next = () => abortable(this.#answered(iterator), signal);
      this.#return = () => iterator.return?.();
    } else if (given !== null && typeof given === 'object' && Symbol.iterator in source) {
      const iterator = source[Symbol.iterator]();
      this.#next = () => iterator.next();
      this.#return = () => iterator.return?.();
    } else {
      throw new InvalidPostingError(
        `Postings must be an iterable or an async iterable, such as an array or a generator, not ${show(given)}.`,
      );
    }
  }

  /** Whether the source has come to its end, or to an error. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The next posting, or the end; a promise of it where the source makes one wait. */
  next(): Result | Promise<Result> {
    this.#state = 'done';
    const result = this.#next();
    return result instanceof Promise ? result : this.#took(result);
  }

  async #answered(iterator: AsyncIterator<Posting, unknown>): Promise<Result> {
    this.#state = 'asked';
    try {
      return this.#took(await iterator.next());
    } catch (error) {
      this.#state = 'done';
      throw error;
    }
  }

  #took(result: Result): Result {
    this.#state = result.done === true ? 'done' : 'open';
    return result;
  }

  /**
   * Lets a source that is left before its end clean up, as `for` would: what it throws then is not told, since there is
   * an error already, because of which it is left.
   */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = 'done';
    if (state === 'done') return;
    try {
      const closed = Promise.resolve(this.#return());
      // One that is asked for a posting ends no sooner than it has answered, which may be never.
      if (state === 'asked') closed.catch(() => undefined);
      else await closed;
    } catch {
      // As above.
    }
  }
}
