/*
 * One connection to a log's file: what it is set to, its statements and its transactions. `engine.ts` has the SQL.
 */

import { fieldOf } from '../../checks/given.js';
import type { SqlValue, SqliteDatabase, SqliteDriver, SqliteStatement } from './driver.js';
import { EngineFailure, asFailure, failureOf } from './failure.js';
import { PAGE_BYTES, WAL_PAGES } from './schema.js';

/** Milliseconds to wait for other processes. */
const BUSY_MS = 5000;

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>;

/** An open file. Statements are prepared once. */
export class Connection {
  readonly #db: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  /** @throws {@link EngineFailure} */
  constructor(driver: SqliteDriver, path: string) {
    this.#db = guarded('opening it', () => {
      const db = new driver(path);
      try {
        whileBusy(() => {
          configure(db);
        });
      } catch (error) {
        db.close();
        throw error;
      }
      return db;
    });
  }

  /** Runs statements as one transaction, which has the lock for writing from the start. */
  write<T>(doing: string, run: () => T): T {
    return guarded(doing, () => {
      let result: T;
      try {
        this.#db.exec('BEGIN IMMEDIATE');
        result = run();
      } catch (error) {
        this.#rollBack();
        throw error;
      }
      try {
        this.#db.exec('COMMIT');
      } catch (error) {
        this.#rollBack();
        throw new EngineFailure(failureOf(error, doing, true));
      }
      return result;
    });
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  run(sql: string, ...values: SqlValue[]): { readonly changes: number | bigint } {
    return this.#prepared(sql).run(...values);
  }

  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return (this.#prepared(sql).get(...values) as Row | null | undefined) ?? undefined;
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[];
  }

  close(): void {
    try {
      // Moves the write-ahead log into the file. SQLite does so by itself when the last connection is closed, but some
      // drivers keep a connection until their statements are collected.
      this.get('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // As on a full disk. The next one to open the file reads both.
    }
    guarded('closing it', () => this.#db.close());
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite rolls back by itself after some errors; the first error says what happened.
    }
  }

  #prepared(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

/**
 * Does something again for as long as others hold the file. Who changes a file to a write-ahead log while others open it is
 * told at once that it is locked, as each could wait for the other: the timeout that SQLite has for all else is not used.
 */
function whileBusy(run: () => void): void {
  const until = performance.now() + BUSY_MS;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    try {
      run();
      return;
    } catch (error) {
      if (asFailure(error, 'opening it').kind !== 'busy' || performance.now() > until) throw error;
      // Not all at the same time. All of this is synchronous, in a thread of the log's own unless the caller wants otherwise.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause * (0.5 + Math.random()));
    }
  }
}

/** Sets what the promises rest on, for this connection, and looks whether it took. */
function configure(db: SqliteDatabase): void {
  // Before the first table, or it has no effect.
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  // So that the file can shrink step by step, rather than be written anew while everybody waits.
  db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  // macOS: fsync alone leaves the data in the disk's own cache.
  db.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  db.exec('PRAGMA foreign_keys = ON');
  db.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
  for (const [name, wanted] of [
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
  ] as const) {
    const found = fieldOf(db.prepare(`PRAGMA ${name}`).get(), name);
    if (found === wanted) continue;
    throw new EngineFailure({
      kind: 'failed',
      message: `SQLite does not keep ${name}=${wanted} for this path, but has ${String(found)}, so commits would not be safe there. Use a file on a local disk.`,
    });
  }
}

/** Turns what a driver throws into a failure. */
export function guarded<T>(doing: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new EngineFailure(asFailure(error, doing));
  }
}
