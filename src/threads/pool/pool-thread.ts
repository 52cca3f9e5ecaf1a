/*
 * The pool's side of one thread: serves it the cell, sends it searches, settles their jobs, and reports when it dies.
 * `answer-searches.ts` is the other side.
 */

import type { ReadableCell } from '../../cell/readable-cell.js';
import { InvalidOptionError, WorkerFailedError } from '../../errors.js';
import type { Job } from './jobs.js';
import { unpackError } from '../port/packed-error.js';
import { unpackResults } from './packed-results.js';
import { Link } from '../port/link.js';
import type { PortEvent } from '../port/port.js';
import { type FromSearcher, SEARCHES, type ToSearcher, slotOf } from './search-messages.js';
import { FROM_SEARCHER, isPackedAnswers } from './search-shapes.js';
import { type ReplicaService, serveReplicas } from '../replicas/serve-replicas.js';
import { read } from '../port/shapes.js';
import type { Thread } from '../port/thread.js';

/** Slots for cancelled searches of one thread; if more were cancelled at once, some would run in vain. */
const CANCEL_SLOTS = 256;

/** Reports of a thread to its scheduler. */
export interface ThreadListener {
  readonly ready: (thread: PoolThread) => void;
  /** It has answered and can take another job. */
  readonly free: (thread: PoolThread) => void;
  /** It has died, and its jobs with it. */
  readonly died: (thread: PoolThread, error: Error, lost: readonly Job[]) => void;
}

/** One thread of a pool, with its replica and its jobs. */
export class PoolThread {
  readonly #thread: Thread;
  readonly #service: ReplicaService;
  readonly #link: Link<ToSearcher>;
  readonly #listener: ThreadListener;
  readonly #jobs = new Map<number, Job>();
  readonly #givenUp =
    typeof SharedArrayBuffer === 'function'
      ? new Int32Array(new SharedArrayBuffer(4 * CANCEL_SLOTS)).fill(-1)
      : undefined;
  #nextId = 0;
  #ready = false;
  #ended = false;

  constructor(thread: Thread, cell: ReadableCell, name: string, listener: ThreadListener) {
    this.#thread = thread;
    this.#listener = listener;
    thread.on?.('error', this.#failed);
    thread.on?.('messageerror', this.#failed);
    if (thread.on === undefined) {
      thread.addEventListener?.('error', this.#failedEvent);
      thread.addEventListener?.('messageerror', this.#failedEvent);
    }
    this.#link = new Link(thread, 'owner', {
      message: (body, channel) => {
        const message = read<FromSearcher>(FROM_SEARCHER, body);
        // An answer that does not say to which search is of no use.
        if (channel === SEARCHES && message !== undefined && message !== 'damaged') this.#take(message);
      },
      gone: () => {
        this.#failed(new Error('The thread has ended.'));
      },
    });
    this.#service = serveReplicas(cell, thread);
    this.#link.send(SEARCHES, { kind: 'start', name, givenUp: this.#givenUp });
  }

  /** Whether it has a version to search in. */
  get isReady(): boolean {
    return this.#ready && !this.#ended;
  }

  /** Whether it ever had a version. */
  get wasReady(): boolean {
    return this.#ready;
  }

  /** Number of searches that it has. */
  get load(): number {
    return this.#jobs.size;
  }

  /** Number of searches that it may have: one running, and one queued if it can still be cancelled. */
  get capacity(): number {
    return this.#givenUp === undefined ? 1 : 2;
  }

  run(job: Job): void {
    const id = this.#nextId++;
    try {
      this.#link.send(SEARCHES, { kind: 'search', id, ...job.request });
    } catch (error) {
      job.failed(
        new InvalidOptionError('options', `These options cannot be sent to another thread: ${String(error)}`),
      );
      return;
    }
    this.#jobs.set(id, job);
  }

  /** Cancels a job, as far as the thread has not begun it. */
  giveUp(job: Job): void {
    if (this.#givenUp === undefined) return;
    for (const [id, each] of this.#jobs)
      if (each === job) Atomics.store(this.#givenUp, slotOf(id, this.#givenUp), id);
  }

  /** Ends the thread at once. In Node, resolves when it has ended. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#jobs.clear();
    this.#link.close();
    this.#service.close();
    const thread = this.#thread;
    try {
      await thread.terminate();
    } finally {
      // Not before: an error without a listener would end the process.
      thread.off?.('error', this.#failed);
      thread.off?.('messageerror', this.#failed);
      if (thread.off === undefined) {
        thread.removeEventListener?.('error', this.#failedEvent);
        thread.removeEventListener?.('messageerror', this.#failedEvent);
      }
    }
  }

  #take(message: FromSearcher): void {
    if (message.kind === 'ready') {
      this.#ready = true;
      this.#listener.ready(this);
      return;
    }
    const job = this.#jobs.get(message.id);
    if (job === undefined) return;
    this.#jobs.delete(message.id);
    if (message.kind === 'found') answer(job, message.found);
    else if (message.kind === 'failed') job.failed(unpackError(message.error));
    this.#listener.free(this);
  }

  readonly #failedEvent = ({ message }: PortEvent): void => {
    this.#failed(new Error(typeof message === 'string' ? message : 'The thread failed.'));
  };

  readonly #failed = (error: unknown): void => {
    if (this.#ended) return;
    const lost = [...this.#jobs.values()];
    // In browsers a thread outlives its errors, in an unknown state.
    void this.end();
    this.#listener.died(this, error instanceof Error ? error : new Error(String(error)), lost);
  };
}

function answer(job: Job, found: unknown): void {
  if (isPackedAnswers(found, job.request.queries.length))
    job.found({ index: found.index, results: unpackResults(found.results) });
  else
    job.failed(
      new WorkerFailedError(
        'A thread gave an answer that cannot be read. It must run the same version of the library.',
      ),
    );
}
