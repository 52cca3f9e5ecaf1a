/*
 * A log in memory: what a store's commits look like to it, without a disk. It is for tests, and for programs that want a
 * store's ways now and its durability later; another store on the same log finds what the first one left.
 */

import { show } from '../../checks/show.js';
import { InvalidOptionError } from '../../errors.js';
import { LogClosedError, CorruptLogError, TrimmedError } from '../errors.js';
import {
  BATCH_BYTES,
  type StoredEntry,
  checkCheckpoint,
  checkGroup,
  checkNote,
  checkReading,
  checkStored,
  checkTrim,
  requireBytes,
  sameHead,
  sumOf,
} from './checks.js';
import type {
  Appended,
  Checkpoint,
  CommitLog,
  Entry,
  Head,
  LoggedEntry,
  OpenedLog,
  ReadOptions,
} from './commit-log.js';

/** What a log in memory holds; several may be opened on one. */
interface LogMemory {
  settings?: Uint8Array;
  entries: StoredEntry[];
  checkpoints: Checkpoint[];
  readonly chunks: Map<string, Uint8Array>;
  readonly notes: Map<string, Uint8Array>;
}

/**
 * Makes a log in memory; nothing of it survives the process. Given another one, open or closed, it holds the same: so
 * would a second process, or the next one.
 *
 * @throws {@link InvalidOptionError}
 */
export function memoryLog(other?: CommitLog): CommitLog {
  if (other === undefined)
    return new MemoryLog({ entries: [], checkpoints: [], chunks: new Map(), notes: new Map() });
  if (other instanceof MemoryLog) return new MemoryLog(memoryOf(other));
  throw new InvalidOptionError(
    'other',
    `Only another log in memory can be opened again, not ${show(other)}.`,
  );
}

let memoryOf: (log: MemoryLog) => LogMemory;

class MemoryLog implements CommitLog {
  readonly name = 'a log in memory';
  readonly #memory: LogMemory;
  #closed = false;

  static {
    memoryOf = (log) => log.#memory;
  }

  constructor(memory: LogMemory) {
    this.#memory = memory;
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    const memory = this.#opened;
    if (settings !== undefined) {
      requireBytes('settings', settings);
      memory.settings ??= settings.slice();
    }
    return Promise.resolve({ settings: memory.settings?.slice(), head: newest(memory) });
  }

  async head(): Promise<Head | undefined> {
    return Promise.resolve(newest(this.#opened));
  }

  async append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    const memory = this.#opened;
    checkGroup(parent, entries);
    await Promise.resolve();
    const head = newest(memory);
    if (!sameHead(head, parent)) return { conflict: head };
    let before = parent?.token;
    for (const { version, token, bytes } of entries) {
      const sum = sumOf(version, token, before, bytes);
      memory.entries.push({ version, token, parent: before, bytes: bytes.slice(), sum });
      before = token;
    }
    return { head: newest(memory) as Head };
  }

  async *read(after: number, options: ReadOptions = {}): AsyncGenerator<readonly LoggedEntry[]> {
    const { maxBytes = BATCH_BYTES, signal } = options;
    checkReading(after, maxBytes);
    let before: Head = { version: after, token: '' };
    for (;;) {
      signal?.throwIfAborted();
      const { entries } = this.#opened;
      const oldest = entries.at(0)?.version ?? 1;
      if (before.version + 1 < oldest) throw new TrimmedError(before.version, oldest);
      const batch: LoggedEntry[] = [];
      let bytes = 0;
      for (let at = before.version + 1 - oldest; at < entries.length; at++) {
        const entry = entries[at];
        if (batch.length > 0 && bytes + entry.bytes.length > maxBytes) break;
        checkStored(entry, before);
        before = entry;
        bytes += entry.bytes.length;
        batch.push({
          version: entry.version,
          token: entry.token,
          parent: entry.parent,
          bytes: entry.bytes.slice(),
        });
      }
      if (batch.length === 0) return;
      yield batch;
      await Promise.resolve();
    }
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    const { chunks } = this.#opened;
    requireBytes('bytes', bytes);
    if (!chunks.has(key)) chunks.set(key, bytes.slice());
    return Promise.resolve();
  }

  async chunk(key: string): Promise<Uint8Array> {
    const bytes = this.#opened.chunks.get(key);
    if (bytes === undefined) throw new CorruptLogError(`The log has no chunk ${key}.`);
    return Promise.resolve(bytes.slice());
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    const { chunks, checkpoints } = this.#opened;
    checkCheckpoint(checkpoint);
    if (!checkpoint.chunks.every((key) => chunks.has(key))) return Promise.resolve(false);
    const { version, token, manifest } = checkpoint;
    const at = checkpoints.findIndex((other) => other.version >= version);
    const replaces = at >= 0 && checkpoints[at].version === version ? 1 : 0;
    const kept = { version, token, manifest: manifest.slice(), chunks: [...checkpoint.chunks] };
    checkpoints.splice(at < 0 ? checkpoints.length : at, replaces, kept);
    return true;
  }

  async latestCheckpoint(atMost = Infinity): Promise<Checkpoint | undefined> {
    const found = this.#opened.checkpoints.findLast(({ version }) => version <= atMost);
    return Promise.resolve(found === undefined ? undefined : { ...found, manifest: found.manifest.slice() });
  }

  async trim(before: number, keep: readonly number[] = []): Promise<void> {
    const memory = this.#opened;
    const { entries, checkpoints, chunks } = memory;
    checkTrim(before, checkpoints.at(-1)?.version);
    memory.entries = entries.filter(({ version }, i) => version >= before || i === entries.length - 1);
    memory.checkpoints = checkpoints.filter(({ version }) => version >= before || keep.includes(version));
    const needed = new Set(memory.checkpoints.flatMap((checkpoint) => checkpoint.chunks));
    for (const key of chunks.keys()) if (!needed.has(key)) chunks.delete(key);
    return Promise.resolve();
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return Promise.resolve(new Map([...this.#opened.notes].map(([name, bytes]) => [name, bytes.slice()])));
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    const { notes } = this.#opened;
    checkNote(name, bytes);
    if (bytes === undefined) notes.delete(name);
    else notes.set(name, bytes.slice());
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  get #opened(): LogMemory {
    if (this.#closed) throw new LogClosedError();
    return this.#memory;
  }
}

function newest({ entries }: LogMemory): Head | undefined {
  const last = entries.at(-1);
  return last === undefined ? undefined : { version: last.version, token: last.token };
}
