// The kernels in WebAssembly: compiles the build that the platform supports, and keeps the views of its memory up to date.
import { codingError } from './bounds.js';
import { BASE, type Kernels } from './kernels.js';
import { RELAXED_EDITS, WASM_BASE64 } from './wasm-binary.js';

/** Bytes of a page, the unit in which memory grows. */
const PAGE = 65_536;

/** Bytes behind a row that may be read, though not used: loads are 16 bytes wide. */
const READ_AHEAD = 16;

/** The exports of the module: its memory, and the kernels; `encode` takes one more argument. */
interface Exports extends Omit<
  Kernels,
  'simd' | 'base' | 'byteLength' | 'u8' | 'u32' | 'f32' | 'f64' | 'reserve' | 'encode'
> {
  readonly memory: WebAssembly.Memory;
  readonly encode: (...args: [...Parameters<Kernels['encode']>, number]) => void;
}

/** Makes kernels in WebAssembly SIMD; `undefined` if the platform does not have or does not allow it. */
export function wasmKernels(): Kernels | undefined {
  return kernelsOf(compiled());
}

/** Makes kernels of a compiled module. */
export function kernelsOf(module: WebAssembly.Module | undefined): Kernels | undefined {
  const instance = module && instanceOf(module);
  if (instance === undefined) return undefined;
  const { memory, encode, ...kernels } = instance.exports as unknown as Exports;
  let u8 = new Uint8Array(memory.buffer);
  let u32 = new Uint32Array(memory.buffer);
  let f32 = new Float32Array(memory.buffer);
  let f64 = new Float64Array(memory.buffer);
  return {
    ...kernels,
    simd: true,
    base: BASE,
    get byteLength() {
      return u8.length - READ_AHEAD;
    },
    get u8() {
      return u8;
    },
    get u32() {
      return u32;
    },
    get f32() {
      return f32;
    },
    get f64() {
      return f64;
    },
    reserve(byteLength) {
      const missing = byteLength + READ_AHEAD - u8.length;
      if (missing <= 0) return true;
      try {
        memory.grow(Math.ceil(missing / PAGE));
      } catch {
        // Out of memory. The caller can do without its cache.
        return false;
      }
      u8 = new Uint8Array(memory.buffer);
      u32 = new Uint32Array(memory.buffer);
      f32 = new Float32Array(memory.buffer);
      f64 = new Float64Array(memory.buffer);
      return true;
    },
    encode(rotated, count, first, codes, padded, bits, constants, centre) {
      encode(rotated, count, first, codes, padded, bits, constants, centre, codingError(padded));
    },
  };
}

function instanceOf(module: WebAssembly.Module): WebAssembly.Instance | undefined {
  try {
    return new WebAssembly.Instance(module);
  } catch (error) {
    // Out of memory.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The compiled module, which is immutable and shared by all instances. */
let known: { readonly module: WebAssembly.Module | undefined } | undefined;

function compiled(): WebAssembly.Module | undefined {
  known ??= { module: compile() };
  return known.module;
}

function compile(): WebAssembly.Module | undefined {
  if (typeof WebAssembly !== 'object') return undefined;
  const { plain, relaxed } = builds();
  // Neither is valid without SIMD.
  const bytes = [relaxed, plain].find((build) => WebAssembly.validate(build));
  if (bytes === undefined) return undefined;
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    // A content security policy may forbid it, and some browsers forbid it in their main thread.
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The module's bytes, in two builds with the same results.
 *
 * With relaxed SIMD, which not all platforms support, scans look up table entries in one instruction instead of two.
 */
export function builds(): Record<'plain' | 'relaxed', Uint8Array<ArrayBuffer>> {
  // A plain loop: an iterator over the characters takes ten times as long where nothing is compiled yet.
  const characters = atob(WASM_BASE64);
  const plain = new Uint8Array(characters.length);
  for (let i = 0; i < plain.length; i++) plain[i] = characters.charCodeAt(i);
  const more = RELAXED_EDITS.reduce((sum, [, gone, ...bytes]) => sum + bytes.length - gone, 0);
  const relaxed = new Uint8Array(plain.length + more);
  // Positions are those of the plain build, ascending.
  let [from, to] = [0, 0];
  for (const [at, gone, ...bytes] of RELAXED_EDITS) {
    relaxed.set(plain.subarray(from, at), to);
    relaxed.set(bytes, to + at - from);
    to += at - from + bytes.length;
    from = at + gone;
  }
  relaxed.set(plain.subarray(from), to);
  return { plain, relaxed };
}
