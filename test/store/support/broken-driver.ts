/* Drivers that do not do as they are told: what the tests of durability have to notice. */

import type { SqliteDatabase, SqliteDriver, SqliteStatement } from '../../../src/store/sqlite/driver.js';

/** Wraps a driver: each statement that runs, and each `exec`, goes through `around`. */
export function wrapped(
  driver: SqliteDriver,
  around: (sql: string, run: () => unknown, db: SqliteDatabase) => unknown,
): SqliteDriver {
  class Wrapped implements SqliteDatabase {
    readonly #db: SqliteDatabase;

    constructor(path: string) {
      this.#db = new driver(path);
    }

    exec(sql: string): unknown {
      return around(sql, () => this.#db.exec(sql), this.#db);
    }

    prepare(sql: string): SqliteStatement {
      const db = this.#db;
      const statement = db.prepare(sql);
      return {
        run: (...values) =>
          around(sql, () => statement.run(...values), db) as ReturnType<SqliteStatement['run']>,
        get: (...values) => around(sql, () => statement.get(...values), db),
        all: (...values) => around(sql, () => statement.all(...values), db) as unknown[],
      };
    }

    close(): unknown {
      return this.#db.close();
    }
  }
  return Wrapped;
}

/** Fails the n-th call, counted from 1, before or after it is done. */
export function failingAt(
  driver: SqliteDriver,
  n: number,
  error: Error,
  when: 'before' | 'after',
): { readonly driver: SqliteDriver; readonly count: () => number } {
  let calls = 0;
  return {
    count: () => calls,
    driver: wrapped(driver, (_, run) => {
      const isIt = ++calls === n;
      if (isIt && when === 'before') throw error;
      const result = run();
      if (isIt) throw error;
      return result;
    }),
  };
}

/** Ignores the order to wait for the disk. With `lies`, it claims not to. */
export function careless(driver: SqliteDriver, lies: boolean): SqliteDriver {
  return wrapped(driver, (sql, run, db) => {
    if (sql === 'PRAGMA synchronous = FULL') return db.exec('PRAGMA synchronous = NORMAL');
    if (sql === 'PRAGMA synchronous' && lies) return { synchronous: 2 };
    return run();
  });
}

/** An error as `node:sqlite` makes it. */
export function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });
}
