/*
 * Transactions: those that write are all or nothing, and on the disk when they resolve.
 */

import { logErrorOf } from './failure.js';
import type { Database, Name, Reading, Writing } from './schema.js';

/** Opens a transaction that reads; while it is used, nothing else may be waited for. */
export function reading(db: Database, ...stores: Name[]): Reading {
  return db.transaction(stores);
}

/**
 * Runs work as one transaction; while it waits, it may wait for requests of that transaction only. Where it throws, nothing
 * is written. Resolves once the transaction is complete, and so durable.
 *
 * @throws what the work throws, {@link LogFullError}, and {@link UnansweredError} where completing it failed.
 */
export async function writing<T>(
  db: Database,
  stores: Name[],
  doing: string,
  work: (tx: Writing) => Promise<T>,
): Promise<T> {
  const tx: Writing = db.transaction(stores, 'readwrite', { durability: 'strict' });
  // Looked at below, whichever way it goes.
  const done = tx.done.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  let result: T;
  try {
    result = await work(tx);
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has ended already, as by the engine.
    }
    await done;
    // Where the engine has ended it, it says why there, and its requests only that they were aborted.
    throw tx.error ?? error;
  }
  const failed = await done;
  if (failed !== undefined) throw logErrorOf(failed.error, doing, true);
  return result;
}
