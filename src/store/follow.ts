/*
 * Following a log: looks for news whenever there may be some, and now and then although nobody told of any, since a log whose
 * history was replaced by a shorter one tells nobody.
 */

import { onAbort } from '../checks/abort.js';
import { quietTimeout } from '../host/quiet-timeout.js';
import type { CommitLog } from './log/commit-log.js';

/** How often to ask a log that does not tell, in milliseconds, and how long to wait after an error. */
const POLL_MS = 50;
/** How often to look without being told. */
const CHECK_MS = 5000;

/** Who follows. */
export interface Following {
  /** The version that is known. */
  readonly version: () => number;
  /** Takes over what there is. What it throws is tried again, unless it aborts the signal. */
  readonly refresh: () => Promise<unknown>;
  readonly signal: AbortSignal;
}

/** Follows a log until the signal aborts. */
export async function followLog(log: CommitLog, { version, refresh, signal }: Following): Promise<void> {
  const isOpen = (): boolean => !signal.aborted;
  while (isOpen()) {
    try {
      if (log.changed === undefined) await pause(POLL_MS, signal);
      else await news(log, version(), signal);
      if (isOpen()) await refresh();
    } catch {
      // What is to last has aborted the signal; the rest may be over soon.
      await pause(POLL_MS, signal);
    }
  }
}

/** Waits until the log tells of news, or it is time to look. */
async function news(log: CommitLog, after: number, signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const stop = (): void => {
    enough.abort();
  };
  const stay = onAbort(signal, stop);
  const timer = quietTimeout(stop, CHECK_MS);
  try {
    await log.changed?.(after, enough.signal);
  } finally {
    clearTimeout(timer);
    stay();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stay();
      resolve();
    };
    const stay = onAbort(signal, done);
    const timer = quietTimeout(done, ms);
  });
}
