/*
 * A job: one search request and the promise of its answers. `SearchPool` makes jobs, `PoolScheduler` assigns them,
 * `PoolThread` settles them.
 */

import type { Answers, SearchRequest } from './search-messages.js';

/** A search request on its way through a pool, until it is settled, once. */
export class Job {
  readonly request: SearchRequest;
  /** Number of threads that died while running it. */
  deaths = 0;
  /** Resolves to its answers, or rejects. */
  readonly settled: Promise<Answers>;
  found: (found: Answers) => void = () => undefined;
  failed: (error: Error) => void = () => undefined;
  #isSettled = false;

  constructor(request: SearchRequest) {
    this.request = request;
    this.settled = new Promise((resolve, reject) => {
      this.found = (found) => {
        this.#isSettled = true;
        resolve(found);
      };
      this.failed = (error) => {
        this.#isSettled = true;
        reject(error);
      };
    });
    // A caller that gave up no longer listens; that must not be an unhandled rejection.
    this.settled.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }
}
