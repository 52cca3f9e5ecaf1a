/*
 * What can go wrong in SQLite, told apart by its result codes: the same whichever driver reports them. A failure is a plain
 * value, as it may have to cross from the engine's thread.
 */

import { fieldOf, thrownText } from '../../checks/given.js';
import type { ShardexError } from '../../errors.js';
import {
  CorruptLogError,
  LogBusyError,
  LogFailedError,
  LogFormatError,
  LogFullError,
  MissingSqliteError,
  TrimmedError,
} from '../errors.js';

/** What went wrong. Only after `unknown` may something have been written. */
export interface Failure {
  readonly kind: 'full' | 'busy' | 'corrupt' | 'format' | 'missing' | 'failed' | 'unknown' | 'trimmed';
  readonly message: string;
  /** The version that it is about, or the oldest one. */
  readonly version?: number | undefined;
}

/** A failure on its way out of the engine. */
export class EngineFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Thrown where there is no driver to open the log with. */
export class DriverMissing extends Error {}

const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
/** By the names that better-sqlite3 gives them. */
const NAMES: Readonly<Record<string, number>> = {
  SQLITE_BUSY: BUSY,
  SQLITE_LOCKED: LOCKED,
  SQLITE_CORRUPT: CORRUPT,
  SQLITE_FULL: FULL,
  SQLITE_NOTADB: NOT_A_DATABASE,
};

/** Tells what went wrong, whatever was thrown. */
export function asFailure(error: unknown, doing: string): Failure {
  if (error instanceof EngineFailure) return error.failure;
  if (error instanceof DriverMissing) return { kind: 'missing', message: error.message };
  if (error instanceof CorruptLogError)
    return { kind: 'corrupt', message: error.message, version: error.version };
  return failureOf(error, doing);
}

/** Makes the error that callers get. `after` is the version that was read from. */
export function errorOf({ kind, message, version }: Failure, after = 0): ShardexError {
  switch (kind) {
    case 'full':
      return new LogFullError(message);
    case 'busy':
      return new LogBusyError(message);
    case 'corrupt':
      return new CorruptLogError(message, version);
    case 'format':
      return new LogFormatError(message);
    case 'missing':
      return new MissingSqliteError(message);
    case 'trimmed':
      return new TrimmedError(after, version ?? 0);
    case 'failed':
    case 'unknown':
      return new LogFailedError(message, kind === 'unknown');
  }
}

/** Tells what an error of a driver means. `isCommitting`: it came out of the commit itself. */
export function failureOf(error: unknown, doing: string, isCommitting = false): Failure {
  const text = thrownText(error);
  switch (resultCode(error) ?? -1) {
    case FULL:
      return {
        kind: 'full',
        message: `There is no room left for the log (${doing}): ${text}. Nothing was written. Make room and go on.`,
      };
    case BUSY:
    case LOCKED:
      return {
        kind: 'busy',
        message: `Another process held the log for too long (${doing}): ${text}. Nothing was written. Try again.`,
      };
    case CORRUPT:
    case NOT_A_DATABASE:
      return {
        kind: 'corrupt',
        message: `The log's file is damaged (${doing}): ${text}. Restore it from a copy.`,
      };
    default:
      return { kind: isCommitting ? 'unknown' : 'failed', message: `SQLite failed (${doing}): ${text}.` };
  }
}

function resultCode(error: unknown): number | undefined {
  const number = fieldOf(error, 'errcode') ?? fieldOf(error, 'sqliteCode') ?? fieldOf(error, 'errno');
  if (typeof number === 'number') return number & 0xff;
  const name = fieldOf(error, 'code');
  if (typeof name !== 'string') return undefined;
  // Extended names go on behind the plain one: SQLITE_BUSY_SNAPSHOT.
  const plain = /^SQLITE_[A-Z]+/.exec(name)?.[0];
  return plain === undefined ? undefined : NAMES[plain];
}
