// How the loss that a recall allows is shared between shards that are left out and rows that estimates pass over.
import type { Confidence } from '../confidence.js';

/** Of what a recall allows to be missed, this share may be lost to estimates, inside the shards that are scanned. */
const LOST = 1 / 9;

/** The recall that the shards to be scanned have to allow for, so that what estimates lose is made up for. */
export function recallOfShards(recall: number): number {
  return recall + LOST * (1 - recall);
}

/**
 * How sure estimates have to be for a recall, so as to lose no more than that: the more of the allowed loss goes to rows
 * that are passed over, the fewer have to be measured, and the more shards have to be scanned. Fitted to what takes the
 * least time on word vectors; what is lost is a matter of the codes rather than of the data.
 */
export function confidenceFor(recall: number): Confidence {
  return 0.62 - 0.34 * Math.log(1 - recall);
}
