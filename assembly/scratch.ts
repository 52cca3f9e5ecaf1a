/** Bytes below the callers' own (`Kernels.base`): room for what a kernel passes from one of its loops to the next. */
export const SCRATCH: usize = 64;
