/* The budget of a commit for splits and owed pairs, in proportion to the postings that it writes. */
import type { ShardexConfig } from '../config.js';

/** Multiplications for each posting written, about a millisecond. A commit that only removes has as many as for one. */
const PER_POSTING = 1_000_000;

/**
 * Comparisons of rows for each posting written and each shard of `reassign`. A part is split again when it has grown by a
 * fifth of the capacity at least; then the rows of `reassign` shards are compared with two centroids. This pays for those
 * comparisons and for some more, lest owed pairs pile up.
 */
const ROWS_PER_POSTING = 16;

/** Returns the multiplications that a draft may spend after it has written this many postings. */
export function budgetFor({ reassign, dimensions }: ShardexConfig, written: number): number {
  if (reassign === 'strict') return Infinity;
  return Math.max(PER_POSTING, ROWS_PER_POSTING * reassign * dimensions) * Math.max(1, written);
}
