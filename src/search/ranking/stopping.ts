// Divides the loss that a recall allows between shards that are not scanned and rows that estimates pass over.
import type { Confidence } from '../confidence.js';

/** The share of the allowed loss that goes to estimates. */
const LOST = 1 / 9;

/** The recall that the scanned shards must reach, to make up for what estimates lose. */
export function recallOfShards(recall: number): number {
  return recall + LOST * (1 - recall);
}

/**
 * The confidence at which estimates lose no more than their share.
 *
 * A larger share means fewer rows to measure, but more shards to scan. Fitted to the least time on word vectors; the loss
 * depends on the codes rather than on the data.
 */
export function confidenceFor(recall: number): Confidence {
  return 0.62 - 0.34 * Math.log(1 - recall);
}
