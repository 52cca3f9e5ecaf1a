/*
 * The scheduler of a search pool: a queue of jobs and the threads that run them. It gives each job to the least
 * loaded thread, and replaces threads that die; their jobs run again elsewhere. `SearchPool` submits to it.
 */

import { PoolClosedError, WorkerFailedError } from '../../errors.js';
import type { ReadableCell } from '../../cell/readable-cell.js';
import type { Job } from './jobs.js';
import { PoolThread } from './pool-thread.js';
import type { Thread } from '../port/thread.js';

/** Threads that may die in a row before they are ready; beyond that another one would not do better. */
const MAX_START_FAILURES = 3;

/** Threads that may die with a job before it is taken to be the cause. */
const MAX_DEATHS = 2;

/** Options of a {@link PoolScheduler}. */
export interface PoolSchedulerOptions {
  readonly cell: ReadableCell;
  readonly size: number;
  readonly name: string;
  readonly spawn: () => Thread | PromiseLike<Thread>;
  /** Called when no thread can be started. */
  readonly failed: (error: Error) => void;
}

/** Threads of a pool: distributes jobs, and replaces threads that die. */
export class PoolScheduler {
  readonly #options: PoolSchedulerOptions;
  readonly #threads = new Set<PoolThread>();
  #queue: Job[] = [];
  #spawned = 0;
  #closed: Error | undefined;
  #opened: () => void = () => undefined;
  #refused: (error: Error) => void = () => undefined;
  /** Whether all threads have been ready once. */
  #isOpen = false;

  constructor(options: PoolSchedulerOptions) {
    this.#options = options;
  }

  /** Starts the threads; resolves when all of them can search. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#refused = reject;
      for (let i = 0; i < this.#options.size; i++) void this.#add();
    });
  }

  /** Number of threads that can search now. */
  get readyCount(): number {
    return this.#ready().length;
  }

  /** Whether a job waits for a thread. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  /** Runs a job on the first thread that is free. */
  submit(job: Job): void {
    if (this.#closed !== undefined) {
      job.failed(this.#closed);
      return;
    }
    this.#queue.push(job);
    this.#deal();
  }

  /**
   * Runs each job on a different thread, at once, so that all of them search the same version. The caller passes at
   * most as many jobs as there are ready threads.
   */
  submitToAll(jobs: readonly Job[]): void {
    const threads = this.#ready();
    jobs.forEach((job, i) => {
      threads[i].run(job);
    });
  }

  /** Cancels a job that its caller has given up. */
  drop(job: Job): void {
    const waiting = this.#queue.indexOf(job);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    if (job.isSettled) return;
    for (const thread of this.#threads) thread.giveUp(job);
    job.failed(new PoolClosedError('This search was given up.'));
  }

  /** Ends all threads; running and waiting jobs fail with the error. */
  async close(error: Error): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    for (const job of this.#queue.splice(0)) job.failed(error);
    this.#refused(error);
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.end()));
  }

  #ready(): PoolThread[] {
    return [...this.#threads].filter((thread) => thread.isReady);
  }

  /** Starts a thread; `failures` is the number of those that died in a row before it. */
  async #add(failures = 0): Promise<void> {
    const { cell, name, spawn } = this.#options;
    try {
      const started = await spawn();
      if (this.#closed !== undefined) {
        await started.terminate();
        return;
      }
      this.#spawned++;
      this.#threads.add(
        new PoolThread(started, cell, `${name} ${this.#spawned}`, {
          ready: () => {
            if (!this.#isOpen && this.readyCount === this.#options.size) {
              this.#isOpen = true;
              this.#opened();
            }
            this.#deal();
          },
          free: () => {
            this.#deal();
          },
          died: (thread, error, lost) => {
            this.#threads.delete(thread);
            this.#retry(lost, error);
            // A thread that could search proves that threads start, however many die later.
            if (thread.wasReady) this.#replace(error, this.#isOpen ? 0 : failures + 1, true);
            else this.#replace(error, failures + 1, this.#isOpen);
          },
        }),
      );
    } catch (error) {
      this.#replace(error as Error, failures + 1, this.#isOpen);
    }
  }

  #replace(error: Error, failures: number, mayStart: boolean): void {
    if (this.#closed !== undefined) return;
    if (mayStart && failures <= MAX_START_FAILURES) {
      void this.#add(failures);
      return;
    }
    const failure = new WorkerFailedError(
      `The threads of the pool do not start (${String(error)}). Where the script that comes with the package cannot be found, as in a bundle, pass spawn; see answerSearches().`,
    );
    this.#refused(failure);
    this.#options.failed(failure);
  }

  /** Queues the jobs of a dead thread again; in front, since they have waited longest. */
  #retry(lost: readonly Job[], error: Error): void {
    const again: Job[] = [];
    for (const job of lost) {
      job.deaths++;
      if (job.isSettled) continue;
      if (job.deaths < MAX_DEATHS) again.push(job);
      else {
        job.failed(
          new WorkerFailedError(
            `${job.deaths} threads died with this search (${String(error)}). It was given up.`,
          ),
        );
      }
    }
    this.#queue = [...again, ...this.#queue];
    this.#deal();
  }

  #deal(): void {
    while (this.#queue.length > 0) {
      const free = this.#ready().filter(({ load, capacity }) => load < capacity);
      if (free.length === 0) return;
      const least = free.reduce((a, b) => (b.load < a.load ? b : a));
      const job = this.#queue.shift();
      if (job !== undefined) least.run(job);
    }
  }
}
