/*
 * What every log has in common, those of callers as well: what it is given is checked before it gets there, and once it is
 * closed it refuses everything. So a log itself checks only what it reads.
 */

import { takeOptions } from '../../checks/given.js';
import { requireName } from '../../config.js';
import { LogClosedError } from '../errors.js';
import {
  checkCheckpoint,
  checkDrop,
  checkFork,
  checkGroup,
  checkListing,
  checkNote,
  checkReading,
  checkTrim,
  requireBranchName,
  requireBytes,
} from './checks.js';
import type {
  Appended,
  BranchSummary,
  Checkpoint,
  CommitLog,
  Entry,
  EntrySummary,
  Forked,
  Head,
  LoggedEntry,
  OpenedLog,
  ReadOptions,
} from './commit-log.js';

/** Bytes of a batch of entries, where the reader does not say. */
const BATCH_BYTES = 4 << 20;

/** Puts the checks in front of a log. */
export function checkedLog(log: CommitLog): CommitLog {
  return log instanceof CheckedLog ? log : new CheckedLog(log);
}

/** A log with the checks in front of it. */
export class CheckedLog implements CommitLog {
  readonly name: string;
  readonly branchName: string;
  readonly inner: CommitLog;
  // Only where the log has them.
  declare readonly changed?: NonNullable<CommitLog['changed']>;
  declare readonly appendWithin?: NonNullable<CommitLog['appendWithin']>;
  declare readonly compact?: NonNullable<CommitLog['compact']>;
  declare readonly inTurn?: NonNullable<CommitLog['inTurn']>;
  #closing: Promise<void> | undefined;

  constructor(log: CommitLog) {
    this.name = log.name;
    this.branchName = log.branchName;
    this.inner = log;
    const all = (): Required<CommitLog> => this.#open as Required<CommitLog>;
    if (log.changed !== undefined) this.changed = async (...args) => all().changed(...args);
    if (log.compact !== undefined) this.compact = async () => all().compact();
    if (log.inTurn !== undefined)
      this.inTurn = async (work) => all().inTurn((turn) => work(checkedLog(turn)));
    if (log.appendWithin !== undefined)
      this.appendWithin = async (client, parent, entries) => {
        checkGroup(parent, entries);
        return all().appendWithin(client, parent, entries);
      };
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    if (settings !== undefined) requireBytes('settings', settings);
    return this.#open.open(settings);
  }

  async head(): Promise<Head | undefined> {
    return this.#open.head();
  }

  async append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    checkGroup(parent, entries);
    return this.#open.append(parent, entries);
  }

  async *read(after: number, options: ReadOptions = {}): AsyncGenerator<readonly LoggedEntry[]> {
    const taken = takeOptions(options, ['maxBytes', 'signal']);
    checkReading(after, taken);
    for await (const batch of this.#open.read(after, taken)) {
      yield batch;
      this.#refuseClosed();
    }
  }

  async entries(before: number, limit: number): Promise<readonly EntrySummary[]> {
    checkListing(before, limit);
    return this.#open.entries(before, limit);
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    requireName('key', key);
    requireBytes('bytes', bytes);
    await this.#open.putChunk(key, bytes);
  }

  async chunk(key: string): Promise<Uint8Array> {
    requireName('key', key);
    return this.#open.chunk(key);
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    checkCheckpoint(checkpoint);
    return this.#open.commitCheckpoint(checkpoint);
  }

  async latestCheckpoint(atMost = Infinity): Promise<Checkpoint | undefined> {
    return this.#open.latestCheckpoint(atMost);
  }

  async checkpoints(): Promise<readonly Head[]> {
    return this.#open.checkpoints();
  }

  async trim(before: number, keep: readonly number[] = []): Promise<void> {
    const log = this.#open;
    // What the branches before this one have is older, and comes with its manifest.
    const newest = (await log.checkpoints()).at(-1) ?? (await log.latestCheckpoint(Infinity));
    checkTrim(before, newest?.version);
    await this.#open.trim(before, keep);
  }

  branch(name: string): CommitLog {
    requireBranchName(name);
    return checkedLog(this.inner.branch(name));
  }

  async branches(): Promise<readonly BranchSummary[]> {
    return this.#open.branches();
  }

  async fork(name: string, at: Head | undefined): Promise<Forked> {
    checkFork(name, at);
    return this.#open.fork(name, at);
  }

  async dropBranch(name: string): Promise<boolean> {
    checkDrop(name);
    return this.#open.dropBranch(name);
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#open.notes();
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    checkNote(name, bytes);
    await this.#open.putNote(name, bytes);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.inner.close());
  }

  get #open(): CommitLog {
    this.#refuseClosed();
    return this.inner;
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new LogClosedError();
  }
}

/** Reads batches until one is empty, each from the version on that the last one ended with. */
export async function* inBatches(
  after: number,
  { maxBytes = BATCH_BYTES, signal }: ReadOptions = {},
  next: (after: number, maxBytes: number) => Promise<readonly LoggedEntry[]>,
): AsyncGenerator<readonly LoggedEntry[]> {
  for (let from: number | undefined = after; from !== undefined;) {
    signal?.throwIfAborted();
    const batch = await next(from, maxBytes);
    from = batch.at(-1)?.version;
    if (from !== undefined) yield batch;
  }
}
