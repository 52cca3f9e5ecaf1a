// All kernels in TypeScript: the reference for those in WebAssembly, and the fallback where there is no SIMD.
import { BASE, type Kernels } from '../kernels.js';
import { encode, tables } from './codes.js';
import { distancesAt, distances, nearest } from './distances.js';
import { addRowsAt, measure, measureAt } from './measure.js';
import { TwinMemory } from './memory.js';
import { nearRows } from './near.js';
import { residuals, rotate } from './rotate.js';
import { roughDistances } from './rough.js';
import { scan, scanMany, select, sort } from './scan.js';
import { keep, least, tally, within } from './within.js';

/** Makes kernels in TypeScript. */
export function twinKernels(): Kernels {
  const memory = new TwinMemory(BASE);
  const on =
    <A extends unknown[], R>(kernel: (memory: TwinMemory, ...rest: A) => R) =>
    (...rest: A): R =>
      kernel(memory, ...rest);
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
    distances: on(distances),
    distancesAt: on(distancesAt),
    measure: on(measure),
    measureAt: on(measureAt),
    addRowsAt: on(addRowsAt),
    roughDistances: on(roughDistances),
    nearRows: on(nearRows),
    nearest: on(nearest),
  };
}
