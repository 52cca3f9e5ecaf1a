import type { Answers, SearchRequest } from './search-messages.js';

/** A search request on its way through a pool, until it is settled, once. */
export class Job {
  readonly request: SearchRequest;
  /** How many threads died with it. */
  deaths = 0;
  /** What becomes of it. */
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
    // Whoever gave it up does not listen any more.
    this.settled.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }
}
