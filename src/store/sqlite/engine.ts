/*
 * The log's SQL, synchronous, on one connection: it runs in a thread of its own (`worker.ts`) or, with a driver that was
 * injected, in the caller's. WAL with `synchronous=FULL` is one fsync for a group, made before the commit returns.
 */

import { Connection, type Row, guarded } from './connection.js';
import type { SqliteDriver } from './driver.js';
import { EngineFailure } from './failure.js';
import { type StoredEntry, checkStored, sameHead, sumOf } from '../log/checks.js';
import type { Appended, Checkpoint, Entry, Head, LoggedEntry, OpenedLog } from '../log/commit-log.js';
import { APPLICATION_ID, FORMAT, LAST_VERSION, SCHEMA, VERSIONS, positionOf, versionAt } from './schema.js';

/** How long a trim holds the log for others: so many rows are dropped in one transaction. */
const ROWS_PER_TRIM = 2000;

/** A value that is bytes: node:sqlite of Node 22 turns none at all into NULL. */
const BLOB = "coalesce(?, x'')";

/** The calls of a log, as they cross to its thread. Each is synchronous there. */
export interface EngineCalls {
  open(settings: Uint8Array | undefined): OpenedLog;
  head(): Head | undefined;
  append(parent: Head | undefined, entries: readonly Entry[]): Appended;
  /** The next batch after a version; empty at the end. */
  readBatch(after: number, maxBytes: number): readonly LoggedEntry[];
  /** Changes whenever another connection has written. */
  dataVersion(): number;
  putChunk(key: string, bytes: Uint8Array): void;
  chunk(key: string): Uint8Array;
  commitCheckpoint(checkpoint: Checkpoint): boolean;
  latestCheckpoint(atMost: number): Checkpoint | undefined;
  /** Drops some of what is to go; `false` when nothing is left to drop. */
  trimSome(before: number, keep: readonly number[]): boolean;
  notes(): ReadonlyMap<string, Uint8Array>;
  putNote(name: string, bytes: Uint8Array | undefined): void;
  close(): void;
}

/** A log in one SQLite file. */
export class SqliteEngine implements EngineCalls {
  readonly #db: Connection;
  #branch = 0;

  /** @throws {@link EngineFailure} */
  constructor(driver: SqliteDriver, path: string) {
    this.#db = new Connection(driver, path);
  }

