import { onAbort } from '../abort.js';
import type { Touched } from '../write/touched.js';

/** A turn: who has it is alone in changing the documents it claims, among those who ask for turns. */
export interface Turn {
  /** Adds the documents of a draft, those it has touched and those it will; earlier claims stay. */
  claim(documents: Touched): void;
  /** Hands the turn on. */
  end(): void;
}

/** Turns that are given out one at a time, first come first served. */
export class FairQueue {
  #claims: Touched[] | undefined;
  readonly #waiting: (() => void)[] = [];
  readonly #watching: (() => void)[] = [];

  /**
   * Waits for a turn. It is handed straight to the next in line, so no newcomer can slip in between; who aborts leaves
   * the line, so no turn is handed to somebody who has gone.
   */
  async take(signal?: AbortSignal): Promise<Turn> {
    if (this.#claims !== undefined) await wait(this.#waiting, signal);
    const claims: Touched[] = (this.#claims = []);
    return {
      claim: (documents) => {
        claims.push(documents);
      },
      end: () => {
        if (this.#claims !== claims) return;
        // Keeps the place taken until the next in line, who is woken later in this job, has put in claims of its own.
        this.#claims = this.#waiting.length > 0 ? [] : undefined;
        this.#waiting.shift()?.();
        for (const wake of this.#watching.splice(0)) wake();
      },
    };
  }

  /** Whether one of these documents is claimed by the turn that is under way. */
  claimed(documents: Touched): boolean {
    if (this.#claims === undefined) return false;
    for (const id of documents.documentIds()) if (this.#claims.some((claim) => claim.has(id))) return true;
    return false;
  }

  /** Waits for the end of the turn that is under way, if any. */
  async ended(signal?: AbortSignal): Promise<void> {
    if (this.#claims !== undefined) await wait(this.#watching, signal);
  }
}

/** Joins a line until woken, or leaves it when the signal aborts. */
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

/** Settles as `promise` does, or rejects with the signal's reason as soon as that aborts. */
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
