// The twin of the kernels that measure exactly, and add up rows, in 64 bits.
import { dotProduct, squaredL2 } from '../../geometry/exact-loops.js';
import { DOT, type Product } from '../kernels.js';
import type { TwinMemory } from './memory.js';

export function measure(
  { f32, f64 }: TwinMemory,
  product: Product,
  query: number,
  rows: number,
  stride: number,
  count: number,
  dimensions: number,
  out: number,
): void {
  const productOf = product === DOT ? dotProduct : squaredL2;
  const probe = f64.subarray(query / 8, query / 8 + dimensions);
  for (let r = 0; r < count; r++) f64[out / 8 + r] = productOf(probe, f32, rows / 4 + r * stride);
}

export function measureAt(
  { u32, f32, f64 }: TwinMemory,
  product: Product,
  query: number,
  addresses: number,
  count: number,
  dimensions: number,
  out: number,
): void {
  const productOf = product === DOT ? dotProduct : squaredL2;
  const probe = f64.subarray(query / 8, query / 8 + dimensions);
  for (let r = 0; r < count; r++) f64[out / 8 + r] = productOf(probe, f32, u32[addresses / 4 + r] / 4);
}

export function addRowsAt(
  { u32, f32, f64 }: TwinMemory,
  addresses: number,
  weights: number,
  count: number,
  dimensions: number,
  sums: number,
): void {
  for (let r = 0; r < count; r++) {
    const row = u32[addresses / 4 + r] / 4;
    const weight = f64[weights / 8 + r];
    for (let i = 0; i < dimensions; i++) f64[sums / 8 + i] += weight * f32[row + i];
  }
}
