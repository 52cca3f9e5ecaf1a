/*
 * The log's SQL, synchronous, on one connection: it runs in a thread of its own (`worker.ts`) or, with a driver that was
 * injected, in the caller's. WAL with `synchronous=FULL` is one fsync for a group, made before the commit returns.
 */

import { Connection, type Row, guarded } from './connection.js';
import type { SqliteDriver } from './driver.js';
import { EngineFailure } from './failure.js';
import { type StoredEntry, checkStored, denseFrom, sameHead, sumOf } from '../log/checks.js';
import {
  type Appended,
  type BranchSummary,
  type Checkpoint,
  type Entry,
  type EntrySummary,
  type Forked,
  type Head,
  type LoggedEntry,
  MAIN,
  type OpenedLog,
} from '../log/commit-log.js';
import {
  type Branch,
  addBranch,
  branchOf,
  dropUnneeded,
  droppedBranches,
  forgetBranches,
  headOf,
  holderOf,
  listBranches,
  parentOf,
  startOf,
  unname,
} from './branches.js';
import { dropReplaced, giveBackSome } from './compact.js';
import { entriesBefore } from './entries-before.js';
import { DROPPED, LAST_VERSION, positionOf, versionAt } from './schema.js';
import { examine, makeTables } from './tables.js';

/** How long a trim holds the log for others: so many rows are dropped in one transaction. */
const ROWS_PER_TRIM = 2000;

/** A value that is bytes: node:sqlite of Node 22 turns none at all into NULL. */
const BLOB = "coalesce(?, x'')";

/** The calls of a log, as they cross to its thread. Each is synchronous there. */
export interface EngineCalls {
  open(settings: Uint8Array | undefined, branch: string): OpenedLog;
  head(): Head | undefined;
  append(parent: Head | undefined, entries: readonly Entry[]): Appended;
  /** The next batch after a version; empty at the end. */
  readBatch(after: number, maxBytes: number): readonly LoggedEntry[];
  entries(before: number, limit: number): readonly EntrySummary[];
  /** Changes whenever another connection has written. */
  dataVersion(): number;
  putChunk(key: string, bytes: Uint8Array): void;
  chunk(key: string): Uint8Array;
  commitCheckpoint(checkpoint: Checkpoint): boolean;
  latestCheckpoint(atMost: number): Checkpoint | undefined;
  checkpoints(): readonly Head[];
  branches(): readonly BranchSummary[];
  fork(name: string, at: Head | undefined): Forked;
  dropBranch(name: string): boolean;
  /** Drops some of what is left of dropped branches; `false` when nothing is left to drop. */
  sweepSome(): boolean;
  /** Drops some of what is to go; `false` when nothing is left to drop. */
  trimSome(before: number, keep: readonly number[]): boolean;
  /** Gives some free pages back to the system; `false` when none is left. */
  compactSome(): boolean;
  notes(): ReadonlyMap<string, Uint8Array>;
  putNote(name: string, bytes: Uint8Array | undefined): void;
  close(): void;
}

/** A log in one SQLite file. */
export class SqliteEngine implements EngineCalls {
  readonly #db: Connection;
  /** Branches go by their names: an id may be another branch's by now. */
  #name = MAIN;

  /** @throws {@link EngineFailure} */
  constructor(driver: SqliteDriver, path: string) {
    this.#db = new Connection(driver, path);
  }

  open(settings: Uint8Array | undefined, branch: string): OpenedLog {
    return guarded('opening it', () => {
      this.#name = branch;
      this.#db.write('making its tables', () => {
        makeTables(this.#db);
        if (settings === undefined || branch !== MAIN) return;
        const insert = `INSERT INTO branch (id, name, settings) VALUES (1, ?, ${BLOB}) ON CONFLICT DO NOTHING`;
        this.#db.run(insert, MAIN, settings);
      });
      examine(this.#db);
      return { settings: this.#branch?.settings, head: this.#head() };
    });
  }

  head(): Head | undefined {
    return guarded('looking for the newest entry', () => this.#head());
  }

  append(parent: Head | undefined, entries: readonly Entry[]): Appended {
    return this.#db.write('appending', (): Appended => {
      const branch = this.#branch;
      const head = branch && headOf(this.#db, branch);
      if (branch === undefined || !sameHead(head, parent)) return { conflict: head };
      let before = parent?.token;
      for (const { version, token, bytes } of entries) {
        const position = positionOf(branch.id, version);
        const sum = sumOf(version, token, before, bytes);
        this.#db.run(
          `INSERT INTO entry (position, token, parent, sum, bytes) VALUES (?, ?, ?, ?, ${BLOB})`,
          position,
          token,
          before ?? null,
          sum,
          bytes,
        );
        before = token;
      }
      const last = entries[entries.length - 1];
      return { head: { version: last.version, token: last.token } };
    });
  }

