/*
 * Opens a store or a follower where there are files: a path is that of an SQLite file.
 */

import type { Metadata } from '../documents/record.js';
import type { CommitLog } from './log/commit-log.js';
import type { Follower } from './follower.js';
import { type FollowerOptions, openFollowerOn } from './open-follower.js';
import { type StoreOptions, openStoreOn } from './open-store.js';
import { sqliteLog } from './sqlite/sqlite-log.js';
import type { Store } from './store.js';

/**
 * Opens a store, or makes it where there is none: by the path of an SQLite file, or on a log. Options of the index are
 * needed to make it; an existing store has its own, and those that are given must agree.
 *
 * Time: O(bytes of the newest checkpoint and of the commits after it), in slices of 5 ms. Beside the index, a chunk or two
 * of a megabyte are in memory.
 *
 * @throws {@link ConfigError}, {@link InvalidOptionError}, {@link OptionsMismatchError}, {@link CorruptLogError}, {@link
 * LogFormatError}, {@link MissingSqliteError}, and what the log throws. Then the log is closed.
 */
export function openStore<M extends object = Metadata>(
  pathOrLog: string | CommitLog,
  options: StoreOptions<M> = {},
): Promise<Store<M>> {
  return openStoreOn(pathOrLog, options, (path) => sqliteLog({ path }));
}

/**
 * Opens a follower of a store: by the path of an SQLite file, or on a log. It writes nothing, not even where there is no store
 * yet.
 *
 * Time: O(bytes of the newest checkpoint and of the commits after it), in slices of 5 ms.
 *
 * @throws {@link InvalidOptionError}, {@link NoBranchError}, {@link CorruptLogError}, {@link LogFormatError}, and what the log throws. Then the log is
 * closed.
 */
export async function openFollower<M extends object = Metadata>(
  pathOrLog: string | CommitLog,
  options: FollowerOptions = {},
): Promise<Follower<M>> {
  return await openFollowerOn(pathOrLog, options, (path) => sqliteLog({ path }));
}
