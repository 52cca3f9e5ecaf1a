/*
 * What a store has wherever it runs. `index.ts` adds what needs files, for Node and its like; `page.ts` says to browsers
 * what to use instead.
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
  AppendedWithin,
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
export type { CheckpointCost } from './checkpoint/checkpointer.js';
export type { Branch, ForkOptions } from './branches.js';
export type { KeepOptions } from './keep-policy.js';
export type { LogEntry, LogOptions } from './list-commits.js';
export type { BranchMergeOptions } from './merge-branch.js';
export type { Follower, FollowerMetrics } from './follower.js';
export type { FollowerOptions } from './open-follower.js';
export type { StoreOptions } from './open-store.js';
export { type Outcome, type Store, type StoreIngestOptions, type StoreUpdateAsyncOptions } from './store.js';
export type { LoadOptions, VersionedCell } from './versioned-cell.js';
export type { PendingCommit } from './within-transaction.js';
export type { StoreWriter } from './store-writer.js';
export type { StoreMetrics } from './store-metrics.js';
export type { TransactionOptions, WriteOptions } from './write-options.js';
