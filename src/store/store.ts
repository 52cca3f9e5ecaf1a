/*
 * The store: a cell whose commits are durable. Readers have the visible version, as in any cell; writers the newest
 * decided one. `open-store.ts` makes it, `commit-queue.ts` has the way from one to the other.
 */

import type { CowShardexIndexOptions } from '../cell/cow-shardex-index.js';
import { type AsyncRecipe, AsyncUpdates, type UpdateAsyncOptions } from '../cell/async-update.js';
import { type IngestOptions, type Source, ingest } from '../cell/ingest/ingest.js';
import { IndexWriter, type WriterHost } from '../cell/index-writer.js';
import { openWriter, watched } from '../cell/open-writer.js';
import type { WaitForOptions } from '../cell/readable-cell.js';
import { onAbort } from '../checks/abort.js';
import { detachable } from '../checks/detached.js';
import { takeOptions } from '../checks/given.js';
import { show } from '../checks/show.js';
import type { Commit } from '../delta/commit.js';
import { InvalidOptionError } from '../errors.js';
import { yieldToEventLoop } from '../host/event-loop.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Recipe, runRecipe } from '../write/update.js';
import { writeSetOf } from '../write/index-draft.js';
import type { CheckpointCost } from './checkpoint/checkpointer.js';
import { isLostRace } from './commit-queue.js';
import { type StoreParts, durable, knownCommit } from './parts.js';
import { followLog } from './follow.js';
import { type StoreMetrics, storeMetrics } from './store-metrics.js';
import { VersionedCell } from './versioned-cell.js';
import { waitUnless } from './wait-unless.js';
import { type PendingCommit, WithinTransactions } from './within-transaction.js';
import { type TransactionOptions, WRITE_OPTIONS, type WriteOptions, newWrite } from './write-options.js';
import { requireToken } from './log/checks.js';
import { StoreWriter, type StoreWriterHost } from './store-writer.js';
import type { Write } from './tip.js';

/** Options of `Store.updateAsync`. */
export interface StoreUpdateAsyncOptions extends WriteOptions, UpdateAsyncOptions {}

/** Options of `Store.ingest`. A token goes with one commit, so not with `commitEvery`. */
export interface StoreIngestOptions extends WriteOptions, IngestOptions {}

/** What became of a write; see `Store.outcome`. */
export interface Outcome {
  /** The version that it made. */
  readonly version: number;
}

/** Bytes of commits that wait for the log before an ingest waits, too: so many commits. */
const MOST_QUEUED = 64;

/**
 * A cell whose commits survive the process. Reading is as in a cell: `read`, `subscribe`, `changes`, `waitFor`, `pin`; all
 * of them see what is durable, and nothing else. Writing is asynchronous: a promise of a write resolves once it is durable
 * and visible. Made by `openStore`.
 */
export class Store<M extends object = object> extends VersionedCell<M> {
  readonly #parts: StoreParts;
  readonly #asyncUpdates: AsyncUpdates;
  readonly #following = new AbortController();
  readonly #within: WithinTransactions;
  #closing: Promise<void> | undefined;
  #isMakingReady = false;

  static {
    detachable(this, (value) => #parts in value, 'stable');
  }

  /** @internal */
  constructor(parts: StoreParts) {
    super(parts);
    this.#parts = parts;
    const { tip, maxPendingWrites } = parts;
    this.#asyncUpdates = new AsyncUpdates(
      tip.meter,
      () => this.#openBareWriter(newWrite({})),
      maxPendingWrites,
    );
    this.#within = new WithinTransactions(parts);
    const { log, queue } = parts;
    onAbort(queue.failed, () => {
      this.#following.abort();
    });
    if (parts.follow)
      void followLog(log, {
        version: () => this.version,
        refresh: () => queue.refresh(),
        signal: this.#following.signal,
      });
  }