  open(settings: Uint8Array | undefined): OpenedLog {
    return guarded('opening it', () => {
      this.#db.write('making its tables', () => {
        this.#make();
        if (settings === undefined) return;
        const insert = `INSERT INTO branch (id, name, settings) VALUES (1, ?, ${BLOB}) ON CONFLICT DO NOTHING`;
        this.#db.run(insert, 'main', settings);
      });
      this.#examine();
      const row = this.#db.get("SELECT id, settings FROM branch WHERE name = 'main'");
      if (row === undefined) return { settings: undefined, head: undefined };
      this.#branch = row.id as number;
      return { settings: row.settings as Uint8Array, head: this.#head() };
    });
  }

  head(): Head | undefined {
    return guarded('looking for the newest entry', () => this.#head());
  }

  append(parent: Head | undefined, entries: readonly Entry[]): Appended {
    return this.#db.write('appending', (): Appended => {
      const head = this.#head();
      if (!sameHead(head, parent)) return { conflict: head };
      let before = parent?.token;
      for (const { version, token, bytes } of entries) {
        const position = positionOf(this.#branch, version);
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
      const from = positionOf(this.#branch, after);
      const end = positionOf(this.#branch + 1, 0);
      const sizes = this.#db.all(
        'SELECT position, length(bytes) AS size FROM entry WHERE position > ? AND position < ? ORDER BY position LIMIT 1000',
        from,
        end,
      );
      if (sizes.length === 0) return [];
      const oldest = versionAt(sizes[0].position as number);
      if (oldest > after + 1) this.#refuseGap(after, oldest);
      let bytes = 0;
      let last = from;
      for (const { position, size } of sizes) {
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
      let before: Head = { version: after, token: (known?.token as string | undefined) ?? '' };
      return rows.map((row) => {
        const entry = entryOf(row);
        checkStored(entry, before);
        before = entry;
        const { version, token, parent } = entry;
        return { version, token, parent, bytes: entry.bytes };
      });
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
      const position = positionOf(this.#branch, version);
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
      const [first, last] = [
        positionOf(this.#branch, 0),
        positionOf(this.#branch, Math.min(atMost, LAST_VERSION)),
      ];
      const row = this.#db.get(
        'SELECT position, token, manifest FROM checkpoint WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1',
        first,
        last,
      );
      if (row === undefined) return undefined;
      const position = row.position as number;
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

  notes(): ReadonlyMap<string, Uint8Array> {
    return guarded('reading notes', () => {
      const rows = this.#db.all('SELECT name, bytes FROM note WHERE branch = ?', this.#branch);
      return new Map(rows.map(({ name, bytes }) => [name as string, bytes as Uint8Array]));
    });
  }

  putNote(name: string, bytes: Uint8Array | undefined): void {
    this.#db.write('keeping a note', () => {
      this.#db.run('DELETE FROM note WHERE branch = ? AND name = ?', this.#branch, name);
      if (bytes === undefined) return;
      this.#db.run(
        `INSERT INTO note (branch, name, bytes) VALUES (?, ?, ${BLOB})`,
        this.#branch,
        name,
        bytes,
      );
    });
  }

  trimSome(before: number, keep: readonly number[]): boolean {
    return this.#db.write('dropping what a checkpoint replaced', () => {
      const [first, end] = [positionOf(this.#branch, 0), positionOf(this.#branch, before)];
      const { changes } = this.#db.run(
        'DELETE FROM entry WHERE position IN (SELECT position FROM entry WHERE position >= ? AND position < ? ORDER BY position LIMIT ?)',
        first,
        end,
        ROWS_PER_TRIM,
      );
      if (Number(changes) > 0) return true;
      const kept = keep.map((version) => positionOf(this.#branch, version));
      const old = this.#db
        .all('SELECT position FROM checkpoint WHERE position >= ? AND position < ?', first, end)
        .map(({ position }) => position as number)
        .filter((position) => !kept.includes(position));
      for (const position of old) this.#db.run('DELETE FROM checkpoint WHERE position = ?', position);
      const orphans = this.#db.run(
        'DELETE FROM chunk WHERE key IN (SELECT key FROM chunk WHERE key NOT IN (SELECT key FROM checkpoint_chunk) LIMIT 16)',
      );
      return Number(orphans.changes) > 0;
    });
  }

  close(): void {
    this.#db.close();
  }

  #head(): Head | undefined {
    const row = this.#db.get(
      'SELECT position, token FROM entry WHERE position > ? AND position < ? ORDER BY position DESC LIMIT 1',
      positionOf(this.#branch, 0),
      positionOf(this.#branch + 1, 0),
    );
    return row === undefined
      ? undefined
      : { version: versionAt(row.position as number), token: row.token as string };
  }

  /** Makes the tables of a new file; refuses one that is something else, or of a later format. */
  #make(): void {
    const application = this.#db.get('PRAGMA application_id')?.application_id;
    const format = this.#db.get('PRAGMA user_version')?.user_version as number;
    const tables = this.#db.get('SELECT count(*) AS count FROM sqlite_schema')?.count as number;
    if (application === 0 && format === 0 && tables === 0) {
      this.#db.exec(SCHEMA);
      return;
    }
    if (application !== APPLICATION_ID)
      throw new EngineFailure({
        kind: 'format',
        message: 'This file is a database of something else, not a log of this library. Choose another path.',
      });
    if (format !== FORMAT)
      throw new EngineFailure({
        kind: 'format',
        message: `This log has format ${format}; this version of the library reads format ${FORMAT}. Use the one that wrote it.`,
      });
  }

  /** Looks for what would hide entries without a trace: a damaged page, a key that went elsewhere. */
  #examine(): void {
    const found = this.#db.get('PRAGMA quick_check(entry)');
    const verdict = Object.values(found ?? {})[0];
    const branches = new Set(this.#db.all('SELECT id FROM branch').map(({ id }) => id));
    const ranges = this.#db.all(
      `SELECT position / ${VERSIONS} AS branch, count(*) AS count, max(position) - min(position) + 1 AS length FROM entry GROUP BY 1`,
    );
    const isWhole = ranges.every(({ branch, count, length }) => branches.has(branch) && count === length);
    if (verdict === 'ok' && isWhole) return;
    const what = verdict === 'ok' ? 'entries are missing, or in the place of others' : String(verdict);
    throw new EngineFailure({
      kind: 'corrupt',
      message: `The log's file is damaged: ${what}. Restore it from a copy.`,
    });
  }

  #refuseGap(after: number, oldest: number): never {
    const older = this.#db.get(
      'SELECT 1 FROM entry WHERE position > ? AND position <= ?',
      positionOf(this.#branch, 0),
      positionOf(this.#branch, after),
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
