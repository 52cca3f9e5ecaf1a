/*
 * A log in memory: what a store's commits look like to it, without a disk. It is for tests, and for programs that want a
 * store's ways now and its durability later; another store on the same log finds what the first one left.
 */

import { show } from '../../checks/show.js';
import { InvalidOptionError } from '../../errors.js';
import { CorruptLogError, TrimmedError } from '../errors.js';
import { CheckedLog, inBatches } from './checked-log.js';
import { checkStored, denseFrom, sameHead, sumOf } from './checks.js';
import {
  type Appended,
  type BranchSummary,
  type Checkpoint,
  type CommitLog,
  type Entry,
  type EntrySummary,
  type Forked,
  type Head,
  type LoggedEntry,
  MAIN,
  type OpenedLog,
  type ReadOptions,
  SUMMARY_BYTES,
} from './commit-log.js';
import {
  type MemoryBranch,
  checkpointUpTo,
  headOf,
  holderOf,
  isReachable,
  newBranch,
  ownerOf,
  trimBranch,
} from './memory-branch.js';

/** What a log in memory holds; several may be opened on one. */
interface LogMemory {
  /** Those that were dropped and are still needed have no name; the main one is first. */
  branches: MemoryBranch[];
  readonly chunks: Map<string, Uint8Array>;
  lastId: number;
}

/**
 * Makes a log in memory; nothing of it survives the process. Given another one, open or closed, it holds the same: so
 * would a second process, or the next one.
 *
 * @throws {@link InvalidOptionError}
 */
export function memoryLog(other?: CommitLog): CommitLog {
  if (other === undefined)
    return new CheckedLog(new MemoryLog({ branches: [], chunks: new Map(), lastId: 0 }, MAIN));
  if (other instanceof CheckedLog && other.inner instanceof MemoryLog) return other.branch(MAIN);
  throw new InvalidOptionError(
    'other',
    `Only another log in memory can be opened again, not ${show(other)}.`,
  );
}

class MemoryLog implements CommitLog {
  readonly name = 'a log in memory';
  readonly branchName: string;
  readonly #memory: LogMemory;

