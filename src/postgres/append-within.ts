/*
 * Appends within a transaction of the caller's. The statement takes a lock that nobody knows of, which the transaction holds
 * until it ends, however that is; waiting for the lock is waiting for the end.
 */

import { LogClosedError, LogFailedError } from '../store/errors.js';
import type { AppendedWithin, Entry, Head } from '../store/log/commit-log.js';
import { failureOf, isUnanswered } from './failure.js';
import { groupOf } from './group.js';
import { channelOf } from './hints.js';
import { type PostgresClient, requireClient } from './pool.js';
import type { Session } from './session.js';
import type { Statements } from './statements.js';

/** How long to wait before asking anew for the end of a transaction, in milliseconds. */
const PAUSE_MS = 100;

/** Appends by a client of the caller's. */
export async function appendWithin(
  session: Session,
  sql: Statements,
  branch: number,
  client: object,
  parent: Head | undefined,
  entries: readonly Entry[],
): Promise<AppendedWithin> {
  requireClient('client', client);
  const by = client as PostgresClient;
  const lock = newLock();
  try {
    const put = (...piece: readonly unknown[]): Promise<unknown> => session.askBy(by, sql.putPiece, ...piece);
    const { text, values } = await groupOf(sql, branch, parent, entries, put, lock);
    const rows = await session.askBy(by, text, ...values);
    if (rows.length === 0) return { ended: undefined };
    const { version } = entries[entries.length - 1];
    return {
      ended: async () => {
        await ended(session, sql, lock);
        session.quietly(sql.notify, channelOf(branch), String(version));
      },
    };
  } catch (error) {
    // Where the line of the client broke, its transaction is no more.
    if (isUnanswered(error))
      throw new LogFailedError(
        'The connection of the transaction broke, and took it with it. Nothing was written.',
        false,
      );
    throw failureOf(error, 'appending in a transaction');
  }
}

/** A number of 63 bits. */
function newLock(): string {
  const [number] = crypto.getRandomValues(new BigUint64Array(1));
  return String(number >> 1n);
}

/** Waits for the lock of a transaction, however long that takes. */
async function ended(session: Session, sql: Statements, lock: string): Promise<void> {
  for (;;) {
    try {
      await session.ask(sql.ended, lock);
      return;
    } catch {
      // The line may have broken, or it took too long: neither says that the transaction has ended.
      if (session.isClosed) throw new LogClosedError();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
