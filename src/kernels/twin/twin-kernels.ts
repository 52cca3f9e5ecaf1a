// All kernels in TypeScript: the reference for those in WebAssembly, and what runs where there is no SIMD.
import { BASE, type Kernels } from '../kernels.js';
import { encode, tables } from './codes.js';
import { distancesAt, distancesMany, nearest } from './distances.js';
import { measure, measureAt } from './measure.js';
import { TwinMemory } from './memory.js';
import { residuals, rotate } from './rotate.js';
import { roughDistances } from './rough.js';
import { scan, scanMany, select, sort } from './scan.js';
import { keep, least, tally, within } from './within.js';

/** The kernels in TypeScript: for platforms without WebAssembly SIMD, and to test the others against. */
export function twinKernels(): Kernels {
  const memory = new TwinMemory(BASE);
  const on =
    <A extends unknown[], R>(kernel: (memory: TwinMemory, ...rest: A) => R) =>
    (...rest: A): R =>
      kernel(memory, ...rest);
  const many = on(distancesMany);
  return {
    simd: false,
    base: BASE,
    get byteLength() {
      return memory.u8.length;
    },
    get u8() {
      return memory.u8;
    },
    get u32() {
      return memory.u32;
    },
    get f32() {
      return memory.f32;
    },
    get f64() {
      return memory.f64;
    },
    reserve: (byteLength) => memory.reserve(byteLength),
    residuals: on(residuals),
    rotate: on(rotate),
    encode: on(encode),
    tables: on(tables),
    scan: on(scan),
    scanMany: on(scanMany),
    least: on(least),
    within: on(within),
    tally: on(tally),
    keep: on(keep),
    select: on(select),
    sort: on(sort),
    distances: (product, query, rows, stride, count, dimensions, out) => {
      many(product, query, 0, 1, rows, stride, count, dimensions, out);
    },
    distancesMany: many,
    distancesAt: on(distancesAt),
    measure: on(measure),
    measureAt: on(measureAt),
    roughDistances: on(roughDistances),
    nearest: on(nearest),
  };
}
