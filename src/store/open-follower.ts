/*
 * Opens a follower: reads the newest checkpoint of a log and the commits after it, and follows from there.
 */

import { CellState } from '../cell/cell-state.js';
import type { HeldOptions } from '../cell/held-warning.js';
import type { HistoryOptions } from '../cell/history.js';
import type { ListenerErrorHandler } from '../cell/watchers.js';
import { takeOptions } from '../checks/given.js';
import { assertFunction } from '../config.js';
import { InvalidOptionError } from '../errors.js';
import { noBranch } from './branches.js';
import { Follower } from './follower.js';
import { type CommitLog, MAIN } from './log/commit-log.js';
import { LogReader } from './log-reader.js';
import { type FileLog, logAt, newSlices } from './place.js';
import { decodeSettings } from './settings.js';

/** Options of `openFollower`: those of a cell that is read. */
export interface FollowerOptions {
  /** Which superseded versions to keep. Default: none. */
  readonly history?: HistoryOptions;
  /** Warns of versions that are held for too long. */
  readonly held?: HeldOptions;
  /** Called with what a listener throws. */
  readonly onError?: ListenerErrorHandler;
  /** The branch to follow. Default `main`. */
  readonly branch?: string;
}

/** Opens a follower on a log, or on that which `fileLog` makes for a path; see `openFollower` in `open-file.ts`. */
export async function openFollowerOn(
  pathOrLog: string | CommitLog,
  options: FollowerOptions,
  fileLog: FileLog,
): Promise<Follower> {
  const { history, held, onError, branch } = takeOptions(options, ['history', 'held', 'onError', 'branch']);
  assertFunction('onError', onError);
  return await openOn(logAt(pathOrLog, branch, fileLog), { history, held, onError });
}

async function openOn(
  log: CommitLog,
  options: ConstructorParameters<typeof CellState>[1],
): Promise<Follower> {
  try {
    const { settings } = await log.open();
    if (settings === undefined && log.branchName !== MAIN) throw await noBranch(log, log.branchName);
    if (settings === undefined)
      throw new InvalidOptionError(
        'pathOrLog',
        `There is no store at ${log.name} yet, and a follower makes none. Make it with openStore().`,
      );
    const reader = new LogReader(log, decodeSettings(settings), newSlices());
    const { index, checkpoint } = await reader.start();
    reader.head = checkpoint && { version: checkpoint.version, token: checkpoint.token };
    let newest = index;
    for await (const { commit } of reader.read(() => newest, { isOpening: true })) newest = commit.index;
    return new Follower({
      log,
      state: new CellState(newest, options),
      reader,
      open: () => openOn(log.branch(log.branchName), options),
    });
  } catch (error) {
    await log.close().catch(() => undefined);
    throw error;
  }
}
