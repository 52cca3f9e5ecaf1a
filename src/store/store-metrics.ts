/*
 * The counters of a store: those of its cell, and what it did with its log.
 */

import type { CellMetrics } from '../cell/metrics.js';
import type { CommitQueue } from './commit-queue.js';
import type { Keeper } from './keeper.js';
import type { TipState } from './tip.js';

/** Counters of a store, beside those of its cell. */
export interface StoreMetrics extends CellMetrics {
  /** Commits of this store that are durable. */
  readonly durableCommits: number;
  /** Groups in which they were appended. */
  readonly groups: number;
  /** Bytes of their entries. */
  readonly entryBytes: number;
  /** Commits that wait for the log. */
  readonly queued: number;
  /** Commits of other processes that were taken over. */
  readonly followed: number;
  /** Appends before which another process had made the same version; they were made again on top of that. */
  readonly lostRaces: number;
  /** Entries since the last checkpoint, which the next one to open the store applies. */
  readonly entriesSinceCheckpoint: number;
  /** Checkpoints made. */
  readonly checkpoints: number;
  /** Bytes that they put. */
  readonly checkpointBytes: number;
  /** What the last checkpoint failed with; `undefined` if it did not. */
  readonly checkpointError: unknown;
}

/** Puts the counters together. Commits and versions are those of the visible cell, writers those of the tip. */
export function storeMetrics(
  ofCell: CellMetrics,
  { meter, current }: TipState,
  { counts, length }: CommitQueue,
  keeper: Keeper,
): StoreMetrics {
  const { clones, conflicts, rebases, retries, discards, liveWriters, pendingWrites } = meter.read(
    current,
    0,
  );
  return Object.freeze({
    ...ofCell,
    ...{ clones, conflicts, rebases, retries, discards, liveWriters, pendingWrites },
    durableCommits: counts.commits,
    groups: counts.groups,
    entryBytes: counts.bytes,
    queued: length,
    followed: counts.followed,
    lostRaces: counts.lost,
    entriesSinceCheckpoint: keeper.entries,
    checkpoints: keeper.counts.checkpoints,
    checkpointBytes: keeper.counts.bytes,
    checkpointError: keeper.counts.error,
  });
}
