// The kernels in WebAssembly: loads the build that the engine takes, and keeps its memory's views up to date.
import { codingError } from './bounds.js';
import { BASE, type Kernels } from './kernels.js';
import { RELAXED_EDITS, WASM_BASE64 } from './wasm-binary.js';

/** Bytes of a page, the unit in which memory grows. */
const PAGE = 65_536;

/** The last vector of a row is loaded whole, so bytes behind it are read, though not used. */
const READ_AHEAD = 16;

/** What the module exports: the kernels by their names, but one of them, and its memory. */
interface Exports extends Omit<
  Kernels,
  'simd' | 'base' | 'byteLength' | 'u8' | 'u32' | 'f32' | 'f64' | 'reserve' | 'encode'
> {
  readonly memory: WebAssembly.Memory;
  readonly encode: (...args: [...Parameters<Kernels['encode']>, number]) => void;
}

/** The kernels in WebAssembly SIMD; `undefined` where the platform does not have it, or does not allow it. */
export function wasmKernels(): Kernels | undefined {
  return kernelsOf(compiled());
}

/** The kernels of a module: of the one build or the other. */
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
        // Nothing but that there is no room: the caller is told, and knows what it can do without.
        return false;
      }
      u8 = new Uint8Array(memory.buffer);
      u32 = new Uint32Array(memory.buffer);
      f32 = new Float32Array(memory.buffer);
      f64 = new Float64Array(memory.buffer);
      return true;
    },
    encode(rotated, count, first, codes, padded, bits, lines, centre) {
      encode(rotated, count, first, codes, padded, bits, lines, centre, codingError(padded));
    },
  };
}

function instanceOf(module: WebAssembly.Module): WebAssembly.Instance | undefined {
  try {
    return new WebAssembly.Instance(module);
  } catch (error) {
    // No room for another memory.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The module, once it was asked for; it is immutable, and instances share it. */
let known: { readonly module: WebAssembly.Module | undefined } | undefined;

function compiled(): WebAssembly.Module | undefined {
  known ??= { module: compile() };
  return known.module;
}

function compile(): WebAssembly.Module | undefined {
  if (typeof WebAssembly !== 'object') return undefined;
  const { plain, relaxed } = builds();
  // Neither where there is no SIMD.
  const bytes = [relaxed, plain].find((build) => WebAssembly.validate(build));
  if (bytes === undefined) return undefined;
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    // A page may forbid it by its content security policy, and some browsers forbid it in their main thread.
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The module's bytes, in two builds that give the same results. Scans of that for relaxed SIMD, which not all engines take,
 * look up table entries in one instruction instead of two.
 */
export function builds(): Record<'plain' | 'relaxed', Uint8Array<ArrayBuffer>> {
  const plain = Uint8Array.from(atob(WASM_BASE64), (character) => character.charCodeAt(0));
  const relaxed = [...plain];
  // The last first, as places are those of the plain build.
  for (const [at, gone, ...bytes] of [...RELAXED_EDITS].reverse()) relaxed.splice(at, gone, ...bytes);
  return { plain, relaxed: Uint8Array.from(relaxed) };
}
