/*
 * What callers can say of a write to a store, checked.
 */

import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import { requireToken } from './log/checks.js';
import type { CommitInfo } from './entry-bytes.js';
import type { Write } from './tip.js';

/** The names of {@link WriteOptions}. */
export const WRITE_OPTIONS = ['token', 'author', 'message'] as const;

/** What can be said of a write. */
export interface WriteOptions {
  /**
   * Names the write, so that it is made once, however often it is tried: a write whose token the store knows already does
   * nothing. Default: a new UUID. The newest thousand are known, and all since the last checkpoint.
   */
  readonly token?: string;
  /** Who made it, for the log. */
  readonly author?: string;
  /** What it is for, for the log. */
  readonly message?: string;
}

/** What can be said of a write within a transaction. */
export interface TransactionOptions extends WriteOptions {
  /** The connection that has the transaction: a client of `pg`. */
  readonly client: object;
}

/**
 * A write that is about to be made.
 *
 * @throws {@link InvalidOptionError}
 */
export function newWrite(
  { token, author, message }: { readonly [K in keyof WriteOptions]?: WriteOptions[K] | undefined },
  isExact = false,
  more: Omit<CommitInfo, 'time'> = {},
): Write {
  if (token !== undefined) requireToken('token', token);
  requireText('author', author);
  requireText('message', message);
  const info = {
    ...more,
    ...(author !== undefined && { author }),
    ...(message !== undefined && { message }),
  };
  return { token, info, isExact, offered: [] };
}

function requireText(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new InvalidOptionError(name, `${name} must be a string, not ${show(value)}.`);
}
