import { DOT, NONE, type Product, ROUGH_LENGTH } from '../kernels.js';
import { dot, squaredL2 } from './distances.js';
import type { TwinMemory } from './memory.js';

const { fround } = Math;

/** Values are written for so many rows. */
const STAGE = 64;

/** Adding it to a number of less than 2^22 rounds that to a whole one, ties to the even one. */
const ROUNDER = 1.5 * 2 ** 23;

export function roughDistances(
  { f32 }: TwinMemory,
  product: Product,
  query: number,
  centre: number,
  padded: number,
  rows: number,
  count: number,
  constants: number,
  scratch: number,
  out: number,
): number {
  const byDot = product === DOT;
  const [q, c] = [query / 4, centre / 4];
  const square = byDot ? dot(f32, q, q, padded) : squaredL2(f32, q, c, padded);
  const base = byDot ? -dot(f32, q, c, padded) : square;
  const length = fround(Math.sqrt(square));
  const scale = length > 0 ? fround(ROUGH_LENGTH / length) : 0;
  const i16 = new Int16Array(f32.buffer);
  toIntegers(f32, i16, query, byDot ? NONE : centre, padded, scale, scratch);
  const times = fround((byDot ? -1 : -2) * fround(length / ROUGH_LENGTH));
  const read = 4 * Math.ceil(count / 4);
  for (let row = 0; row < STAGE; row++) {
    let sum = 0;
    if (row < read)
      for (let i = 0; i < padded; i++)
        sum = (sum + i16[scratch / 2 + i] * i16[rows / 2 + padded * row + i]) | 0;
    const [added, step] = [f32[constants / 4 + row], f32[constants / 4 + STAGE + row]];
    const along = fround(fround(times * step) * fround(sum));
    f32[out / 4 + row] = row < read ? fround(fround(base + added) + along) : Infinity;
  }
  return base;
}

/** Writes a vector, less the centre, in 16-bit numbers. */
function toIntegers(
  f32: Float32Array,
  i16: Int16Array,
  vector: number,
  centre: number,
  padded: number,
  scale: number,
  to: number,
): void {
  for (let i = 0; i < padded; i++) {
    const component = f32[vector / 4 + i];
    const left = centre === NONE ? component : fround(component - f32[centre / 4 + i]);
    const rounded = fround(fround(left * scale) + ROUNDER) - ROUNDER;
    i16[to / 2 + i] = Math.max(-32768, Math.min(32767, rounded));
  }
}
