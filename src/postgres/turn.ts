/*
 * A turn: a transaction that holds a branch's lock alone, so that no other writer appends until it ends. Each ordinary append
 * takes the same lock, shared, for one statement. Postgres grants the lock in the order of requests, so a turn waits only
 * for the requests before it. A turn ends with its append, or when its process is silent for too long.
 */

import { CopyOut } from './copy-out.js';
import type { PostgresAnswer, PostgresPool, PostgresPoolClient, PostgresQuery, Row } from './pool.js';
import type { Session } from './session.js';

/** Milliseconds of silence after which Postgres ends a turn: its process may be paused, or cut off. */
const SILENCE_MS = 5000;

/** A turn that was taken. */
export interface Turn {
  /** The connection that holds the lock, in the form of a pool. */
  readonly pool: PostgresPool;
  /** Appends, and ends the turn. Resolves to whether the group was appended; it is durable then. */
  readonly append: (text: string, values: readonly unknown[]) => Promise<boolean>;
  /** Lets go of the connection. */
  readonly end: () => Promise<void>;
}

/** Waits for a turn, in line with others. */
export async function takeTurn(session: Session, lock: string, timeoutMs: number): Promise<Turn> {
  const client = await session.pool.connect();
  let isOpen = true;
  // What breaks the line is told by the next thing that is asked.
  client.on('error', ignored);
  const letGo = (isBroken: boolean): void => {
    if (!isOpen) return;
    isOpen = false;
    client.removeListener('error', ignored);
    client.release(isBroken);
  };
  const ask = async (text: string, ...values: readonly unknown[]): Promise<readonly Row[]> => {
    try {
      return await session.askBy(client, text, ...values);
    } catch (error) {
      letGo(true);
      throw error;
    }
  };
  // Isolated as statements by themselves are: each sees what was committed before it.
  await ask(`BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL idle_in_transaction_session_timeout = ${Math.min(SILENCE_MS, timeoutMs)};
SET LOCAL lock_timeout = ${timeoutMs};
SELECT ${lock}`);
  return {
    pool: onlyBy(client),
    append: async (text, values) => {
      const isFirst = (await ask(text, ...values)).length > 0;
      await ask('COMMIT');
      letGo(false);
      return isFirst;
    },
    end: async () => {
      // An error is one of the line, and with that the transaction has ended.
      if (isOpen) await ask('ROLLBACK').catch(() => undefined);
      letGo(false);
    },
  };
}

/** One connection where a pool is expected. */
function onlyBy(client: PostgresPoolClient): PostgresPool {
  return {
    query: (query) => (query instanceof CopyOut ? copied(client, query) : client.query(query)),
    connect: () => Promise.reject(new Error('This is one connection.')),
    on: ignored,
    removeListener: ignored,
  };
}

/** What a pool of `pg` does with a submittable; one connection of it returns no promise. */
function copied(client: PostgresPoolClient, copy: CopyOut & PostgresQuery): Promise<PostgresAnswer> {
  return new Promise((resolve, reject) => {
    copy.callback = (error, rows) => {
      if (error instanceof Error) reject(error);
      else resolve(rows as unknown as PostgresAnswer);
    };
    void client.query(copy);
  });
}

function ignored(): void {
  // Nothing to do; but without a listener the process would end.
}
