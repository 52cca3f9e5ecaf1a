// How sure a search has to be: what ranking decides, and scanning goes by.

/**
 * How sure it must be that a row is too far before it is passed over unmeasured, in standard deviations of the error that
 * an estimate has in random directions: 0 for the plain estimate, {@link PROVEN} for a bound that holds always.
 */
export type Confidence = number;

export const PROVEN: Confidence = Infinity;
