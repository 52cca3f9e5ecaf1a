// Scratch memory of the kernels, below the callers' own.

/** The address of some 450 bytes for intermediate results. */
export const SCRATCH: usize = 64;
