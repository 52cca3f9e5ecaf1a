/*
 * A log in Postgres: one index for many machines. This checks what it is given; `branch-log.ts` does the rest.
 */

import { takeOptions } from '../checks/given.js';
import { requireFlag, requireName, requireWhole } from '../config.js';
import { checkedLog } from '../store/log/checked-log.js';
import { type CommitLog, MAIN } from '../store/log/commit-log.js';
import { BranchLog } from './branch-log.js';
import { type PostgresPool, requirePool } from './pool.js';
import { SCHEMA } from './schema.js';

/** Options of {@link postgresLog}. */
export interface PostgresLogOptions {
  /** The name of the index: a database holds any number of them. */
  readonly namespace: string;
  /** The schema that the tables are in; made where there is none. Default `shardex`. */
  readonly schema?: string;
  /** How often to look for what others have written where no hints come, in milliseconds. Default 50. */
  readonly pollMs?: number;
  /**
   * Whether to listen for hints, which takes a connection of the pool for as long as the log is open. Default: if the pool
   * may have two.
   */
  readonly listen?: boolean;
  /** Milliseconds to wait for an answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Milliseconds to try for, while the database is not there. Default 5000. */
  readonly patienceMs?: number;
}

/**
 * Makes a log in Postgres, on a pool of `pg`. Any number of machines may open one. The pool stays the caller's, and has to be
 * ended after the log is closed; errors of its idle connections are of no interest to the log, which connects again.
 *
 * @throws {@link InvalidOptionError}
 */
export function postgresLog(pool: PostgresPool, options: PostgresLogOptions): CommitLog {
  requirePool('pool', pool);
  const names = ['namespace', 'schema', 'pollMs', 'listen', 'timeoutMs', 'patienceMs'] as const;
  const { namespace, schema = SCHEMA, listen, ...times } = takeOptions(options, names);
  requireName('namespace', namespace);
  requireName('schema', schema);
  if (listen !== undefined) requireFlag('listen', listen);
  const { pollMs = 50, timeoutMs = 30_000, patienceMs = 5000 } = times;
  requireWhole('pollMs', pollMs, 1, 3_600_000);
  requireWhole('timeoutMs', timeoutMs, 1, 3_600_000);
  requireWhole('patienceMs', patienceMs, 0, 3_600_000);
  const most = (pool as { readonly options?: { readonly max?: unknown } }).options?.max;
  const isListening = listen ?? !(typeof most === 'number' && most < 2);
  const settings = { namespace, schema, pollMs, timeoutMs, patienceMs, isListening };
  return checkedLog(new BranchLog(pool, settings, MAIN));
}
