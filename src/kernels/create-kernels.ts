// Makes kernels: in WebAssembly if the platform has SIMD, else the TypeScript twin.
import type { Kernels } from './kernels.js';
import { twinKernels } from './twin/twin-kernels.js';
import { wasmKernels } from './wasm-kernels.js';

/** Options of {@link createKernels}. */
export interface KernelOptions {
  /** `false` for the TypeScript twin, whatever the platform has. Default `true`. */
  readonly simd?: boolean;
}

/** Makes kernels with a memory of their own: in WebAssembly SIMD, or with the same results in TypeScript. */
export function createKernels({ simd = true }: KernelOptions = {}): Kernels {
  return (simd ? wasmKernels() : undefined) ?? twinKernels();
}
