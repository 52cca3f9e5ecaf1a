/*
 * Waiting for a version that may never come: whoever follows a log stops where its history was replaced.
 */

import { onAbort } from '../checks/abort.js';
import { takeOptions } from '../checks/given.js';
import { assertSignal } from '../config.js';
import type { WaitForOptions } from '../cell/readable-cell.js';

/** Waits as a cell does; rejects with the reason of `stopped` where that aborts first, or has, and the version is not here. */
export async function waitUnless<T>(
  stopped: AbortSignal,
  options: WaitForOptions,
  wait: (options: WaitForOptions) => Promise<T>,
): Promise<T> {
  const { signal } = takeOptions(options, ['signal']);
  assertSignal(signal);
  const either = new AbortController();
  const abort = (from: AbortSignal | undefined): void => {
    if (from?.aborted === true) either.abort(from.reason);
  };
  const stays = [signal, stopped].map((one) =>
    onAbort(one, () => {
      abort(one);
    }),
  );
  try {
    abort(signal);
    const waiting = wait({ signal: either.signal });
    // Only now: a version that is here already has come.
    abort(stopped);
    return await waiting;
  } finally {
    for (const stay of stays) stay();
  }
}
