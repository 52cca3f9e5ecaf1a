// The confidence of bounds: ranking chooses it, scanning applies it.

/**
 * How many standard deviations below its estimate the bound of a row is: RaBitQ's epsilon.
 *
 * The deviation is that of an estimate's error in a random direction. 0 takes the plain estimate as the bound; with
 * {@link PROVEN} the bound always holds.
 */
export type Confidence = number;

export const PROVEN: Confidence = Infinity;
