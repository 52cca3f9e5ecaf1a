/*
 * The turns of `updateAsync`: a recipe that keeps losing races waits here for one, and during its turn the other
 * recipes leave its documents alone.
 */

import { onAbort } from '../checks/abort.js';
import type { WriteSet } from '../write/write-set.js';

/** A turn: the exclusive right, among the queued recipes, to change the documents that it claims. */
export interface Turn {
  /** Claims the documents that a draft has touched or will touch. Earlier claims stay. */
  claim(documents: WriteSet): void;
  /** Ends the turn; the next in line gets one. */
  end(): void;
}

/** Turns given out one at a time, first come first served. */
export class FairQueue {
  #claims: WriteSet[] | undefined;
  readonly #waiting: (() => void)[] = [];
  readonly #watching: (() => void)[] = [];

  /**
   * Waits for a turn.
   *
   * A turn goes straight to the next in line, so no newcomer can slip in. A waiter that aborts leaves the line.
   */
  async take(signal?: AbortSignal): Promise<Turn> {
    if (this.#claims !== undefined) await wait(this.#waiting, signal);
    const claims: WriteSet[] = (this.#claims = []);
    return {
      claim: (documents) => {
        claims.push(documents);
      },
      end: () => {
        if (this.#claims !== claims) return;
        // Stays taken until the next in line, which wakes later in this job, makes its first claim.
        this.#claims = this.#waiting.length > 0 ? [] : undefined;
        this.#waiting.shift()?.();
        for (const wake of this.#watching.splice(0)) wake();
      },
    };
  }

  /** Whether the running turn claims one of these documents. */
  claimed(documents: WriteSet): boolean {
    if (this.#claims === undefined) return false;
    for (const id of documents.documentIds()) if (this.#claims.some((claim) => claim.has(id))) return true;
    return false;
  }

  /** Waits for the end of the running turn, if any. */
  async ended(signal?: AbortSignal): Promise<void> {
    if (this.#claims !== undefined) await wait(this.#watching, signal);
  }
}

/** Waits in a line until woken; leaves it when the signal aborts. */
function wait(line: (() => void)[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const wake = (): void => {
      stay();
      resolve();
    };
    const stay = onAbort(signal, () => {
      line.splice(line.indexOf(wake), 1);
      reject(signal?.reason as Error);
    });
    line.push(wake);
  });
}

/** Follows `promise`, or rejects with the signal's reason as soon as that aborts. */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(onAbort(signal, abort));
  });
}
