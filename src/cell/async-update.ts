/*
 * `updateAsync` of a cell: runs a recipe that awaits, commits it if nothing came first, else runs it again, and after
 * some lost races gives it a turn in the fair queue. Stands between `CowShardexIndex` and the writers that it opens.
 */

import { assertSignal, requireFunction, requireWhole } from '../config.js';
import type { Commit } from '../delta/commit.js';
import { ConflictError, ResourceExhaustedError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { type IndexDraft, writeSetOf } from '../write/index-draft.js';
import type { IndexWriter } from './index-writer.js';
import type { Meter } from './metrics.js';
import { type Turn, FairQueue, abortable } from './fair-queue.js';

/** Options of `CowShardexIndex.updateAsync`. */
export interface UpdateAsyncOptions {
  /** Aborts the update. Ignored once it is published. */
  readonly signal?: AbortSignal;
  /** Reruns after a lost race before the recipe gets a turn in the queue, 0 to 1,000. Default 3. */
  readonly retries?: number;
}

/** A recipe that may await. Its draft stays open until the promise that it returns is settled. */
export type AsyncRecipe<M extends object = object> = (draft: IndexDraft<M>) => PromiseLike<void> | void;

/**
 * Runs the recipes of `updateAsync` for one cell: bounds how many are under way and lets each of them through in the
 * end.
 */
export class AsyncUpdates {
  readonly #queue = new FairQueue();
  readonly #meter: Meter;
  readonly #openWriter: () => IndexWriter;
  readonly #most: number;

  constructor(meter: Meter, openWriter: () => IndexWriter, most: number) {
    this.#meter = meter;
    this.#openWriter = openWriter;
    this.#most = most;
  }

  /** Runs a recipe to its commit, on writers of the cell or, as the store has them, of the caller. */
  async run(
    recipe: AsyncRecipe,
    options: UpdateAsyncOptions,
    openWriter: () => IndexWriter = this.#openWriter,
  ): Promise<Commit> {
    requireFunction('recipe', recipe, ' (draft) => …');
    const { signal, retries } = checkedUpdateOptions(options);
    return this.admit(async () => {
      for (let attempt = 0; attempt <= retries; attempt++) {
        const published = await this.#attempt(recipe, openWriter, signal);
        if (published !== undefined) return published;
      }
      const turn = await this.#queue.take(signal);
      try {
        for (;;) {
          const published = await this.#attempt(recipe, openWriter, signal, turn);
          if (published !== undefined) return published;
        }
      } finally {
        turn.end();
      }
    });
  }

  /**
   * Runs a write and counts it as under way until it is settled.
   *
   * @throws {@link ResourceExhaustedError}
   */
  async admit(write: () => Promise<Commit>): Promise<Commit> {
    if (this.#meter.pendingWrites >= this.#most) {
      throw new ResourceExhaustedError(
        `${this.#most} asynchronous updates are under way already; await some of them first, or raise maxPendingWrites.`,
        this.#most,
      );
    }
    this.#meter.pendingWrites++;
    try {
      return await write();
    } finally {
      this.#meter.pendingWrites--;
    }
  }

  /** Runs a recipe once and commits; `undefined` if another commit came first. */
  async #attempt(
    recipe: AsyncRecipe,
    openWriter: () => IndexWriter,
    signal?: AbortSignal,
    turn?: Turn,
  ): Promise<Commit | undefined> {
    signal?.throwIfAborted();
    const writer = openWriter();
    let yields: boolean;
    try {
      turn?.claim(writeSetOf(writer));
      await abortable(Promise.resolve(recipe(writer)), signal);
      // The last check of the signal: nothing awaits between here and the publication.
      signal?.throwIfAborted();
      yields = turn === undefined && this.#queue.claimed(writeSetOf(writer));
      const published = yields ? undefined : tryCommit(writer, turn === undefined ? 'fail' : 'rebase');
      if (published !== undefined) return published;
    } finally {
      writer.discard();
    }
    this.#meter.retries++;
    if (yields) await this.#queue.ended(signal);
    return undefined;
  }
}

function tryCommit(writer: IndexWriter, onConflict: 'rebase' | 'fail'): Commit | undefined {
  try {
    return writer.commitChanges({ onConflict });
  } catch (error) {
    if (error instanceof ConflictError) return undefined;
    throw error;
  }
}

function checkedUpdateOptions(options: UpdateAsyncOptions): {
  signal: AbortSignal | undefined;
  retries: number;
} {
  const { signal, retries = 3 } = takeOptions(options, ['signal', 'retries']);
  requireWhole('retries', retries, 0, 1000);
  assertSignal(signal);
  return { signal, retries };
}
