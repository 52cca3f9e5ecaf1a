/*
 * The source of an `ingest`: takes postings one at a time from a synchronous or asynchronous iterable, and closes it
 * as a `for` loop would when it is left early.
 */

import { InvalidPostingError } from '../../errors.js';
import { methodOf } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import type { NamedDocument } from '../../documents/take-document.js';
import { type Posting, eachPosting } from '../../version/posting.js';
import { abortable } from '../fair-queue.js';

type Item = Posting | NamedDocument<object>;
type Result = IteratorResult<Item, unknown>;

/** Reads postings one by one from an iterable of either kind. */
export class Intake {
  readonly #next: () => Result | Promise<Result>;
  readonly #return: () => unknown;
  /** State of the last request. A source that has ended or failed must not be closed. */
  #state: 'open' | 'asked' | 'done' = 'open';

  /** @throws {@link InvalidPostingError} */
  constructor(source: Iterable<Item> | AsyncIterable<Item>, signal: AbortSignal | undefined) {
    const begin = methodOf(source, Symbol.asyncIterator, refuse);
    if (begin === undefined) {
      if (methodOf(source, Symbol.iterator, refuse) === undefined) throw refuse(show(source));
      const iterator = eachPosting(source as Iterable<Item>)[Symbol.iterator]();
      this.#next = () => iterator.next();
      this.#return = () => iterator.return?.();
      return;
    }
    const iterator = begin.call(source) as AsyncIterator<Item, unknown>;
    if (methodOf(iterator, 'next', refuse) === undefined)
      throw refuse(`one whose iterator is ${show(iterator)}`);
    // An abort does not wait for a source that hangs.
    this.#next = () => abortable(this.#answered(iterator), signal);
    this.#return = () => iterator.return?.();
  }

  /** Whether the source has ended or failed. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Takes the next posting, or the end; a promise of it if the source is asynchronous. */
  next(): Result | Promise<Result> {
    this.#state = 'done';
    const result = this.#next();
    return result instanceof Promise ? result : this.#took(result);
  }

  async #answered(iterator: AsyncIterator<Item, unknown>): Promise<Result> {
    this.#state = 'asked';
    try {
      const result: unknown = await iterator.next();
      if (typeof result !== 'object' || result === null)
        throw refuse(`one whose iterator answers ${show(result)}`);
      return this.#took(result as Result);
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
   * Lets a source that is left early clean up, as `for` would. An error from its cleanup is dropped: the error that
   * ended the ingest is already on its way.
   */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = 'done';
    if (state === 'done') return;
    try {
      const closed = Promise.resolve(this.#return());
      // A generator that still owes a posting closes only after it answers, which may be never.
      if (state === 'asked') closed.catch(() => undefined);
      else await closed;
    } catch {
      // As above.
    }
  }
}

function refuse(what: string): InvalidPostingError {
  return new InvalidPostingError(
    `Postings must be an iterable or an async iterable, such as an array or a generator, not ${what}.`,
  );
}
