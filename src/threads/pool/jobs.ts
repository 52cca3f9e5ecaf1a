import type { SearchOptions } from '../../search/options.js';
import type { PartOf } from './part.js';
import type { Found } from './search-messages.js';

/** What is asked of one thread of a pool. */
export interface Task {
  readonly queries: readonly Float32Array[];
  readonly options: SearchOptions;
  readonly atLeast: number;
  readonly part: PartOf | undefined;
}

/** A task on its way through a pool, until it is settled, once. */
export class Job implements Task {
  readonly queries: readonly Float32Array[];
  readonly options: SearchOptions;
  readonly atLeast: number;
  readonly part: PartOf | undefined;
  /** How many threads died with it. */
  deaths = 0;
  /** What becomes of it. */
  readonly settled: Promise<Found>;
  found: (found: Found) => void = () => undefined;
  failed: (error: Error) => void = () => undefined;
  #isSettled = false;

  constructor({ queries, options, atLeast, part }: Task) {
    this.queries = queries;
    this.options = options;
    this.atLeast = atLeast;
    this.part = part;
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
