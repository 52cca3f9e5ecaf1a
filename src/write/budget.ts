/* How much of what splits have left a commit does, by what it writes. */
import type { ShardexConfig } from '../config.js';

/** Multiplications that a posting written pays for, about a millisecond; and so does a commit that writes none. */
const PAID = 1_000_000;

/**
 * Shards split when they have grown by a fifth at least, and each time as many rows as there are in `reassign` shards are
 * compared with two centroids: so much for each row that came, and some more, lest what is owed pile up.
 */
const PAID_FOR_ROWS = 16;

/** Multiplications that a draft may spend on comparing rows with new centroids, if it has written so many postings. */
export function budgetFor({ reassign, dimensions }: ShardexConfig, written: number): number {
  if (reassign === 'strict') return Infinity;
  return Math.max(PAID, PAID_FOR_ROWS * reassign * dimensions) * Math.max(1, written);
}
