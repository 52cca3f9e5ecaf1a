/*
 * The errors that only a store and its logs raise. They live here rather than in `src/errors.ts`, so that a program that
 * keeps its index in memory does not load them; their codes are listed there, with all others.
 */

import { ShardexError } from '../errors.js';

/**
 * Something in the log is damaged, or missing where it must be. Nothing was skipped or mended. Code `LOG_CORRUPT`.
 */
export class CorruptLogError extends ShardexError {
  /** The version whose entry is damaged; `undefined` where it is something else. */
  readonly version: number | undefined;

  constructor(message: string, version?: number) {
    super('LOG_CORRUPT', message);
    this.name = 'CorruptLogError';
    this.version = version;
  }
}

/** Entries were asked for that the log has dropped, since a checkpoint replaced them. Code `LOG_TRIMMED`. */
export class TrimmedError extends ShardexError {
  /** The version after which to read was asked for. */
  readonly after: number;
  /** The oldest version that the log still has an entry of. */
  readonly oldest: number;

  constructor(after: number, oldest: number) {
    super(
      'LOG_TRIMMED',
      `The log begins with version ${oldest} now; what came after version ${after} was replaced by a checkpoint. Start from the newest checkpoint.`,
    );
    this.name = 'TrimmedError';
    this.after = after;
    this.oldest = oldest;
  }
}

/** The log was written in a format that this version of the library does not read. Code `LOG_FORMAT`. */
export class LogFormatError extends ShardexError {
  constructor(message: string) {
    super('LOG_FORMAT', message);
    this.name = 'LogFormatError';
  }
}

/** There is no room left where the log is. Nothing was written; what was there is whole. Code `LOG_FULL`. */
export class LogFullError extends ShardexError {
  constructor(message: string) {
    super('LOG_FULL', message);
    this.name = 'LogFullError';
  }
}

/** Another process held the log for too long. Nothing was written. Code `LOG_BUSY`. */
export class LogBusyError extends ShardexError {
  constructor(message: string) {
    super('LOG_BUSY', message);
    this.name = 'LogBusyError';
  }
}

/** The log's engine failed. Code `LOG_FAILED`. */
export class LogFailedError extends ShardexError {
  /** Whether what was to be written may be there all the same. */
  readonly isUnknown: boolean;

  constructor(message: string, isUnknown: boolean) {
    super('LOG_FAILED', message);
    this.name = 'LogFailedError';
    this.isUnknown = isUnknown;
  }
}

/** The log did not answer: what was to be written may be there, and can be looked for. Code `LOG_UNANSWERED`. */
export class UnansweredError extends ShardexError {
  constructor(message: string) {
    super('LOG_UNANSWERED', message);
    this.name = 'UnansweredError';
  }
}

/** A log was used after it was closed. Code `LOG_CLOSED`. */
export class LogClosedError extends ShardexError {
  constructor() {
    super('LOG_CLOSED', 'This log was closed. Open another one on the same place.');
    this.name = 'LogClosedError';
  }
}

/** There is no SQLite in this Node, or the one named could not be loaded. Code `NO_SQLITE`. */
export class MissingSqliteError extends ShardexError {
  constructor(message: string) {
    super('NO_SQLITE', message);
    this.name = 'MissingSqliteError';
  }
}

/**
 * It is not known whether a commit is there: the log failed while it was being written. Ask `outcome(token)` of a store
 * that is opened anew. Code `COMMIT_UNKNOWN`.
 */
export class CommitUnknownError extends ShardexError {
  /** The token of the commit, by which to look for it. */
  readonly token: string;

  constructor(token: string, why: string) {
    super(
      'COMMIT_UNKNOWN',
      `The log failed while commit ${token} was being written, so that it may be there or not: ${why} Close this store, open it again, and ask outcome('${token}').`,
    );
    this.name = 'CommitUnknownError';
    this.token = token;
  }
}

/** The log holds another history than this store has seen, as after a restored copy. Code `LOG_FORKED`. */
export class LogForkedError extends ShardexError {
  /** The first version that differs. */
  readonly version: number;

  constructor(version: number) {
    super(
      'LOG_FORKED',
      `The log has another version ${version} than the one that this store has seen: its history was replaced, as by restoring a copy. Nothing of it was taken over; close this store and open it again.`,
    );
    this.name = 'LogForkedError';
    this.version = version;
  }
}

/** A store exists with other settings than those that were given. Nothing was changed. Code `OPTIONS_MISMATCH`. */
export class OptionsMismatchError extends ShardexError {
  /** The name of the first option that differs. */
  readonly option: string;

  constructor(option: string, message: string) {
    super('OPTIONS_MISMATCH', message);
    this.name = 'OptionsMismatchError';
    this.option = option;
  }
}

/** There is no branch of this name, or it was deleted. Code `NO_BRANCH`. */
export class NoBranchError extends ShardexError {
  /** The name that was asked for. */
  readonly branch: string;

  constructor(branch: string, names: readonly string[]) {
    super(
      'NO_BRANCH',
      `There is no branch ${JSON.stringify(branch)}; the branches are: ${names.join(', ') || 'none'}. Make one with store.fork(name).`,
    );
    this.name = 'NoBranchError';
    this.branch = branch;
  }
}

/** Whether the log can be written to again: it has said that nothing was written. */
export function isTransient(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return (
    code === 'LOG_FULL' ||
    code === 'LOG_BUSY' ||
    (code === 'LOG_FAILED' && !(error as LogFailedError).isUnknown)
  );
}
