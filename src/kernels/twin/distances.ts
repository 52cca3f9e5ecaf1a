// The twin of the kernels that compute products in 32 bits.
import { DOT, NONE, type Product } from '../kernels.js';
import { STAGE } from '../rough-layout.js';
import type { TwinMemory } from './memory.js';

const { fround } = Math;

/** A dot product as four running sums in f32. */
export function dot(f32: Float32Array, a: number, b: number, dimensions: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= dimensions; i += 4) {
    s0 = fround(s0 + fround(f32[a + i] * f32[b + i]));
    s1 = fround(s1 + fround(f32[a + i + 1] * f32[b + i + 1]));
    s2 = fround(s2 + fround(f32[a + i + 2] * f32[b + i + 2]));
    s3 = fround(s3 + fround(f32[a + i + 3] * f32[b + i + 3]));
  }
  for (let lane = 0; i < dimensions; i++, lane++) {
    const term = fround(f32[a + i] * f32[b + i]);
    if (lane === 0) s0 = fround(s0 + term);
    else if (lane === 1) s1 = fround(s1 + term);
    else s2 = fround(s2 + term);
  }
  return fround(fround(s0 + s2) + fround(s1 + s3));
}

/** A squared distance as four running sums in f32. */
export function squaredL2(f32: Float32Array, a: number, b: number, dimensions: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= dimensions; i += 4) {
    const d0 = fround(f32[a + i] - f32[b + i]);
    const d1 = fround(f32[a + i + 1] - f32[b + i + 1]);
    const d2 = fround(f32[a + i + 2] - f32[b + i + 2]);
    const d3 = fround(f32[a + i + 3] - f32[b + i + 3]);
    s0 = fround(s0 + fround(d0 * d0));
    s1 = fround(s1 + fround(d1 * d1));
    s2 = fround(s2 + fround(d2 * d2));
    s3 = fround(s3 + fround(d3 * d3));
  }
  for (let lane = 0; i < dimensions; i++, lane++) {
    const delta = fround(f32[a + i] - f32[b + i]);
    const square = fround(delta * delta);
    if (lane === 0) s0 = fround(s0 + square);
    else if (lane === 1) s1 = fround(s1 + square);
    else s2 = fround(s2 + square);
  }
  return fround(fround(s0 + s2) + fround(s1 + s3));
}

export function distancesAt(
  { u32, f32 }: TwinMemory,
  product: Product,
  query: number,
  candidates: number,
  count: number,
  addresses: number,
  stride: number,
  dimensions: number,
): void {
  const measure = product === DOT ? dot : squaredL2;
  for (let at = candidates / 4; at < candidates / 4 + 2 * count; at += 2) {
    const row = u32[at] % STAGE;
    const address = u32[addresses / 4 + (u32[at] - row) / STAGE] / 4 + stride * row;
    f32[at + 1] = measure(f32, query / 4, address, dimensions);
  }
}

export function distances(
  { f32 }: TwinMemory,
  product: Product,
  query: number,
  rows: number,
  stride: number,
  count: number,
  dimensions: number,
  out: number,
): void {
  const productOf = product === DOT ? dot : squaredL2;
  for (let r = 0; r < count; r++)
    f32[out / 4 + r] = productOf(f32, query / 4, rows / 4 + r * stride, dimensions);
}

/** Stands for no centroid. */
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
  const productOf = product === DOT ? dot : squaredL2;
  for (let r = 0; r < count; r++) {
    const a = rows / 4 + r * stride;
    let [first, firstValue, second, secondValue] = [ABSENT, Infinity, ABSENT, Infinity];
    for (let c = 0; c < centroidCount; c++) {
      const b = centroids / 4 + c * centroidStride;
      let value = productOf(f32, a, b, dimensions);
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
