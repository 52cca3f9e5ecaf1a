// Finds the nearest rows by products in 32 bits, without estimates: a running selection, so that few candidates are left.
import { select } from './candidates';
import { Dot, SquaredL2, eight, one } from './products';
import { SCRATCH } from './scratch';
import { keep } from './within';

/** Address of the values of eight rows. */
const VALUES: usize = SCRATCH;

/** Bytes of a piece: see `Kernels.nearRows`. */
const PIECE: usize = 24;

/** Candidates are cut back to the nearest `most` when they reach 2 · `most`, or `most` + this many if that is more. */
const SPARE: i32 = 64;

export function nearRows(
  product: i32,
  query: usize,
  pieces: usize,
  count: i32,
  dimensions: i32,
  base: f32,
  scale: f32,
  most: i32,
  relative: f32,
  absolute: f32,
  threshold: f32,
  out: usize,
  line: usize,
): i32 {
  let found = 0;
  let full = max(2 * most, most + SPARE);
  for (const end = pieces + PIECE * count; pieces < end; pieces += PIECE) {
    let rows: usize = load<u32>(pieces);
    const visible: i32 = load<u32>(pieces, 4);
    const factors: usize = load<u32>(pieces, 8);
    const dead: usize = load<u32>(pieces, 16);
    const label = load<u32>(pieces, 20);
    const stride: usize = 4 * dimensions;
    for (let row = 0; row < visible; row += 8, rows += 8 * stride) {
      const left = visible - row;
      let wanted = left < 8 ? (1 << left) - 1 : 255;
      if (dead != 0) wanted &= ~(<i32>load<u8>(dead + (row >>> 3)));
      if (wanted == 0) continue;
      if (product == 0) products<Dot>(query, rows, stride, left, dimensions);
      else products<SquaredL2>(query, rows, stride, left, dimensions);
      const factor = factors + 4 * row;
      const low = valuesOf(0, factors, factor, base, scale);
      const high = valuesOf(16, factors, factor, base, scale);
      const beyond = f32x4.splat(threshold);
      // NaN is not above anything.
      let near =
        wanted & ~(i32x4.bitmask(f32x4.gt(low, beyond)) | (i32x4.bitmask(f32x4.gt(high, beyond)) << 4));
      if (near == 0) continue;
      v128.store(VALUES, low);
      v128.store(VALUES, high, 16);
      for (; near != 0; near &= near - 1) {
        const i = ctz(near);
        const value = load<f32>(VALUES + 4 * i);
        store<u32>(out + 8 * found, label + row + i);
        store<f32>(out + 8 * found, value == value ? value : -Infinity, 4);
        found++;
      }
      if (found < full) continue;
      threshold = limitOf(out, found, most, relative, absolute, threshold);
      found = keep(out, found, threshold);
      full = max(2 * max(most, found), most + SPARE);
    }
  }
  if (found > most) {
    threshold = limitOf(out, found, most, relative, absolute, threshold);
    found = keep(out, found, threshold);
  }
  store<f32>(line, threshold);
  return found;
}

/** The value beyond which none is wanted, once there are as many as are wanted. */
function limitOf(out: usize, found: i32, most: i32, relative: f32, absolute: f32, threshold: f32): f32 {
  const last = select(out, found, most);
  return min(threshold, last + abs(last) * relative + absolute);
}

/** Writes the products with the next eight rows, or as many as are left. */
function products<P>(query: usize, rows: usize, stride: usize, left: i32, dimensions: i32): void {
  if (left >= 8) {
    eight<P>(query, rows, stride, dimensions, VALUES);
    return;
  }
  for (let i = 0; i < left; i++, rows += stride) store<f32>(VALUES + 4 * i, one<P>(query, rows, dimensions));
}

/** The values of four rows. */
function valuesOf(offset: usize, factors: usize, factor: usize, base: f32, scale: f32): v128 {
  let products = v128.load(VALUES + offset);
  if (factors != 0) products = f32x4.mul(v128.load(factor + offset), products);
  return f32x4.add(f32x4.splat(base), f32x4.mul(f32x4.splat(scale), products));
}