  /**
   * Changes the index as part of a transaction of yours, on a log in Postgres: if that commits, the changes are there, and are
   * published; if not, nobody sees them. The recipe runs when the log is free. Resolves before the transaction ends; `settled`
   * of what it resolves to tells how that went. Until then no other commit is appended, on any machine: keep the transaction
   * short, and await no other write of the store in it.
   *
   * @throws {@link ConflictError} where other writers came first again and again, {@link LogBusyError} where the transaction has
   * to be tried again; {@link InvalidOptionError}, {@link CellClosedError}, and whatever the recipe or the validator throws.
   */
  update(recipe: Recipe<M>, options: TransactionOptions): Promise<PendingCommit<M>>;
  /**
   * Changes the index in one step: all of the recipe's changes, or none. The recipe runs at once, on the newest decided
   * version; the promise resolves to the commit when it is durable and visible.
   *
   * @throws {@link ConflictError} where another process changed the same postings first; {@link AsyncRecipeError}, {@link
   * CellClosedError}, {@link LogFullError}, {@link CommitUnknownError}, and whatever the recipe or the validator throws.
   */
  update(recipe: Recipe<M>, options?: WriteOptions & { readonly client?: undefined }): Promise<Commit<M>>;
  async update(
    recipe: Recipe<M>,
    options: WriteOptions & { readonly client?: object | undefined } = {},
  ): Promise<Commit<M> | PendingCommit<M>> {
    const { client, ...said } = takeOptions(options, [...WRITE_OPTIONS, 'client']);
    const write = newWrite(said);
    if (!this.#isReady) await this.#ready();
    const known = knownCommit(this.#parts, write.token);
    if (client !== undefined) return this.#updateWithin(recipe, write, client, known);
    if (known !== undefined) return known;
    const writer = this.#openWriter(write);
    try {
      runRecipe(recipe, writer);
      return await durable(this.#parts, writer.commitChanges(), write);
    } finally {
      writer.discard();
    }
  }

  /**
   * Runs a recipe that awaits, and publishes its changes in one step; as in a cell, it is run again where another commit
   * comes first. An abort counts until the changes are decided, and no more while the log is written.
   *
   * @throws as {@link Store.update}, and {@link ResourceExhaustedError} when too many are under way.
   */
  async updateAsync(recipe: AsyncRecipe<M>, options: StoreUpdateAsyncOptions = {}): Promise<Commit<M>> {
    const { token, author, message, ...rest } = takeOptions(options, [...WRITE_OPTIONS, 'signal', 'retries']);
    for (;;) {
      const write = newWrite({ token, author, message }, true);
      if (!this.#isReady) await this.#ready();
      const known = knownCommit(this.#parts, write.token);
      if (known !== undefined) return known;
      const commit = await this.#asyncUpdates.run(recipe as unknown as AsyncRecipe, rest, () =>
        this.#openBareWriter(write),
      );
      try {
        return await durable(this.#parts, commit, write);
      } catch (error) {
        // Another process came first: the recipe has read a version that its commit would not follow.
        if (!isLostRace(error)) throw error;
      }
    }
  }

  /**
   * Adds all postings of an iterable, and puts whole documents that are among them, in slices, without blocking the thread;
   * resolves to the last commit once all are durable. Where the log is slower than the source, it waits for the log.
   *
   * @throws as {@link Store.update}, and as the cell's `ingest`. With `commitEvery`, what was published before stays.
   */
  async ingest(source: Source<M>, options: StoreIngestOptions = {}): Promise<Commit<M>> {
    const { token, author, message, ...rest } = takeOptions(options, [
      ...WRITE_OPTIONS,
      'signal',
      'onProgress',
      'sliceMs',
      'commitEvery',
    ]);
    if (token !== undefined && rest.commitEvery !== undefined)
      throw new InvalidOptionError(
        'token',
        'A token names one commit; with commitEvery there may be several.',
      );
    const write = newWrite({ token, author, message });
    if (!this.#isReady) await this.#ready();
    const known = knownCommit(this.#parts, write.token);
    if (known !== undefined) return known;
    const { tip } = this.#parts;
    const commit = await this.#asyncUpdates.admit(() =>
      ingest(
        tip,
        () => this.#openBareWriter(write),
        source,
        rest,
        () => this.#betweenSlices(),
      ),
    );
    return durable(this.#parts, commit, write);
  }

  /**
   * Opens a writer on the newest decided version. Time: O(1); nothing is copied until it is written.
   *
   * @throws {@link CellClosedError}
   */
  cloneForWrite(options: WriteOptions = {}): StoreWriter<M> {
    const given = takeOptions(options, WRITE_OPTIONS);
    const { tip } = this.#parts;
    let write = newWrite(given);
    const writer = openWriter(tip, (base, host: WriterHost) => {
      const storeHost: StoreWriterHost = {
        ...host,
        exactly: () => {
          write = newWrite(given, true);
          tip.bind(writeSetOf(writer), write);
        },
        durable: (commit) => durable(this.#parts, commit, write),
      };
      return new StoreWriter<M>(base, storeHost);
    });
    tip.bind(writeSetOf(writer), write);
    return watched(tip, writer);
  }

  /**
   * Makes a checkpoint of the visible version now, durable when it resolves. The store makes them by itself, too. Resolves
   * to what it cost; `undefined` where there is one of this version. Time: O(rows that are in no chunk yet + shards), and
   * where records have changed, O(records + bytes of their buckets).
   *
   * @throws what the log throws.
   */
  async checkpoint(): Promise<CheckpointCost | undefined> {
    const { visible, keeper, kept } = this.#parts;
    visible.assertOpen();
    return keeper.take(visible.current, kept);
  }

  /**
   * Makes what lies on the disk as small as it can be: a checkpoint without rows that are dead, nothing before it but what
   * is kept on purpose, and free space given back to the system, in steps, so that others can go on. Versions without a tag
   * can no longer be loaded from before. Time: as a checkpoint, and O(bytes that are given back).
   *
   * @throws {@link CellClosedError}, and what the log throws. Nothing is lost then.
   */
  async compact(): Promise<void> {
    const { visible, keeper, kept } = this.#parts;
    visible.assertOpen();
    await keeper.compact(visible.current, kept);
  }

  /**
   * Finds out what became of a write, by its token: after a `CommitUnknownError`, in a store that was opened anew, or after
   * a crash. `undefined` where it is not there: it was never made, or more than a thousand commits before the last
   * checkpoint.
   */
  async outcome(token: string): Promise<Outcome | undefined> {
    requireToken('token', token);
    const { queue, reader } = this.#parts;
    await queue.pending(token)?.catch(() => undefined);
    await queue.refresh();
    const version = reader.versionOf(token);
    return version === undefined ? undefined : { version };
  }

  /**
   * Opens another store at the same place, on a branch. Options are those of `openStore`. Time: as opening a store.
   *
   * @throws {@link NoBranchError}, and as `openStore`.
   */
  branch(name: string, options: CowShardexIndexOptions<M> = {}): Promise<Store<M>> {
    const { log, open } = this.#parts;
    return open(log.branch(name), options) as Promise<Store<M>>;
  }

  /** Takes over what other processes have committed and tagged by now; resolves to the newest version. */
  async refresh(): Promise<ShardexIndex<M>> {
    const { queue, kept } = this.#parts;
    await queue.refresh();
    await kept.readTags();
    return this.read();
  }

  /**
   * Waits for a version, as a cell does. Rejects where it will never come, since the log failed.
   *
   * @throws as {@link ReadableCell.waitFor}, and what the log failed with.
   */
  override waitFor(
    target: number | ((index: ShardexIndex<M>) => boolean),
    options: WaitForOptions = {},
  ): Promise<ShardexIndex<M>> {
    return waitUnless(this.#parts.queue.failed, options, (both) => super.waitFor(target, both));
  }

  /** Counters of this store. Time: O(1). */
  override metrics(): StoreMetrics {
    const { tip, queue, keeper } = this.#parts;
    return storeMetrics(super.metrics(), tip, queue, keeper);
  }

  /** Closes the store: refuses further writes, waits for those under way, and lets go of the log. */
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- Whoever closes a cell need not wait; of a store one should.
  override close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Calls `close()`, for `await using store = await openStore(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { tip, visible, queue, keeper, log } = this.#parts;
    // Writes that were asked for before go first.
    if (this.#isMakingReady && !this.#isReady) await this.#ready();
    tip.close();
    this.#following.abort();
    await queue.drained();
    await keeper.idle();
    visible.close();
    await log.close();
  }

  async #updateWithin(
    recipe: Recipe<M>,
    write: Write,
    client: object,
    known: Promise<Commit> | undefined,
  ): Promise<PendingCommit<M>> {
    if (typeof client !== 'object' || (client as unknown) === null)
      throw new InvalidOptionError('client', `client must be a connection of pg, not ${show(client)}.`);
    if (known === undefined) return this.#within.update(recipe as Recipe, write, client);
    const { index, version } = await known;
    return { index, version, settled: known };
  }

  #openWriter(write: Write): IndexWriter<M> {
    const { tip } = this.#parts;
    const writer = openWriter(tip, (base, host) => new IndexWriter<M>(base, host));
    tip.bind(writeSetOf<M>(writer), write);
    return writer;
  }

  /** The same for what does not care of which type the metadata are. */
  #openBareWriter(write: Write): IndexWriter {
    return this.#openWriter(write);
  }

  /** Whether a write can be made at once; only the first after opening has to wait for what it looks at. */
  get #isReady(): boolean {
    return this.#parts.tip.current.documents.isMade;
  }

  async #ready(): Promise<void> {
    const { reader, tip } = this.#parts;
    this.#isMakingReady = true;
    await reader.documentsOf(tip.current);
  }

  async #betweenSlices(): Promise<void> {
    await yieldToEventLoop();
    const { queue } = this.#parts;
    // What an ingest decides must not pile up in memory.
    while (queue.length > MOST_QUEUED && queue.failure === undefined)
      await queue.pending()?.catch(() => undefined);
  }
}
