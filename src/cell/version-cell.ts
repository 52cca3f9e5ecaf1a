/*
 * The mutable reference to the current version, and the one way to change it. `CellState` builds publishing on it.
 */

import type { ShardexIndex } from '../version/shardex-index.js';

/** The reference to the current version. */
export interface VersionCell {
  current: ShardexIndex;
}

/**
 * Publishes `next` if `expected` is still current, in one assignment (I2, I3). JavaScript runs one job at a time, so
 * nothing comes between the comparison and the assignment.
 */
export function compareAndSet(cell: VersionCell, expected: ShardexIndex, next: ShardexIndex): boolean {
  if (cell.current !== expected) return false;
  cell.current = next;
  return true;
}
