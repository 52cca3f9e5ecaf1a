// The twin of the kernel that finds the nearest rows by products in 32 bits.
import { DOT, NONE, PIECE_WORDS, type Product } from '../kernels.js';
import { dot, squaredL2 } from './distances.js';
import type { TwinMemory } from './memory.js';
import { select } from './scan.js';
import { keep } from './within.js';

const { fround } = Math;

/** As in assembly/near.ts. */
const SPARE = 64;

export function nearRows(
  memory: TwinMemory,
  product: Product,
  query: number,
  pieces: number,
  count: number,
  dimensions: number,
  base: number,
  scale: number,
  most: number,
  relative: number,
  absolute: number,
  threshold: number,
  out: number,
  line: number,
): number {
  const { u8, u32, f32 } = memory;
  const productOf = product === DOT ? dot : squaredL2;
  const [start, times] = [fround(base), fround(scale)];
  let limit = fround(threshold);
  let found = 0;
  let full = Math.max(2 * most, most + SPARE);
  const cut = (): void => {
    const last = select(memory, out, found, most);
    const bound = fround(fround(last + fround(Math.abs(last) * fround(relative))) + fround(absolute));
    limit = Math.min(limit, bound);
    found = keep(memory, out, found, limit);
    full = Math.max(2 * Math.max(most, found), most + SPARE);
  };
  for (let piece = 0; piece < count; piece++) {
    const [rows, visible, factors, , dead, label] = u32.subarray(pieces / 4 + PIECE_WORDS * piece);
    let before = found;
    for (let row = 0; row < visible; row++) {
      if (dead === NONE || (u8[dead + (row >>> 3)] & (1 << (row & 7))) === 0) {
        let value = productOf(f32, query / 4, rows / 4 + row * dimensions, dimensions);
        if (factors !== NONE) value = fround(f32[factors / 4 + row] * value);
        value = fround(start + fround(times * value));
        if (!(value > limit)) {
          u32[out / 4 + 2 * found] = label + row;
          f32[out / 4 + 2 * found + 1] = Number.isNaN(value) ? -Infinity : value;
          found++;
        }
      }
      // Rows are compared eight at a time.
      if (row % 8 !== 7 && row + 1 < visible) continue;
      if (found > before && found >= full) cut();
      before = found;
    }
  }
  if (found > most) cut();
  f32[line / 4] = limit;
  return found;
}
