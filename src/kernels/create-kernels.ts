import type { Kernels } from './kernels.js';
import { twinKernels } from './twin/twin-kernels.js';

/** Kernels with a memory of their own. */
export function createKernels(): Kernels {
  return twinKernels();
}
