/*
 * `waitFor()` of a cell: resolves with the first version that satisfies a condition. It watches the cell until then.
 */

import { onAbort } from '../checks/abort.js';
import { refusePromise } from '../checks/callbacks.js';
import { assertSignal, isWhole, requireFunction, show } from '../config.js';
import { CellClosedError, InvalidOptionError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { CellState } from './cell-state.js';

/** Waits for a version; see `ReadableCell.waitFor`. */
export async function waitFor(
  { current, isClosed, watchers }: CellState,
  target: number | ((index: ShardexIndex) => boolean),
  options: { readonly signal?: AbortSignal },
): Promise<ShardexIndex> {
  const { signal } = takeOptions(options, ['signal']);
  assertSignal(signal);
  const arrived = arrival(target);
  signal?.throwIfAborted();
  if (arrived(current)) return current;
  // The predicate may have given up.
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const failed: (reason: Error) => void = reject;
    const closed = (): void => {
      done();
      failed(new CellClosedError('The cell was closed before the version that is waited for came.'));
    };
    let unsubscribe = (): void => undefined;
    let stopWaiting = (): void => undefined;
    const done = (): void => {
      unsubscribe();
      stopWaiting();
    };
    if (isClosed) {
      closed();
      return;
    }
    stopWaiting = onAbort(signal, () => {
      done();
      failed(signal?.reason as Error);
    });
    unsubscribe = watchers.add(
      ({ index }) => {
        try {
          if (!arrived(index)) return;
          resolve(index);
        } catch (error) {
          // An error of the predicate belongs to the waiting caller, not to the cell's handler.
          failed(error as Error);
        }
        done();
      },
      current.version,
      [],
      closed,
    );
  });
}

function arrival(target: unknown): (index: ShardexIndex) => boolean {
  if (typeof target === 'function') {
    requireFunction('target', target);
    const arrived = target as (index: ShardexIndex) => unknown;
    return (index) => {
      const answer = arrived(index);
      // A promise counts as true, whatever it resolves to.
      refusePromise(
        answer,
        'The predicate is async, so its answers would come too late. Read changes() instead, where each version can be waited with.',
      );
      return Boolean(answer);
    };
  }
  if (isWhole(target, 0, Number.MAX_SAFE_INTEGER)) return ({ version }) => version >= target;
  throw new InvalidOptionError(
    'target',
    `Wait for a version number or for a function of a version, not ${show(target)}.`,
  );
}
