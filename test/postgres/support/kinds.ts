/*
 * The logs in Postgres that the conformance suite runs over: a real one where it is installed, and PGlite.
 */

import { Pool } from 'pg';
import { afterAll } from 'vitest';
import { type PostgresPool, postgresLog } from 'shardex/postgres';
import type { LogKind } from '../../store/support/logs.js';
import { connection, hasPostgres, startCluster } from './cluster.js';
import { pglitePool } from './pglite.js';

/** Starts them; they end with the tests of the file. */
export async function postgresKinds(): Promise<readonly LogKind[]> {
  const kinds: LogKind[] = [];
  let places = 0;
  const add = (name: string, pool: PostgresPool, listen: boolean): void => {
    kinds.push({
      name,
      place: () => {
        const namespace = `place ${++places}`;
        return () => postgresLog(pool, { namespace, listen, pollMs: 10 });
      },
    });
  };
  const pglite = await pglitePool();
  add('PGlite', pglite.pool, false);
  afterAll(() => pglite.end());
  if (!hasPostgres) {
    console.warn('There is no Postgres here (Debian: apt-get install postgresql); PGlite takes its place.');
    return kinds;
  }
  const cluster = await startCluster();
  const pool = new Pool(connection(cluster.port));
  add('Postgres', pool, true);
  afterAll(async () => {
    await pool.end();
    await cluster.stop();
  });
  return kinds;
}
