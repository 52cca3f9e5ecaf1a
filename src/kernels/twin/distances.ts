import { DOT, NONE, type Product } from '../kernels.js';
import type { TwinMemory } from './memory.js';

const { fround } = Math;

/** A product of two vectors as four running sums in f32. */
function productOf(
  f32: Float32Array,
  product: Product,
  a: number,
  b: number,
  dimensions: number,
  sums: Float32Array,
): number {
  sums.fill(0);
  for (let i = 0; i < dimensions; i++) {
    const x = f32[a + i];
    const y = f32[b + i];
    if (product === DOT) sums[i & 3] += fround(x * y);
    else {
      const delta = fround(x - y);
      sums[i & 3] += fround(delta * delta);
    }
  }
  return fround(fround(sums[0] + sums[2]) + fround(sums[1] + sums[3]));
}

export function distancesMany(
  { f32 }: TwinMemory,
  product: Product,
  query: number,
  queryStride: number,
  queries: number,
  rows: number,
  stride: number,
  count: number,
  dimensions: number,
  out: number,
): void {
  const sums = new Float32Array(4);
  for (let q = 0; q < queries; q++) {
    const a = query / 4 + q * queryStride;
    for (let r = 0; r < count; r++) {
      const b = rows / 4 + r * stride;
      f32[out / 4 + q * count + r] = productOf(f32, product, a, b, dimensions, sums);
    }
  }
}

/** The index of a row that is not there. */
const ABSENT = 0xffff_ffff;

export function nearest(
  { f32, u32 }: TwinMemory,
  product: Product,
  rows: number,
  stride: number,
  count: number,
  centroids: number,
  centroidStride: number,
  centroidCount: number,
  dimensions: number,
  weights: number,
  out: number,
): void {
  const sums = new Float32Array(4);
  for (let r = 0; r < count; r++) {
    const a = rows / 4 + r * stride;
    let [first, firstValue, second, secondValue] = [ABSENT, Infinity, ABSENT, Infinity];
    for (let c = 0; c < centroidCount; c++) {
      const b = centroids / 4 + c * centroidStride;
      let value = productOf(f32, product, a, b, dimensions, sums);
      if (product === DOT) value = -(weights === NONE ? value : fround(value * f32[weights / 4 + c]));
      if (Number.isNaN(value)) value = -Infinity;
      if (value < firstValue) {
        [second, secondValue] = [first, firstValue];
        [first, firstValue] = [c, value];
      } else if (value < secondValue) [second, secondValue] = [c, value];
    }
    const at = out / 4 + 4 * r;
    u32[at] = first;
    f32[at + 1] = firstValue;
    u32[at + 2] = second;
    f32[at + 3] = secondValue;
  }
}
