/*
 * The store for browsers, without SQLite: who asks for a file is told what to use instead. What bundlers for pages take for
 * `shardex/store`; the names are those of `index.ts`.
 */

import type { Metadata } from '../documents/record.js';
import { MissingSqliteError } from './errors.js';
import type { CommitLog } from './log/commit-log.js';
import type { Follower } from './follower.js';
import { type FollowerOptions, openFollowerOn } from './open-follower.js';
import { type StoreOptions, openStoreOn } from './open-store.js';
import type { SqliteLogOptions } from './sqlite/sqlite-log.js';
import type { Store } from './store.js';

export * from './everywhere.js';

/** Opens a store on a log; see `open-file.ts`. */
export function openStore<M extends object = Metadata>(
  log: string | CommitLog,
  options: StoreOptions<M> = {},
): Promise<Store<M>> {
  return openStoreOn(log, options, refuse);
}

/** Opens a follower on a log; see `open-file.ts`. */
export async function openFollower<M extends object = Metadata>(
  log: string | CommitLog,
  options: FollowerOptions = {},
): Promise<Follower<M>> {
  return await openFollowerOn(log, options, refuse);
}

/** @throws {@link MissingSqliteError} */
export function sqliteLog(options: SqliteLogOptions): CommitLog {
  return refuse(options.path);
}

function refuse(path: string): never {
  throw new MissingSqliteError(
    `${path} would be an SQLite file, which browsers have not: import { indexedDbLog } from 'shardex/indexeddb', and open the store on indexedDbLog('notes'), or on memoryLog().`,
  );
}
