// The twin of the kernel that compares a query with centroids in 16 bits.
import { DOT, NONE, type Product, ROUGH_LENGTH } from '../kernels.js';
import { dot, squaredL2 } from './distances.js';
import { STAGE, roughLayout } from '../rough-layout.js';
import type { TwinMemory } from './memory.js';

const { fround } = Math;

/** Adding this to a number below 2^22 rounds it to an integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 23;

export function roughDistances(
  memory: TwinMemory,
  product: Product,
  query: number,
  chunks: number,
  count: number,
  padded: number,
  scratch: number,
  out: number,
  line: number,
): void {
  const { u32, f32 } = memory;
  let [farthest, reach] = [0, 0];
  for (let c = 0; c < count; c++) {
    const chunk = u32[chunks / 4 + c];
    reach = Math.max(reach, f32[chunk / 4 + 1]);
    const length = toChunk(memory, product === DOT, query, chunk, padded, scratch, out + 4 * STAGE * c);
    farthest = Math.max(farthest, length);
  }
  f32[line / 4] = farthest;
  f32[line / 4 + 1] = reach;
}

/** Writes the values of the rows of a chunk. Returns the query's distance from its centre; by `DOT`, its length. */
function toChunk(
  { u32, f32 }: TwinMemory,
  byDot: boolean,
  query: number,
  chunk: number,
  padded: number,
  scratch: number,
  out: number,
): number {
  const layout = roughLayout(padded);
  const [q, centre] = [query / 4, chunk + layout.centre];
  const square = byDot ? dot(f32, q, q, padded) : squaredL2(f32, q, centre / 4, padded);
  const base = byDot ? -dot(f32, q, centre / 4, padded) : square;
  const length = fround(Math.sqrt(square));
  const scale = length > 0 ? fround(ROUGH_LENGTH / length) : 0;
  const i16 = new Int16Array(f32.buffer);
  toIntegers(f32, i16, query, byDot ? NONE : centre, padded, scale, scratch);
  const times = fround((byDot ? -1 : -2) * fround(length / ROUGH_LENGTH));
  const rows = (chunk + layout.rows) / 2;
  const constants = (chunk + layout.constants) / 4;
  const read = 4 * Math.ceil(u32[chunk / 4] / 4);
  for (let row = 0; row < STAGE; row++) {
    if (row >= read) {
      f32[out / 4 + row] = Infinity;
      continue;
    }
    let sum = 0;
    for (let i = 0; i < padded; i++) sum = (sum + i16[scratch / 2 + i] * i16[rows + padded * row + i]) | 0;
    const along = fround(fround(times * f32[constants + STAGE + row]) * fround(sum));
    f32[out / 4 + row] = fround(fround(base + f32[constants + row]) + along);
  }
  return length;
}

/** Writes a vector, minus the centre, in 16-bit numbers. */
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
