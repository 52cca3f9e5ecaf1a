/*
 * The public search pool: checks calls, turns them into jobs for `PoolScheduler`, and merges what comes back. Each
 * thread has a replica of the cell, so that searches run beside this thread on the same memory.
 */

import { onAbort } from '../../checks/abort.js';
import {
  assertFunction,
  assertSignal,
  requireFlag,
  requireName,
  requireVersion,
  requireWhole,
} from '../../config.js';
import { sameVersion } from '../../delta/delta.js';
import { detachable, findable } from '../../checks/detached.js';
import { InvalidOptionError, PoolClosedError, ResourceExhaustedError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import { type ReadableCell, assertCell, cellStateOf } from '../../cell/readable-cell.js';
import type { Filter } from '../../documents/filter/filter.js';
import { copyOfFilter } from '../../documents/filter/operand.js';
import { type SearchOptions, takeSearchOptions } from '../../search/options.js';
import { type SearchResult, eachQuery } from '../../search/search.js';
import { type VectorInput, writeVector } from '../../version/posting.js';
import { PoolScheduler } from './pool-scheduler.js';
import { Job } from './jobs.js';
import { mergeResults, optionsForPart } from './part.js';
import type { Answers, SearchRequest } from './search-messages.js';
import type { Thread } from '../port/thread.js';
import { newSearchThread, spareThreads } from './start-thread.js';

/** Options of {@link SearchPool.open}. */
export interface SearchPoolOptions {
  /** Number of threads, 1 to 1,024. Default: as many as can run beside this one. */
  readonly threads?: number;
  /** Limit of queries that wait for answers, 1 to 1,000,000; one more is refused. Default 10,000. */
  readonly maxPending?: number;
  /** Name of the threads in the cell's `held()`, followed by a number. Default `'search thread'`. */
  readonly name?: string;
  /**
   * Starts a thread whose script calls {@link answerSearches}; needed if everything is bundled into one file.
   */
  readonly spawn?: () => Thread | PromiseLike<Thread>;
}

/** Options of a search in a pool, beside those of every search. */
export interface PoolSearchOptions {
  /** Requires this version or a later one, and waits for it: `cell.version` for what was just written. */
  readonly atLeast?: number;
  /** Aborts the search. If no thread has begun it, none will. */
  readonly signal?: AbortSignal;
}

/** Options of one search in a pool. */
export interface SplitOptions extends PoolSearchOptions {
  /**
   * Splits the shards among all threads; only with `slopFactor: 'all'`. Default: `true` for such a search if the
   * index is large and no other job waits for a thread.
   */
  readonly split?: boolean;
}

/** The answer to a query. */
export interface PoolAnswer {
  /** The number of the version that was searched. */
  readonly version: number;
  /** The results, as of `search` on that version. */
  readonly results: SearchResult[];
}

/** Postings below which a search takes less time than asking all threads and merging their answers. */
const MIN_SPLIT_POSTINGS = 10_000;

/** Queries in one job, at most: the more, the longer the next ones wait. */
const MAX_QUERIES_PER_JOB = 32;

/** One call of a caller, with the jobs to cancel when the caller or the pool gives it up. */
interface Call {
  readonly jobs: Job[];
  readonly giveUp: (reason: Error) => void;
  /** Ends its waiting for a version. */
  stopWaiting: () => void;
}

/**
 * A pool of threads that search a cell, made by {@link SearchPool.open}.
 *
 * Each thread has a replica of the cell, so searches neither wait for this thread nor block it. Close the pool, as its
 * threads keep the process alive. It ends with its cell.
 *
 * @example
 * ```ts no-run
 * import { CowShardexIndex, SearchPool, createIndex } from 'shardex';
 *
 * const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
 * const pool = await SearchPool.open(cell, { threads: 4 });
 * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1, 0] }); });
 * const { results, version } = await pool.search([1, 0], { k: 10 }, { atLeast: cell.version });
 * await pool.close();
 * ```
 */
export class SearchPool {
  readonly #cell: ReadableCell;
  readonly #scheduler: PoolScheduler;
  readonly #size: number;
  readonly #maxPending: number;
  readonly #calls = new Set<Call>();
  #pending = 0;
  #closed: Promise<void> | undefined;
  readonly #unsubscribe: () => void;

  static {
    detachable(this, (value) => #cell in value, 'stable');
  }

  private constructor(
    cell: ReadableCell,
    size: number,
    { maxPending = 10_000, name = 'search thread', spawn = newSearchThread }: SearchPoolOptions,
  ) {
    this.#cell = cell;
    findable(this);
    this.#size = size;
    this.#maxPending = maxPending;
    const failed = (error: Error): void => {
      void this.#end(error);
    };
    this.#scheduler = new PoolScheduler({ cell, size, name, spawn, failed });
    this.#unsubscribe = cellStateOf(cell).watchers.add(
      () => undefined,
      cell.version,
      [],
      () => {
        void this.#end(new PoolClosedError('The cell of this pool was closed.'));
      },
    );
  }

  /**
   * Starts the threads; resolves when each has the current version.
   *
   * @throws {@link InvalidOptionError}, {@link CellClosedError}, and {@link WorkerFailedError} if the threads do not start; in
   * bundles see `spawn`.
   */
  static async open(cell: ReadableCell, options: SearchPoolOptions = {}): Promise<SearchPool> {
    assertCell(cell, 'searched');
    const taken = checkedPoolOptions(options);
    cellStateOf(cell).assertOpen();
    const pool = new SearchPool(cell, taken.threads ?? (await spareThreads()), taken);
    await pool.#scheduler.start();
    return pool;
  }

  /** Number of threads. */
  get threads(): number {
    return this.#size;
  }

  /** Number of threads that can search now; those that are being replaced cannot. */
  get ready(): number {
    return this.#scheduler.readyCount;
  }

  /** Number of queries that wait for their answers. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether it was closed, or has failed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Searches in another thread; see `search` for the options. `where` can be sent there; `filter`, a function, cannot.
   *
   * @throws it rejects with {@link InvalidVectorError}, {@link InvalidOptionError}; {@link ResourceExhaustedError} if too many
   * queries wait; the signal's reason; {@link WorkerFailedError} if threads die with it; {@link PoolClosedError}.
   */
  async search(query: VectorInput, options: SearchOptions, how: SplitOptions = {}): Promise<PoolAnswer> {
    const { split, atLeast = 0, signal } = checkedSplitOptions(how, ['atLeast', 'signal', 'split']);
    const queries = [this.#copyOf(query)];
    const sent = sendable(options);
    const exact =
      sent.recall === undefined && (sent.slopFactor ?? this.#cell.read().config.slopFactor) === 'all';
    if (split === true && !exact) {
      throw new InvalidOptionError(
        'split',
        "Only a search of all shards can be split; pass slopFactor: 'all' with it.",
      );
    }
    return this.#call(1, signal, async (call) => {
      await this.#reached(atLeast, call);
      const request: SearchRequest = { queries, options: sent, atLeast, part: undefined };
      const large = this.#cell.postingCount >= MIN_SPLIT_POSTINGS && !this.#scheduler.isBusy;
      const parts = exact && (split ?? large) ? await this.#split(call, request) : undefined;
      return answersOf(parts ?? (await this.#submit(call, request)))[0];
    });
  }

  /**
   * Searches for many queries, spread over the threads. Resolves to their answers in the order of the queries.
   *
   * If commits come in between, answers may be of different versions.
   *
   * @throws as {@link SearchPool.search}; if one fails, the others are cancelled.
   */
  async searchMany(
    queries: Iterable<VectorInput>,
    options: SearchOptions,
    how: PoolSearchOptions = {},
  ): Promise<PoolAnswer[]> {
    const { atLeast = 0, signal } = checkedSplitOptions(how, ['atLeast', 'signal']);
    const copies = Array.from(eachQuery(queries), (query) => this.#copyOf(query));
    const sent = sendable(options);
    return this.#call(copies.length, signal, async (call) => {
      await this.#reached(atLeast, call);
      // Several jobs for each thread, as they take different times.
      const size = Math.max(1, Math.min(MAX_QUERIES_PER_JOB, Math.ceil(copies.length / (4 * this.#size))));
      const pieces: Promise<Answers>[] = [];
      for (let from = 0; from < copies.length; from += size) {
        const piece = copies.slice(from, from + size);
        pieces.push(this.#submit(call, { queries: piece, options: sent, atLeast, part: undefined }));
      }
      return (await Promise.all(pieces)).flatMap(answersOf);
    });
  }

  /** Ends the threads; searches that were not answered reject with {@link PoolClosedError}. */
  close(): Promise<void> {
    return this.#end(new PoolClosedError('This pool was closed.'));
  }

  /** Calls `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(error: Error): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    this.#closed = this.#scheduler.close(error);
    this.#unsubscribe();
    for (const { giveUp } of this.#calls) giveUp(error);
    return this.#closed;
  }

  /** Counts the queries of a call, and cancels all its jobs when it is given up. */
  async #call<T>(size: number, signal: AbortSignal | undefined, run: (call: Call) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.isClosed) throw new PoolClosedError('This pool was closed; open another one.');
    if (this.#pending + size > this.#maxPending) {
      throw new ResourceExhaustedError(
        `${this.#pending} of at most ${this.#maxPending} queries wait for their answers already, so ${size} more cannot; await some of them first, or raise maxPending.`,
        this.#maxPending,
      );
    }
    let giveUp: (reason: Error) => void = () => undefined;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    const call: Call = { jobs: [], giveUp, stopWaiting: () => undefined };
    this.#pending += size;
    this.#calls.add(call);
    const ignoreSignal = onAbort(signal, () => {
      giveUp(signal?.reason as Error);
    });
    try {
      return await Promise.race([run(call), givenUp]);
    } finally {
      ignoreSignal();
      call.stopWaiting();
      this.#calls.delete(call);
      this.#pending -= size;
      for (const job of call.jobs) this.#scheduler.drop(job);
    }
  }

  /** Waits here for a version that is yet to come, so that the wait does not occupy a thread. */
  async #reached(version: number, call: Call): Promise<void> {
    if (this.#cell.version >= version) return;
    // Not the caller's signal: however the call ends, the wait must end too.
    const controller = new AbortController();
    call.stopWaiting = () => {
      controller.abort();
    };
    await this.#cell.waitFor(version, { signal: controller.signal });
  }

  #submit(call: Call, request: SearchRequest): Promise<Answers> {
    const job = new Job(request);
    call.jobs.push(job);
    this.#scheduler.submit(job);
    return job.settled;
  }

  /** Splits one search over all threads; `undefined` if they did not all have the same version. */
  async #split(call: Call, request: SearchRequest): Promise<Answers | undefined> {
    const count = this.#scheduler.readyCount;
    if (count < 2) return undefined;
    const options: SearchOptions = { ...optionsForPart(request.options), slopFactor: 'all' };
    const jobs = Array.from(
      { length: count },
      (_, index) => new Job({ ...request, options, part: { index, count } }),
    );
    call.jobs.push(...jobs);
    this.#scheduler.submitToAll(jobs);
    const found = await Promise.all(jobs.map(({ settled }) => settled));
    const { index } = found[0];
    if (!found.every((part) => sameVersion(part.index, index))) return undefined;
    const parts = found.map(({ results }) => results[0]);
    return { index, results: [mergeResults(parts, request.options)] };
  }

  /** Copies a query, since the caller may change it before a thread gets it. */
  #copyOf(query: VectorInput): Float32Array {
    const { dimensions } = this.#cell.read().config;
    const copy = new Float32Array(dimensions);
    writeVector(query, dimensions, copy, 0);
    return copy;
  }
}

function answersOf({ index, results }: Answers): PoolAnswer[] {
  return results.map((each) => ({ version: index.version, results: each }));
}

function checkedSplitOptions(how: SplitOptions, known: readonly (keyof SplitOptions)[]): SplitOptions {
  const taken = takeOptions(how, known);
  const { atLeast, signal, split } = taken;
  assertSignal(signal);
  if (atLeast !== undefined) requireVersion('atLeast', atLeast);
  if (split !== undefined) requireFlag('split', split);
  return taken;
}

/**
 * Copies the options that a thread needs, checked as in a search in this thread.
 *
 * @throws {@link InvalidOptionError}
 */
function sendable(options: SearchOptions): SearchOptions {
  const { filter, where, ...sent } = takeSearchOptions(options);
  if (filter === undefined)
    return where === undefined ? sent : { ...sent, where: copyOfFilter(options.where as Filter) };
  throw new InvalidOptionError(
    'filter',
    'filter is a function, which cannot be sent to another thread. Pass where, a filter that is a value, or search in this one.',
  );
}

function checkedPoolOptions(options: SearchPoolOptions): SearchPoolOptions {
  const taken = takeOptions(options, ['threads', 'maxPending', 'name', 'spawn']);
  const { threads, maxPending, name, spawn } = taken;
  assertFunction('spawn', spawn);
  if (threads !== undefined) requireWhole('threads', threads, 1, 1024);
  if (maxPending !== undefined) requireWhole('maxPending', maxPending, 1, 1_000_000);
  if (name !== undefined) requireName('name', name);
  return taken;
}
