/*
 * Writes within a transaction of the caller's: they are appended by its connection, so that they are there if it commits and
 * never were if it does not. Who ends the transaction is the caller; the log tells when it has ended, and what is in the log
 * then is what became of it. Meanwhile no other commit of this store, or of any, can be appended.
 */

import { Commit } from '../delta/commit.js';
import { InvalidOptionError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { conflict } from '../write/rebase.js';
import { type Recipe, update } from '../write/update.js';
import { CommitUnknownError } from './errors.js';
import type { Head } from './log/commit-log.js';
import type { StoreParts } from './parts.js';
import { encodeEntry } from './entry-bytes.js';
import type { Write } from './tip.js';

/** How often to run a recipe again where other writers come first. */
const MOST_TRIES = 10;

/** A commit that is there if the transaction commits. */
export interface PendingCommit<M extends object = object> {
  /** The version that it makes: can be searched already, by whoever made it. */
  readonly index: ShardexIndex<M>;
  /** The number of that version. */
  readonly version: number;
  /**
   * Resolves once the transaction has ended: to the commit, which is durable and visible by then; to `undefined` where it was
   * rolled back. Await it after `COMMIT`.
   */
  readonly settled: Promise<Commit<M> | undefined>;
}

interface Pending {
  readonly commit: Commit;
  readonly token: string;
  readonly settle: (result: Commit | Promise<Commit> | undefined) => void;
}

/** The transaction that a store takes part in; the log is its own until it ends. */
interface Transaction {
  readonly client: object;
  tip: ShardexIndex;
  head: Head | undefined;
  readonly pending: Pending[];
  /** Its writes are made one after the other. */
  lane: Promise<unknown>;
  /** Ends it: once the log tells so, or at once where nothing was appended. */
  readonly ends: (ended: Promise<void>) => void;
  isOver: boolean;
}

/** The writes of one store within transactions of callers. */
export class WithinTransactions {
  readonly #parts: StoreParts;
  #transaction: Promise<Transaction> | undefined;
  #client: object | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Appends a write; see `Store.update`. */
  async update(recipe: Recipe, write: Write, client: object): Promise<PendingCommit> {
    const { log, tip } = this.#parts;
    tip.assertOpen();
    if (log.appendWithin === undefined)
      throw new InvalidOptionError(
        'client',
        `${log.name} takes no part in transactions; one in Postgres does.`,
      );
    for (;;) {
      // One transaction at a time; several writes of one go together.
      const transaction = await (this.#client === client && this.#transaction !== undefined
        ? this.#transaction
        : this.#enter(client));
      const done = transaction.lane.then(() =>
        transaction.isOver ? undefined : this.#append(transaction, recipe, write),
      );
      transaction.lane = done.catch(() => undefined);
      const pending = await done;
      if (pending !== undefined) return pending;
    }
  }

  /** Waits until the log is free, and holds it until the transaction has ended. */
  #enter(client: object): Promise<Transaction> {
    const { queue, visible, reader } = this.#parts;
    const entered = new Promise<Transaction>((resolve, reject) => {
      queue
        .exclusively(async () => {
          await queue.takeOver();
          let ends: (ended: Promise<void>) => void = () => undefined;
          const over = new Promise<void>((resolveOver) => {
            ends = resolveOver;
          });
          const transaction: Transaction = {
            client,
            tip: visible.current,
            head: reader.head,
            pending: [],
            lane: Promise.resolve(),
            ends,
            isOver: false,
          };
          this.#client = client;
          this.#transaction = entered;
          resolve(transaction);
          await over.catch(() => undefined);
          transaction.isOver = true;
          this.#client = undefined;
          this.#transaction = undefined;
          await this.#settle(transaction);
        })
        .catch(reject);
    });
    return entered;
  }

  async #append(transaction: Transaction, recipe: Recipe, write: Write): Promise<PendingCommit> {
    const { log, tip, queue, visible, reader } = this.#parts;
    const token = write.token ?? crypto.randomUUID();
    const isFirst = transaction.pending.length === 0;
    try {
      for (let tries = 1; ; tries++) {
        if (isFirst && reader.versionOf(token) !== undefined) {
          // Another try with this token was made while this one waited.
          transaction.ends(Promise.resolve());
          const { current } = visible;
          const settled = Promise.resolve(new Commit(current, current));
          return { index: current, version: current.version, settled };
        }
        const { tip: base, head } = transaction;
        const commit = new Commit(base, update(base, recipe));
        if (commit.isEmpty) {
          if (isFirst) transaction.ends(Promise.resolve());
          return { index: base, version: base.version, settled: Promise.resolve(commit) };
        }
        tip.examine(commit);
        const bytes = encodeEntry(commit, { time: Date.now(), ...write.info });
        const entry = { version: commit.version, token, bytes };
        const within = await log.appendWithin?.(transaction.client, head, [entry]);
        if (within?.ended !== undefined) {
          transaction.tip = commit.index;
          transaction.head = { version: entry.version, token };
          const settled = new Promise<Commit | undefined>((settle) => {
            transaction.pending.push({ commit, token, settle });
          });
          // Who made it may not care.
          settled.catch(() => undefined);
          if (isFirst) transaction.ends(within.ended());
          return { index: commit.index, version: commit.version, settled };
        }
        if (!isFirst || tries === MOST_TRIES) throw conflict(base, visible.current, []);
        await queue.takeOver();
        transaction.tip = visible.current;
        transaction.head = reader.head;
      }
    } catch (error) {
      if (isFirst) transaction.ends(Promise.resolve());
      throw error;
    }
  }

  /** Looks what became of the transaction, and publishes it. */
  async #settle({ pending }: Transaction): Promise<void> {
    const { queue, reader, visible, keeper, kept } = this.#parts;
    try {
      if (pending.length > 0) await queue.takeOver();
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      for (const { token, settle } of pending) settle(Promise.reject(new CommitUnknownError(token, why)));
      return;
    }
    const { current } = visible;
    for (const { commit, token, settle } of pending) {
      const version = reader.versionOf(token);
      // The one that is visible is another object, equal to the byte.
      if (version === undefined) settle(undefined);
      else settle(version === current.version ? new Commit(commit.previous, current) : commit);
    }
    keeper.takeIfDue(current, kept);
  }
}
