import { PoolClosedError, WorkerFailedError } from '../../errors.js';
import type { ReadableCell } from '../../cell/readable-cell.js';
import type { Job } from './jobs.js';
import { PoolThread } from './pool-thread.js';
import type { Thread } from '../port/thread.js';

/** So many threads that die before they are ready, each in place of the one before: then another will not do better. */
const MAX_START_FAILURES = 3;

/** So many threads may die with a search before it is taken to be what kills them. */
const MAX_DEATHS = 2;

/** What a {@link PoolScheduler} is made with. */
export interface PoolSchedulerOptions {
  readonly cell: ReadableCell;
  readonly size: number;
  readonly name: string;
  readonly spawn: () => Thread | PromiseLike<Thread>;
  /** Called when it cannot go on. */
  readonly failed: (error: Error) => void;
}

/** The threads of a pool: deals out what there is to do, and replaces those that die. */
export class PoolScheduler {
  readonly #options: PoolSchedulerOptions;
  readonly #threads = new Set<PoolThread>();
  #queue: Job[] = [];
  #spawned = 0;
  #closed: Error | undefined;
  #opened: () => void = () => undefined;
  #refused: (error: Error) => void = () => undefined;
  /** Whether all threads were ready once. */
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

  /** How many threads can search right now. */
  get readyCount(): number {
    return this.#ready().length;
  }

  /** Whether something waits for a thread. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  /** Has it done by whichever thread is free first. */
  submit(job: Job): void {
    if (this.#closed !== undefined) {
      job.failed(this.#closed);
      return;
    }
    this.#queue.push(job);
    this.#deal();
  }

  /** Has each done by another thread, at once: so all of them search the same version. As many as are ready. */
  submitToAll(jobs: readonly Job[]): void {
    const threads = this.#ready();
    jobs.forEach((job, i) => {
      threads[i].run(job);
    });
  }

  /** Nobody waits for it any more. */
  drop(job: Job): void {
    const waiting = this.#queue.indexOf(job);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    if (job.isSettled) return;
    for (const thread of this.#threads) thread.giveUp(job);
    job.failed(new PoolClosedError('This search was given up.'));
  }

  /** Ends all threads; what they were doing, and what waits, fails with the error. */
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

  /** Starts a thread, in place of so many that died one after the other. */
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
            // One that could search says nothing of whether threads start, however many die with it.
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

  /** What a thread was doing when it died is done by another one; in front, since it has waited longest. */
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
