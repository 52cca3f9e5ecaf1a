// Look-up tables of a query (FastScan): for each nibble of a code 16 sums of its components, in 8 bits.
import { LEVELS_2, LEVELS_4, LOWEST_BYTE, ROUNDER } from './constants';

/** The largest entry. */
const TOP: f32 = 127;

/** A query whose tables would span less than this gets tables of zeros. */
const LEAST_RANGE: f32 = 7.888609052210118e-31; // 2^-100

export function tables(query: usize, centre: usize, padded: i32, bits: i32, out: usize, line: usize): void {
  const top: f32 = bits == 2 ? 1.5104 : 2.7326;
  let total = f32x4.splat(0);
  let largest = f32x4.splat(0);
  for (let i = 0; i < padded; i += 4) {
    const size = f32x4.abs(difference(query, centre, i));
    total = f32x4.add(total, size);
    largest = f32x4.pmax(largest, magnitude(size, bits));
  }
  const sum =
    f32x4.extract_lane(total, 0) +
    f32x4.extract_lane(total, 2) +
    (f32x4.extract_lane(total, 1) + f32x4.extract_lane(total, 3));
  const most = max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
  const range: f32 = top * most * 2;
  const some = range > LEAST_RANGE;
  store<f32>(line, some ? -(top * sum) : 0);
  store<f32>(line, some ? range / TOP : 0, 4);

  const inverse = f32x4.splat(some ? TOP / range : 0);
  const tops = f32x4.splat(top);
  for (let i = 0; i < padded; i += 4) {
    const q = difference(query, centre, i);
    const scaled = f32x4.mul(q, inverse);
    const least = f32x4.mul(f32x4.mul(magnitude(f32x4.abs(q), bits), inverse), tops);
    if (bits == 2) {
      pairTable(out, first(scaled), second(scaled), first(least));
      pairTable(out + 16, third(scaled), fourth(scaled), third(least));
      out += 32;
    } else {
      levelTable(out, first(scaled), first(least));
      levelTable(out + 16, second(scaled), second(least));
      levelTable(out + 32, third(scaled), third(least));
      levelTable(out + 48, fourth(scaled), fourth(least));
      out += 64;
    }
  }
}

/** Four components of the query minus those of the centre. */
function difference(query: usize, centre: usize, i: i32): v128 {
  const q = v128.load(query + 4 * i);
  return centre ? f32x4.sub(q, v128.load(centre + 4 * i)) : q;
}

/** For each lane, the sum of the absolute values of the components of its nibble. */
function magnitude(size: v128, bits: i32): v128 {
  if (bits == 4) return size;
  return f32x4.add(size, v128.shuffle<i32>(size, size, 1, 0, 3, 2));
}

/** Writes the table of a nibble with four bits of one component. */
function levelTable(out: usize, q: v128, least: v128): void {
  putTable(
    out,
    f32x4.add(f32x4.mul(q, v128.load(LEVELS_4)), least),
    f32x4.add(f32x4.mul(q, v128.load(LEVELS_4, 16)), least),
    f32x4.add(f32x4.mul(q, v128.load(LEVELS_4, 32)), least),
    f32x4.add(f32x4.mul(q, v128.load(LEVELS_4, 48)), least),
  );
}

/** Writes the table of a nibble with two bits of two components. */
function pairTable(out: usize, q0: v128, q1: v128, least: v128): void {
  const levels = v128.load(LEVELS_2);
  sumTable(out, f32x4.mul(q0, levels), f32x4.add(f32x4.mul(q1, levels), least));
}

/** Writes a table: entry i + 4j is low[i] + high[j]. */
function sumTable(out: usize, low: v128, high: v128): void {
  putTable(
    out,
    f32x4.add(low, first(high)),
    f32x4.add(low, second(high)),
    f32x4.add(low, third(high)),
    f32x4.add(low, fourth(high)),
  );
}

/** Writes sixteen entries, rounded to bytes. */
function putTable(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  const low = i16x8.narrow_i32x4_u(rounded(a), rounded(b));
  const high = i16x8.narrow_i32x4_u(rounded(c), rounded(d));
  v128.store(out, i8x16.narrow_i16x8_u(low, high));
}

function rounded(x: v128): v128 {
  return v128.and(f32x4.add(x, v128.load32_splat(ROUNDER)), v128.load32_splat(LOWEST_BYTE));
}

/* One lane, copied to all four. */

function first(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 0, 0, 0, 0);
}

function second(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 1, 1, 1, 1);
}

function third(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 2, 2, 2);
}

function fourth(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3);
}
