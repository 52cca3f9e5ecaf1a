/**
 * Keeps an index: commits that survive the process. An entry point of its own, which the rest of the library never loads.
 *
 * @packageDocumentation
 */
export * from './everywhere.js';
export type { SqliteDatabase, SqliteDriver, SqliteStatement, SqlValue } from './sqlite/driver.js';
export { sqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.js';
export { openFollower, openStore } from './open-file.js';
