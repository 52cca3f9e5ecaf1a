/*
 * Where a store or a follower is opened: what both of them make of what they are given.
 */

import { Slices } from '../cell/ingest/slices.js';
import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import { yieldToEventLoop } from '../host/event-loop.js';
import { checkedLog } from './log/checked-log.js';
import type { CommitLog } from './log/commit-log.js';

/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 5;

/** Makes a log of a file, by its path. */
export type FileLog = (path: string) => CommitLog;

/** The log at a path, or the one that is given, with its checks, of a branch if one is named. @throws {@link InvalidOptionError} */
export function logAt(
  pathOrLog: string | CommitLog,
  branch: string | undefined,
  fileLog: FileLog,
): CommitLog {
  const place = typeof pathOrLog === 'string' ? fileLog(pathOrLog) : pathOrLog;
  if (typeof fieldOf(place, 'append') !== 'function')
    throw new InvalidOptionError(
      'pathOrLog',
      `Open a store by the path of a file, or on a log as sqliteLog(), indexedDbLog() and memoryLog() make, not ${show(pathOrLog)}.`,
    );
  const log = checkedLog(place);
  return branch === undefined ? log : log.branch(branch);
}

/** Slices for long work, with the event loop in between. */
export function newSlices(): Slices {
  return new Slices(
    SLICE_MS,
    () => undefined,
    () => undefined,
    yieldToEventLoop,
  );
}