  readBatch(after: number, maxBytes: number): readonly LoggedEntry[] {
    return guarded('reading', () => {
      const own = this.#branch;
      if (own === undefined) return [];
      const { branch, last: common } = holderOf(this.#db, own, after + 1);
      const from = positionOf(branch.id, after);
      const end = positionOf(branch.id, Math.min(common, LAST_VERSION)) + 1;
      const sizes = this.#db.all(
        'SELECT position, length(bytes) AS size, sum FROM entry WHERE position > ? AND position < ? ORDER BY position LIMIT 4096',
        from,
        end,
      );
      if (sizes.length === 0 && common === Infinity) return [];
      const oldest = sizes.length === 0 ? common + 1 : versionAt(sizes[0].position as number);
      if (oldest > after + 1) this.#refuseGap(branch, after, oldest);
      let bytes = 0;
      let last = from;
      if (sizes.at(0)?.sum === DROPPED)
        throw new EngineFailure({ kind: 'trimmed', message: '', version: oldest + 1 });
      for (const { position, size, sum } of sizes) {
        if (sum === DROPPED) break;
        if (bytes > 0 && bytes + (size as number) > maxBytes) break;
        bytes += size as number;
        last = position as number;
      }
      const rows = this.#db.all(
        'SELECT position, token, parent, sum, bytes FROM entry WHERE position > ? AND position <= ? ORDER BY position',
        from,
        last,
      );
      const known = this.#db.get('SELECT token FROM entry WHERE position = ?', from);
      const start = startOf(branch);
      const token = start?.version === after ? start.token : (known?.token as string | undefined);
      let before: Head = { version: after, token: token ?? '' };
      return rows.map((row) => {
        const entry = entryOf(row);
        checkStored(entry, before);
        before = entry;
        const { version, token, parent } = entry;
        return { version, token, parent, bytes: entry.bytes };
      });
    });
  }

  entries(before: number, limit: number): readonly EntrySummary[] {
    return guarded('listing', () => {
      const list = entriesBefore(this.#db, this.#branch, before, limit);
      return denseFrom(before, this.#head(), list);
    });
  }

  dataVersion(): number {
    return guarded(
      'looking for changes',
      () => Object.values(this.#db.get('PRAGMA data_version') ?? {})[0] as number,
    );
  }

  putChunk(key: string, bytes: Uint8Array): void {
    this.#db.write('keeping a chunk', () => {
      this.#db.run(`INSERT INTO chunk (key, bytes) VALUES (?, ${BLOB}) ON CONFLICT DO NOTHING`, key, bytes);
    });
  }

  chunk(key: string): Uint8Array {
    return guarded('reading a chunk', () => {
      const row = this.#db.get('SELECT bytes FROM chunk WHERE key = ?', key);
      if (row !== undefined) return row.bytes as Uint8Array;
      throw new EngineFailure({ kind: 'corrupt', message: `The log has no chunk ${key}.` });
    });
  }

  commitCheckpoint({ version, token, manifest, chunks }: Checkpoint): boolean {
    return this.#db.write('adding a checkpoint', () => {
      for (const key of chunks)
        if (this.#db.get('SELECT 1 FROM chunk WHERE key = ?', key) === undefined) return false;
      const branch = this.#branch;
      if (branch === undefined) return false;
      const position = positionOf(branch.id, version);
      this.#db.run('DELETE FROM checkpoint WHERE position = ?', position);
      this.#db.run(
        `INSERT INTO checkpoint (position, token, manifest) VALUES (?, ?, ${BLOB})`,
        position,
        token,
        manifest,
      );
      chunks.forEach((key, place) => {
        this.#db.run(
          'INSERT INTO checkpoint_chunk (position, place, key) VALUES (?, ?, ?)',
          position,
          place,
          key,
        );
      });
      return true;
    });
  }

  latestCheckpoint(atMost: number): Checkpoint | undefined {
    return guarded('looking for a checkpoint', () => {
      let position = 0;
      let end = Math.min(atMost, LAST_VERSION);
      for (let branch = this.#branch; branch !== undefined; branch = parentOf(this.#db, branch)) {
        const row = this.#db.get(
          'SELECT max(position) AS position FROM checkpoint WHERE position BETWEEN ? AND ?',
          positionOf(branch.id, 0),
          positionOf(branch.id, end),
        );
        const found = (row?.position as number | null | undefined) ?? 0;
        if (versionAt(found) > versionAt(position)) position = found;
        end = Math.min(end, startOf(branch)?.version ?? 0);
      }
      const row = this.#db.get('SELECT token, manifest FROM checkpoint WHERE position = ?', position);
      if (row === undefined) return undefined;
      const keys = this.#db.all(
        'SELECT key FROM checkpoint_chunk WHERE position = ? ORDER BY place',
        position,
      );
      return {
        version: versionAt(position),
        token: row.token as string,
        manifest: row.manifest as Uint8Array,
        chunks: keys.map(({ key }) => key as string),
      };
    });
  }

  checkpoints(): readonly Head[] {
    return guarded('listing checkpoints', () => {
      const { id } = this.#branch ?? { id: 0 };
      const rows = this.#db.all(
        'SELECT position, token FROM checkpoint WHERE position > ? AND position < ? ORDER BY position',
        positionOf(id, 0),
        positionOf(id + 1, 0),
      );
      return rows.map(({ position, token }) => ({
        version: versionAt(position as number),
        token: token as string,
      }));
    });
  }

  branches(): readonly BranchSummary[] {
    return guarded('listing branches', () => listBranches(this.#db));
  }

  fork(name: string, at: Head | undefined): Forked {
    return this.#db.write('adding a branch', () => {
      const branch = this.#branch;
      return branch === undefined ? 'gone' : addBranch(this.#db, branch, name, at);
    });
  }

  dropBranch(name: string): boolean {
    return this.#db.write('dropping a branch', () => {
      const branch = branchOf(this.#db, name);
      if (branch !== undefined) unname(this.#db, branch);
      return branch !== undefined;
    });
  }

  sweepSome(): boolean {
    return this.#db.write('dropping what was left of a branch', () => {
      for (const branch of droppedBranches(this.#db))
        if (dropUnneeded(this.#db, branch, LAST_VERSION + 1, [], ROWS_PER_TRIM)) return true;
      return forgetBranches(this.#db) || this.#dropOrphans();
    });
  }

  notes(): ReadonlyMap<string, Uint8Array> {
    return guarded('reading notes', () => {
      const rows = this.#db.all('SELECT name, bytes FROM note WHERE branch = ?', this.#branch?.id ?? 0);
      return new Map(rows.map(({ name, bytes }) => [name as string, bytes as Uint8Array]));
    });
  }

  putNote(name: string, bytes: Uint8Array | undefined): void {
    this.#db.write('keeping a note', () => {
      const { id } = this.#branch ?? { id: 0 };
      this.#db.run('DELETE FROM note WHERE branch = ? AND name = ?', id, name);
      if (bytes === undefined || id === 0) return;
      this.#db.run(`INSERT INTO note (branch, name, bytes) VALUES (?, ?, ${BLOB})`, id, name, bytes);
    });
  }

  trimSome(before: number, keep: readonly number[]): boolean {
    return this.#db.write('dropping what a checkpoint replaced', () => {
      const branch = this.#branch;
      if (branch === undefined) return false;
      // The newest entry stays.
      const least = Math.min(before, this.#head()?.version ?? 0);
      return dropUnneeded(this.#db, branch, least, keep, ROWS_PER_TRIM) || this.#dropOrphans();
    });
  }

  compactSome(): boolean {
    return guarded('making it smaller', () => {
      dropReplaced(this.#db);
      return giveBackSome(this.#db);
    });
  }

  close(): void {
    this.#db.close();
  }

  get #branch(): Branch | undefined {
    return branchOf(this.#db, this.#name);
  }

  #head(): Head | undefined {
    const branch = this.#branch;
    return branch && headOf(this.#db, branch);
  }

  /** Drops some chunks that no checkpoint of any branch needs; `false` when there is none. */
  #dropOrphans(): boolean {
    const { changes } = this.#db.run(
      'DELETE FROM chunk WHERE key IN (SELECT key FROM chunk WHERE key NOT IN (SELECT key FROM checkpoint_chunk) LIMIT 16)',
    );
    return Number(changes) > 0;
  }

  #refuseGap(branch: Branch, after: number, oldest: number): never {
    const older = this.#db.get(
      'SELECT 1 FROM entry WHERE position >= ? AND position <= ?',
      positionOf(branch.id, Math.max(1, branch.trimmed)),
      positionOf(branch.id, after),
    );
    if (older === undefined) throw new EngineFailure({ kind: 'trimmed', message: '', version: oldest });
    throw new EngineFailure({
      kind: 'corrupt',
      message: `The log has no entry of version ${after + 1}, but later ones.`,
      version: after + 1,
    });
  }
}

function entryOf({ position, token, parent, sum, bytes }: Row): StoredEntry {
  const version = versionAt(position as number);
  if (typeof token !== 'string' || typeof sum !== 'string' || !(bytes instanceof Uint8Array))
    throw new EngineFailure({
      kind: 'corrupt',
      message: `The entry of version ${version} is damaged.`,
      version,
    });
  return { version, token, parent: typeof parent === 'string' ? parent : undefined, sum, bytes };
}
