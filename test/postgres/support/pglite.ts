/*
 * A pool in front of PGlite, the Postgres that runs inside of this process: for tests where no other one is installed. It
 * has one connection, so that nobody can listen or have a transaction of their own.
 */

import { PGlite } from '@electric-sql/pglite';
import { CopyOut } from '../../../src/postgres/copy-out.js';
import type { PostgresPool, PostgresQuery } from '../../../src/postgres/pool.js';

/** A database in memory, and a pool for it. */
export async function pglitePool(): Promise<{
  readonly pool: PostgresPool;
  readonly end: () => Promise<void>;
}> {
  const db = await PGlite.create();
  const pool: PostgresPool = {
    async query(query: PostgresQuery): Promise<{ readonly rows: readonly object[] }> {
      const { text, values = [] } = query;
      if (query instanceof CopyOut) return copied(db, query);
      if (values.length > 0) return await db.query(text, values);
      return (await db.exec(text)).at(-1) ?? { rows: [] };
    },
    connect: () => Promise.reject(new Error('There is one connection only.')),
    on: () => undefined,
    removeListener: () => undefined,
  };
  return { pool, end: () => db.close() };
}

/** PGlite copies to a file that it hands over; `pg` sends it piece by piece. */
async function copied(db: PGlite, copy: CopyOut): Promise<{ readonly rows: readonly object[] }> {
  const { blob } = await db.query(copy.text.replace('TO STDOUT', "TO '/dev/blob'"));
  const chunk = new Uint8Array((await blob?.arrayBuffer()) ?? []);
  return new Promise((resolve, reject) => {
    copy.callback = (error, rows) => {
      if (error instanceof Error) reject(error);
      else resolve(rows as unknown as { readonly rows: readonly object[] });
    };
    for (let at = 0; at < chunk.length; at += 1000)
      copy.handleCopyData({ chunk: chunk.subarray(at, at + 1000) });
    copy.handleReadyForQuery();
  });
}
