/*
 * What can go wrong in Postgres, told apart by its codes. An error without a code is one of the line: whether the statement
 * was carried out is not known then.
 */

import { because, fieldOf, thrownText } from '../checks/given.js';
import { ShardexError } from '../errors.js';
import { LogBusyError, LogFailedError, LogFullError, UnansweredError } from '../store/errors.js';

/** Codes, or their first two characters, after which nothing was written and another try may do. */
const BUSY = ['40', '55P03', '57014', '53300'];
/** Codes of a server that ends the connection, or takes none yet. */
const ENDED = ['08', '25P03', '57P01', '57P02', '57P03', '57P05'];
/** No room, or no more memory. */
const FULL = ['53100', '53200', '53400'];
/** A row that others need, or that another one is like. */
const CONFLICT = ['23503', '23505'];

/** What Postgres calls the error; `undefined` for one of the line. */
function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function isOneOf(code: string | undefined, kinds: readonly string[]): boolean {
  return code !== undefined && kinds.some((kind) => code.startsWith(kind));
}

/** Whether the line broke, or the server ended it: what was asked may have been done or not. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof ShardexError) return error instanceof UnansweredError;
  const code = codeOf(error);
  return code === undefined || isOneOf(code, ENDED);
}

/** Whether a transaction has to be tried again, since another one came first. */
export function isSerialization(error: unknown): boolean {
  return isOneOf(codeOf(error), ['40']);
}

/** Whether a row is needed by another one, or is there already. */
export function isRowConflict(error: unknown): boolean {
  return isOneOf(codeOf(error) ?? codeOf(fieldOf(error, 'cause')), CONFLICT);
}

/** The error that callers get. */
export function failureOf(error: unknown, doing: string): ShardexError {
  return error instanceof ShardexError ? error : because(newFailure(error, doing), error);
}

function newFailure(error: unknown, doing: string): ShardexError {
  const code = codeOf(error);
  const text = `${thrownText(error)}${code === undefined ? '' : ` (${code})`}`;
  if (isUnanswered(error)) return new UnansweredError(`Postgres did not answer (${doing}): ${text}.`);
  if (isOneOf(code, FULL))
    return new LogFullError(
      `There is no room left for the log (${doing}): ${text}. Nothing was written. Make room and go on.`,
    );
  if (isOneOf(code, BUSY))
    return new LogBusyError(
      `Postgres was busy for too long (${doing}): ${text}. Nothing was written. Try again.`,
    );
  return new LogFailedError(`Postgres refused (${doing}): ${text}. Nothing was written.`, false);
}

/** Asks once; what goes wrong is told in the log's errors. */
export async function asked<T>(doing: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw failureOf(error, doing);
  }
}

/** How long to wait before another try, and for how long to try, in milliseconds. */
const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/**
 * Asks again while the line is broken, for so long. Only for what may be done twice.
 *
 * @throws what Postgres refuses with, and what `gaveUp` makes where there is no answer.
 */
export async function patiently<T>(
  doing: string,
  patienceMs: number,
  ask: (tries: number) => Promise<T>,
  gaveUp: (message: string) => ShardexError = (message) => new LogFailedError(message, false),
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let tries = 1; ; tries++) {
    try {
      return await ask(tries);
    } catch (error) {
      const failure = failureOf(error, doing);
      if (!(failure instanceof UnansweredError)) throw failure;
      if (performance.now() >= end) throw gaveUp(failure.message);
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** tries)));
    }
  }
}
