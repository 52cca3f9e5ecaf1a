// The table scan (FastScan): adds up table entries by code for 16 rows at once, and keeps those within a threshold.
import { LOW_HALVES } from './constants';
import { SquaredL2, one } from './products';
import { SCRATCH } from './scratch';
import { tables as makeTables } from './tables';

/** Nibbles that are added up in 16 bits: two entries are at most 254, and 256 times that is below 65,536. */
const BLOCK: i32 = 512;

/** Addresses of the sums of a group, and of its values. */
const SUMS: usize = SCRATCH;
const VALUES: usize = SCRATCH + 128;

/** Address of the offset and step of tables that are made for one piece. */
const LINE: usize = SCRATCH + 256;

/** Bytes of a piece: see `Kernels.scanMany`. */
const PIECE: usize = 24;

export function scanMany(
  pieces: usize,
  count: i32,
  query: usize,
  padded: i32,
  bits: i32,
  constants: i32,
  tables: usize,
  b: f32,
  slack: f32,
  threshold: f32,
  out: usize,
): i32 {
  const nibbles = (padded * bits) >>> 2;
  let next = out;
  for (const end = pieces + PIECE * count; pieces < end; pieces += PIECE) {
    const codes: usize = load<u32>(pieces);
    const rows: i32 = load<u32>(pieces, 4);
    const dead: usize = load<u32>(pieces, 16);
    const label = load<u32>(pieces, 20);
    let base: f32;
    let a: f32;
    if (query == 0) {
      base = load<f32>(pieces, 8);
      a = load<f32>(pieces, 12);
    } else {
      const centre: usize = load<u32>(pieces, 8);
      makeTables(query, centre, padded, bits, tables, LINE);
      base = one<SquaredL2>(query, centre, padded);
      a = <f32>-2 * load<f32>(LINE) - slack * sqrt<f32>(base);
      b = <f32>-2 * load<f32>(LINE, 4);
    }
    const own: f32 = query == 0 ? slack : 0;
    const found = scan(
      codes,
      nibbles,
      constants,
      rows,
      tables,
      base,
      a,
      b,
      own,
      dead,
      threshold,
      next,
      label,
    );
    next += (<usize>found) << 3;
  }
  return <i32>((next - out) >>> 3);
}

export function scan(
  codes: usize,
  nibbles: i32,
  constants: i32,
  rows: i32,
  tables: usize,
  base: f32,
  a: f32,
  b: f32,
  slack: f32,
  dead: usize,
  threshold: f32,
  out: usize,
  label: u32,
): i32 {
  const size = 16 * nibbles + 128 * constants;
  const end = (rows + 31) >>> 5;
  const bases = f32x4.splat(base);
  const as = f32x4.splat(a);
  const bs = f32x4.splat(b);
  const slacks = f32x4.splat(slack);
  const thresholds = f32x4.splat(threshold);
  let next = out;
  for (let group = 0; group < end; group++) {
    const row = group << 5;
    let wanted: u32 = 0xffff_ffff;
    if (rows - row < 32) wanted &= ~(0xffff_ffff << (rows & 31));
    if (dead != 0) wanted &= ~load<u32>(dead + 4 * group);
    if (wanted == 0) continue;

    const at = codes + <usize>group * size;
    sumUp(at, nibbles, tables);
    let line = at + 16 * nibbles;
    let within: u32 = 0;
    for (let i = 0; i < 32; i += 4, line += 16) {
      const sums = f32x4.convert_i32x4_s(v128.load(SUMS + 4 * i));
      const terms = f32x4.add(as, f32x4.mul(bs, sums));
      const first = v128.load(line);
      let values: v128;
      if (constants == 1) {
        const scales = v128.and(first, i32x4.splat(0xffff_0000));
        values = f32x4.add(f32x4.add(bases, i32x4.shl(first, 16)), f32x4.mul(scales, terms));
      } else {
        const start = constants == 3 ? f32x4.add(bases, v128.load(line + 256)) : bases;
        const along = f32x4.mul(first, terms);
        values = f32x4.sub(f32x4.add(start, along), f32x4.mul(slacks, v128.load(line + 128)));
      }
      v128.store(VALUES + 4 * i, values);
      // NaN is not above anything.
      within |= (~i32x4.bitmask(f32x4.gt(values, thresholds)) << i) & (15 << i);
    }
    for (within &= wanted; within != 0; within &= within - 1) {
      const i = ctz(within);
      const value = load<f32>(VALUES + 4 * i);
      store<u32>(next, row + i + label);
      store<f32>(next, value == value ? value : -Infinity, 4);
      next += 8;
    }
  }
  return <i32>((next - out) >>> 3);
}

/** Adds up the table entries of the 32 rows of a group. */
function sumUp(codes: usize, nibbles: i32, tables: usize): void {
  const low = v128.load(LOW_HALVES);
  for (let done = 0; done < nibbles; done += BLOCK) {
    const until = codes + 16 * min(BLOCK, nibbles - done);
    // A 16-bit lane adds up the entries of two rows, even + 256 · odd. The odd ones are also added up alone, so that both
    // sums can be recovered.
    let first = i16x8.splat(0);
    let firstOdd = i16x8.splat(0);
    let second = i16x8.splat(0);
    let secondOdd = i16x8.splat(0);
    for (; codes < until; codes += 32, tables += 32) {
      const c0 = v128.load(codes);
      const c1 = v128.load(codes, 16);
      const t0 = v128.load(tables);
      const t1 = v128.load(tables, 16);
      const x = i8x16.add(entries(t0, v128.and(c0, low)), entries(t1, v128.and(c1, low)));
      const y = i8x16.add(
        entries(t0, v128.and(i16x8.shr_u(c0, 4), low)),
        entries(t1, v128.and(i16x8.shr_u(c1, 4), low)),
      );
      first = i16x8.add(first, x);
      firstOdd = i16x8.add(firstOdd, i16x8.shr_u(x, 8));
      second = i16x8.add(second, y);
      secondOdd = i16x8.add(secondOdd, i16x8.shr_u(y, 8));
    }
    putSums(SUMS, first, firstOdd, done);
    putSums(SUMS + 64, second, secondOdd, done);
  }
}

/** Looks up sixteen table entries. For indices up to 15 both instructions are equal, but the strict one costs two. */
function entries(table: v128, indices: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
}

/** Writes the sums of 16 rows as 32-bit numbers, or adds them to those of the blocks before. */
function putSums(to: usize, all: v128, odd: v128, before: i32): void {
  const even = i16x8.sub(all, i16x8.shl(odd, 8));
  const low = v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
  const high = v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
  putFour(to, i32x4.extend_low_i16x8_u(low), before);
  putFour(to + 16, i32x4.extend_high_i16x8_u(low), before);
  putFour(to + 32, i32x4.extend_low_i16x8_u(high), before);
  putFour(to + 48, i32x4.extend_high_i16x8_u(high), before);
}

function putFour(to: usize, sums: v128, before: i32): void {
  v128.store(to, before == 0 ? sums : i32x4.add(v128.load(to), sums));
}
