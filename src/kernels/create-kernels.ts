// Makes kernels: in WebAssembly where the platform has SIMD, else the twin.
import type { Kernels } from './kernels.js';
import { twinKernels } from './twin/twin-kernels.js';
import { wasmKernels } from './wasm-kernels.js';

/** What {@link createKernels} may be told. */
export interface KernelOptions {
  /** `false` for the TypeScript twin, whatever the platform has. Default `true`. */
  readonly simd?: boolean;
}

/**
 * Kernels with a memory of their own: in WebAssembly SIMD, or in TypeScript where the platform has no such thing. The
 * results are the same.
 */
export function createKernels({ simd = true }: KernelOptions = {}): Kernels {
  return (simd ? wasmKernels() : undefined) ?? twinKernels();
}
