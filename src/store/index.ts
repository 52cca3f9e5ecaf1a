/**
 * Keeps an index: commits that survive the process. An entry point of its own, which the rest of the library never loads.
 *
 * @packageDocumentation
 */
export {
  CorruptLogError,
  LogBusyError,
  LogClosedError,
  LogFailedError,
  LogFormatError,
  LogFullError,
  MissingSqliteError,
  TrimmedError,
} from './errors.js';
export type {
  Appended,
  Checkpoint,
  CommitLog,
  Entry,
  Head,
  LoggedEntry,
  OpenedLog,
  ReadOptions,
} from './log/commit-log.js';
export { memoryLog } from './log/memory-log.js';
export type { SqliteDatabase, SqliteDriver, SqliteStatement, SqlValue } from './sqlite/driver.js';
export { sqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.js';
