/*
 * Opens writers on the current version of a cell, and keeps count of them. `CowShardexIndex` and the store each have a kind
 * of writer of their own; what a cell has to know of them is the same.
 */

import type { ShardexIndex } from '../version/shardex-index.js';
import type { CellState } from './cell-state.js';
import { addStack, stackHere } from './held.js';
import type { WriterHost } from './index-writer.js';
import type { Moment } from './touch-log.js';

/**
 * Opens a writer of any kind on the current version.
 *
 * @throws {@link CellClosedError}
 */
export function openWriter<W>(state: CellState, make: (base: ShardexIndex, host: WriterHost) => W): W {
  const startedAt = performance.now();
  state.assertOpen();
  const { meter, living } = state;
  const base = living.current;
  // Released on closing, since a caller may keep a closed writer (I8).
  let since: Moment | undefined = state.touches.now;
  const writer = make(state.current, {
    commit: (committing, writeSet, onConflict) => state.commit(committing, writeSet, onConflict, since),
    closed: (closing, discarded) => {
      since = undefined;
      base.writers--;
      if (discarded) meter.discards++;
      meter.writerClosed(closing);
    },
  });
  base.writers++;
  meter.writerOpened(startedAt);
  return writer;
}

/** Watches a writer that a caller gets, so that a forgotten one is no longer counted once it is collected. */
export function watched<W extends object>({ meter, living, trace }: CellState, writer: W): W {
  const base = living.current;
  if (trace) addStack(base, stackHere());
  meter.watch(writer, () => {
    base.writers--;
  });
  return writer;
}
