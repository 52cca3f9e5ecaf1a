/*
 * Decides when a store makes a checkpoint, makes it beside everything else, and lets the log drop what it replaced.
 */

import type { ShardexIndex } from '../version/shardex-index.js';
import type { Slices } from '../cell/ingest/slices.js';
import { Checkpointer, type CheckpointCost, type RunSteps } from './checkpoint/checkpointer.js';
import type { KeepPolicy } from './keep-policy.js';
import type { LogReader, Start } from './log-reader.js';
import type { Written } from './checkpoint/written.js';
import type { CommitLog, Entry, Head } from './log/commit-log.js';

/**
 * A checkpoint is due when reading the entries since the last one would take about as long as reading that, or longer than
 * a few seconds: an entry takes about half a millisecond to apply, whatever its size, and bytes as long as those of a
 * checkpoint.
 */
const DUE_SHARE = 0.5;
const DUE_ENTRIES = 5000;
const LEAST_BYTES = 4 << 20;

/** What the keeper has done, for `metrics()`. */
export interface KeeperCounts {
  checkpoints: number;
  /** Bytes that checkpoints have put. */
  bytes: number;
  /** What the last one failed with, if it did. */
  error: unknown;
}

/** How a checkpoint is made. */
interface Making {
  /** The version, with its token. */
  readonly head?: Head;
  /** The checkpointer to use. Default: the one that made the newest checkpoint, and knows its chunks. */
  readonly checkpointer?: Checkpointer | undefined;
  readonly isCompact?: boolean;
}

/** What a store keeps on purpose. */
export interface Kept {
  /** Reads which versions are tagged, by any process: their checkpoints must stay. */
  tagged(): Promise<readonly number[]>;
  /** Versions in memory. They may still be tagged, so their tokens must stay. */
  inMemory(): readonly number[];
}

/** Makes the checkpoints of one store. */
export class Keeper {
  readonly counts: KeeperCounts = { checkpoints: 0, bytes: 0, error: undefined };
  /** Entries since the last checkpoint. */
  entries = 0;
  #bytes = 0;
  #lastBytes = 0;
  /** The last checkpoint, and the one before it: entries go back to that, for those who are a little behind. */
  #last: Head | undefined;
  readonly #log: CommitLog;
  readonly policy: KeepPolicy;
  readonly #reader: LogReader;
  readonly #checkpointer: Checkpointer;
  readonly #slices: Slices;
  /** One at a time: the chunks of one are those that the next one uses again. */
  #lane: Promise<unknown> = Promise.resolve();
  /** Checkpoints that are being made, or wait for that. */
  #under = 0;

  constructor(
    log: CommitLog,
    reader: LogReader,
    slices: Slices,
    { written, checkpoint, totalBytes }: Start,
    policy: KeepPolicy,
  ) {
    this.#log = log;
    this.policy = policy;
    this.#reader = reader;
    this.#slices = slices;
    this.#checkpointer = new Checkpointer(log, written);
    this.#last = checkpoint;
    this.#lastBytes = totalBytes;
  }

  /** Takes note of an entry that is in the log. */
  note(entry: Entry): void {
    this.entries++;
    this.#bytes += entry.bytes.length;
  }

  /** Whether it is time. */
  get isDue(): boolean {
    const share = this.#bytes >= Math.max(LEAST_BYTES, DUE_SHARE * this.#lastBytes);
    return this.#under === 0 && (share || this.entries >= DUE_ENTRIES);
  }

  /**
   * Makes a checkpoint of the newest version, unless it has one, and lets the log drop what it replaced.
   *
   * @throws what the log throws.
   */
  take(index: ShardexIndex, kept: Kept): Promise<CheckpointCost | undefined> {
    return this.#alone(async () => {
      const before = this.#last?.version;
      if (index.version <= (before ?? 0)) return undefined;
      const made = await this.#replace(index, kept);
      if (before !== undefined) await this.#trim(before, index.version, kept);
      return made;
    });
  }

  /**
   * Makes the log as small as it can be: a checkpoint of the newest version without dead rows, and nothing before it but
   * what is to stay. Whoever is behind goes on from that.
   *
   * @throws what the log throws.
   */
  compact(index: ShardexIndex, kept: Kept): Promise<void> {
    return this.#alone(async () => {
      if (index.version > 0) {
        await this.#replace(index, kept, true);
        await this.#trim(index.version, index.version, kept);
      }
      await this.#log.compact?.();
    });
  }

  /**
   * Makes a checkpoint of a version. A version that was loaded has `written`: the chunks that it was loaded from are used again.
   *
   * @throws what the log throws.
   */
  async keep(index: ShardexIndex, head: Head, written?: Written): Promise<void> {
    const checkpointer = written === undefined ? undefined : new Checkpointer(this.#log, written);
    await this.#alone(() => this.#make(index, { head, checkpointer }));
  }

  /** The same when it is due, in the background: what it fails with is in the counts, and it is tried again later. */
  takeIfDue(index: ShardexIndex, kept: Kept): void {
    if (!this.isDue) return;
    this.take(index, kept).catch((error: unknown) => {
      this.counts.error = error;
      // As if a checkpoint of that much had been made: not again at once.
      this.#lastBytes = Math.max(this.#lastBytes, 2 * this.#bytes);
      this.entries = 0;
    });
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    await this.#lane;
  }

  #alone<T>(make: () => Promise<T>): Promise<T> {
    this.#under++;
    const made = this.#lane.then(make);
    this.#lane = made
      .catch(() => undefined)
      .finally(() => {
        this.#under--;
      });
    return made;
  }

  /** Makes the checkpoint that opening starts from. */
  async #replace(index: ShardexIndex, kept: Kept, isCompact = false): Promise<CheckpointCost> {
    const [entries, bytes] = [this.entries, this.#bytes];
    const made = await this.#make(index, { isCompact });
    this.#lastBytes = made.totalBytes;
    this.entries -= entries;
    this.#bytes -= bytes;
    this.#last = { version: index.version, token: '' };
    this.#reader.forgetBefore(index.version, kept.inMemory());
    return made;
  }

  async #make(index: ShardexIndex, { head, checkpointer, isCompact }: Making): Promise<CheckpointCost> {
    const known = this.#reader.tokensUpTo(index.version);
    // The token of an old version may be forgotten.
    const tokens = known.at(-1)?.version === index.version || head === undefined ? known : [...known, head];
    const run: RunSteps = (steps) => this.#slices.run(steps);
    const cost = await (checkpointer ?? this.#checkpointer).take(index, tokens, run, isCompact);
    this.counts.checkpoints++;
    this.counts.bytes += cost.putBytes + cost.manifestBytes;
    this.counts.error = undefined;
    return cost;
  }

  /** Drops what is older than a checkpoint, but for what the policy keeps. */
  async #trim(latest: number, newest: number, kept: Kept): Promise<void> {
    const before = await this.policy.dropBefore(latest, newest);
    // Trim also if all entries stay: failed checkpoints may have left chunks. Read the tags last, since others may add some.
    await this.#log.trim(Math.max(1, before), await kept.tagged());
  }
}