  constructor(memory: LogMemory, branch: string) {
    this.#memory = memory;
    this.branchName = branch;
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    const { branches } = this.#memory;
    if (settings !== undefined && branches.length === 0 && this.branchName === MAIN)
      branches.push(newBranch(String(++this.#memory.lastId), MAIN, settings.slice()));
    const branch = this.#found;
    return Promise.resolve({ settings: branch?.settings.slice(), head: branch && headOf(branch) });
  }

  async head(): Promise<Head | undefined> {
    return Promise.resolve(this.#found && headOf(this.#found));
  }

  async append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    await Promise.resolve();
    const branch = this.#found;
    const head = branch && headOf(branch);
    if (branch === undefined || !sameHead(head, parent)) return { conflict: head };
    let before = parent?.token;
    for (const { version, token, bytes } of entries) {
      const sum = sumOf(version, token, before, bytes);
      branch.entries.push({ version, token, parent: before, bytes: bytes.slice(), sum });
      before = token;
    }
    return { head: headOf(branch) as Head };
  }

  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]> {
    let before: Head = { version: after, token: '' };
    return inBatches(after, options, async (_, maxBytes) => {
      const batch = this.#found === undefined ? [] : batchOf(this.#found, before, maxBytes);
      before = batch.at(-1) ?? before;
      return Promise.resolve(batch);
    });
  }

  async entries(before: number, limit: number): Promise<readonly EntrySummary[]> {
    const found = this.#found;
    const list: EntrySummary[] = [];
    let end = before;
    for (let branch = found; branch !== undefined; branch = branch.parent) {
      for (const { version, token, parent, bytes } of branch.entries.toReversed())
        if (version < end)
          list.push({
            version,
            token,
            parent,
            byteLength: bytes.length,
            start: bytes.slice(0, SUMMARY_BYTES),
          });
      end = Math.min(end, (branch.start?.version ?? 0) + 1);
    }
    return Promise.resolve(denseFrom(before, found && headOf(found), list).slice(0, limit));
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    const { chunks } = this.#memory;
    if (!chunks.has(key)) chunks.set(key, bytes.slice());
    return Promise.resolve();
  }

  async chunk(key: string): Promise<Uint8Array> {
    const { chunks } = this.#memory;
    const bytes = chunks.get(key);
    if (bytes === undefined) throw new CorruptLogError(`The log has no chunk ${key}.`);
    return Promise.resolve(bytes.slice());
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    const { chunks } = this.#memory;
    const checkpoints = this.#found?.checkpoints;
    if (checkpoints === undefined || !checkpoint.chunks.every((key) => chunks.has(key)))
      return Promise.resolve(false);
    const { version, token, manifest } = checkpoint;
    const at = checkpoints.findIndex((other) => other.version >= version);
    const replaces = at >= 0 && checkpoints[at].version === version ? 1 : 0;
    const kept = { version, token, manifest: manifest.slice(), chunks: [...checkpoint.chunks] };
    checkpoints.splice(at < 0 ? checkpoints.length : at, replaces, kept);
    return true;
  }

  async latestCheckpoint(atMost: number): Promise<Checkpoint | undefined> {
    const found = this.#found && checkpointUpTo(this.#found, atMost);
    return Promise.resolve(found === undefined ? undefined : { ...found, manifest: found.manifest.slice() });
  }

  async checkpoints(): Promise<readonly Head[]> {
    const found = this.#found?.checkpoints ?? [];
    return Promise.resolve(found.map(({ version, token }) => ({ version, token })));
  }

  async trim(before: number, keep: readonly number[]): Promise<void> {
    const branch = this.#found;
    if (branch !== undefined) trimBranch(branch, this.#memory.branches, before, keep);
    this.#collect();
    return Promise.resolve();
  }

  branch(name: string): CommitLog {
    return new MemoryLog(this.#memory, name);
  }

  async branches(): Promise<readonly BranchSummary[]> {
    const all = this.#memory.branches.map((branch) => ({
      id: branch.id,
      name: branch.name,
      parent: branch.parent?.id,
      start: branch.start,
      head: headOf(branch),
    }));
    return Promise.resolve(all);
  }

  async fork(name: string, at: Head | undefined): Promise<Forked> {
    const { branches } = this.#memory;
    if (branches.some((branch) => branch.name === name)) return Promise.resolve('taken');
    const found = this.#found;
    const parent = found && ownerOf(found, at?.version ?? 0);
    if (parent === undefined || !isReachable(parent, at)) return Promise.resolve('gone');
    const start = at && { version: at.version, token: at.token };
    branches.push({
      ...newBranch(String(++this.#memory.lastId), name, parent.settings),
      parent,
      start,
    });
    return Promise.resolve('made');
  }

  async dropBranch(name: string): Promise<boolean> {
    const memory = this.#memory;
    const dropped = memory.branches.find((branch) => branch.name === name);
    if (dropped === undefined) return Promise.resolve(false);
    dropped.name = undefined;
    dropped.notes.clear();
    for (;;) {
      const isNeeded = (branch: MemoryBranch): boolean =>
        branch.name !== undefined || memory.branches.some(({ parent }) => parent === branch);
      const kept = memory.branches.filter(isNeeded);
      const isDone = kept.length === memory.branches.length;
      memory.branches = kept;
      if (isDone) break;
    }
    for (const branch of memory.branches)
      if (branch.name === undefined) trimBranch(branch, memory.branches, Infinity, []);
    this.#collect();
    return Promise.resolve(true);
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    const notes = [...(this.#found?.notes ?? [])];
    return Promise.resolve(new Map(notes.map(([name, bytes]) => [name, bytes.slice()])));
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    const notes = this.#found?.notes;
    if (bytes === undefined) notes?.delete(name);
    else notes?.set(name, bytes.slice());
    return Promise.resolve();
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  /** Drops chunks that no checkpoint of any branch needs. */
  #collect(): void {
    const { branches, chunks } = this.#memory;
    const needed = new Set(
      branches.flatMap(({ checkpoints }) => checkpoints.flatMap((checkpoint) => checkpoint.chunks)),
    );
    for (const key of chunks.keys()) if (!needed.has(key)) chunks.delete(key);
  }

  /** The branch, unless it is gone. */
  get #found(): MemoryBranch | undefined {
    return this.#memory.branches.find(({ name }) => name === this.branchName);
  }
}

/** The entries after one, checked and copied, of at most so many bytes. */
function batchOf(of: MemoryBranch, after: Head, maxBytes: number): readonly LoggedEntry[] {
  const { branch, last } = holderOf(of, after.version + 1);
  const at = branch.entries.findIndex(({ version }) => version === after.version + 1);
  // What leads to the version after which a branch starts may be all that is left of its ancestor.
  const next = branch.entries.find(({ version }) => version > after.version);
  if (at < 0 && next !== undefined) throw new TrimmedError(after.version, next.version);
  if (at < 0 && last < Infinity) throw new TrimmedError(after.version, last + 1);
  const batch: LoggedEntry[] = [];
  let before = after;
  let size = 0;
  for (const entry of at < 0 ? [] : branch.entries.slice(at)) {
    const { version, token, parent, bytes } = entry;
    if (version > last || (batch.length > 0 && size + bytes.length > maxBytes)) break;
    checkStored(entry, before);
    before = entry;
    size += bytes.length;
    batch.push({ version, token, parent, bytes: bytes.slice() });
  }
  return batch;
}
