/**
 * Keeps an index: commits that survive the process. An entry point of its own, which the rest of the library never loads.
 *
 * @packageDocumentation
 */
export {
  CommitUnknownError,
  CorruptLogError,
  LogBusyError,
  LogClosedError,
  LogFailedError,
  LogForkedError,
  LogFormatError,
  LogFullError,
  MissingSqliteError,
  NoBranchError,
  OptionsMismatchError,
  TrimmedError,
  UnansweredError,
} from './errors.js';
export type {
  Appended,
  BranchSummary,
  Checkpoint,
  CommitLog,
  Entry,
  EntrySummary,
  Forked,
  Head,
  LoggedEntry,
  LoggedHead,
  OpenedLog,
  ReadOptions,
} from './log/commit-log.js';
export { memoryLog } from './log/memory-log.js';
export type { SqliteDatabase, SqliteDriver, SqliteStatement, SqlValue } from './sqlite/driver.js';
export { sqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.js';
export type { CheckpointCost } from './checkpoint/checkpointer.js';
export type { Branch, ForkOptions } from './branches.js';
export type { KeepOptions } from './keep-policy.js';
export type { LogEntry, LogOptions } from './list-commits.js';
export type { BranchMergeOptions } from './merge-branch.js';
export { openStore, type StoreOptions } from './open-store.js';
export { type Outcome, type Store, type StoreIngestOptions, type StoreUpdateAsyncOptions } from './store.js';
export type { VersionedCell } from './versioned-cell.js';
export type { StoreWriter } from './store-writer.js';
export type { StoreMetrics } from './store-metrics.js';
export type { WriteOptions } from './write-options.js';
