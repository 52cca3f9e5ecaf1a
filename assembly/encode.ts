// RaBitQ codes: rotated residuals, rounded to a grid of two or four bits a component, with their row constants.
import { above2, above4, level2, level4 } from './grid';
import { promoteHigh, sumOf } from './residuals';

/** Rows with squared lengths outside of these are not encoded: sums would overflow, or lose bits to underflow. */
const LEAST: f64 = 7.52316384526264e-37; // 2^-120
const MOST: f64 = 1.329227995784916e36; // 2^120

/** A scale of NaN, and no bias. */
const UNKNOWN: u32 = 0x7fc0_0000;

/** Errors are rounded up by this factor, so that the f32 is not below the bound. */
const ROUND_UP: f64 = 1.0000002384185791015625; // 1 + 2^-22

/** `rounding` is `codingError(padded)`; the rest is as in `Kernels.encode`. */
export function encode(
  rotated: usize,
  count: i32,
  first: i32,
  codes: usize,
  padded: i32,
  bits: i32,
  constants: i32,
  centre: usize,
  rounding: f64,
): void {
  const nibbles = (padded * bits) >> 2;
  const size = 16 * nibbles + 128 * constants;
  for (let r = 0; r < count; r++, rotated += 4 * padded) {
    const within = (first + r) & 31;
    const group = codes + <usize>((first + r) >>> 5) * size;
    const line = group + 16 * nibbles + 4 * within;
    encodeRow(
      rotated,
      padded,
      bits,
      group + (within & 15),
      (within & 16) >> 2,
      line,
      constants,
      centre,
      rounding,
    );
  }
}

/** Codes one row into the bytes `at`, `at` + 16, …, shifted by 0 or 4 bits, and puts its constants at `line`. */
function encodeRow(
  row: usize,
  padded: i32,
  bits: i32,
  at: usize,
  shift: i32,
  line: usize,
  constants: i32,
  centre: usize,
  rounding: f64,
): void {
  const end = row + 4 * padded;
  const squared = squaredLength(row, end);
  const rms = f32x4.splat(<f32>sqrt(squared / <f64>padded));
  const signs = i32x4.splat(0x8000_0000);
  // Codes of positive components are the upper half; those of negative ones mirror them.
  const half = i32x4.splat(1 << (bits - 1));
  const all = i32x4.splat((1 << bits) - 1);
  let alongLow = f64x2.splat(0);
  let alongHigh = f64x2.splat(0);
  let towardLow = f64x2.splat(0);
  let towardHigh = f64x2.splat(0);
  let lengthLow = f64x2.splat(0);
  let lengthHigh = f64x2.splat(0);
  for (; row < end; row += 16) {
    const x = v128.load(row);
    const negative = f32x4.lt(x, f32x4.splat(0));
    const above = bits == 2 ? above2(f32x4.abs(x), rms) : above4(f32x4.abs(x), rms);
    const level = bits == 2 ? level2(above) : level4(above);
    const grid = v128.xor(level, v128.and(negative, signs));
    const gridLow = f64x2.promote_low_f32x4(grid);
    const gridHigh = promoteHigh(grid);
    alongLow = f64x2.add(alongLow, f64x2.mul(f64x2.promote_low_f32x4(x), gridLow));
    alongHigh = f64x2.add(alongHigh, f64x2.mul(promoteHigh(x), gridHigh));
    lengthLow = f64x2.add(lengthLow, f64x2.mul(gridLow, gridLow));
    lengthHigh = f64x2.add(lengthHigh, f64x2.mul(gridHigh, gridHigh));

    if (centre != 0) {
      const c = v128.load(centre);
      towardLow = f64x2.add(towardLow, f64x2.mul(f64x2.promote_low_f32x4(c), gridLow));
      towardHigh = f64x2.add(towardHigh, f64x2.mul(promoteHigh(c), gridHigh));
      centre += 16;
    }

    const codes = v128.xor(i32x4.sub(half, above), v128.and(negative, all));
    if (bits == 4) {
      put(at, i32x4.extract_lane(codes, 0), shift);
      put(at + 16, i32x4.extract_lane(codes, 1), shift);
      put(at + 32, i32x4.extract_lane(codes, 2), shift);
      put(at + 48, i32x4.extract_lane(codes, 3), shift);
      at += 64;
    } else {
      // The odd lanes join the even ones, two bits higher.
      const pairs = v128.or(codes, i64x2.shr_u(codes, 30));
      put(at, (<i32>i64x2.extract_lane(pairs, 0)) & 15, shift);
      put(at + 16, (<i32>i64x2.extract_lane(pairs, 1)) & 15, shift);
      at += 32;
    }
  }
  const along = sumOf(alongLow, alongHigh);
  const toward = sumOf(towardLow, towardHigh);
  putConstants(line, constants, squared, along, toward, sumOf(lengthLow, lengthHigh), rounding);
}

function put(at: usize, nibble: i32, shift: i32): void {
  const kept = (<i32>load<u8>(at)) & (0xf0 >> shift);
  store<u8>(at, <u8>(kept | (nibble << shift)));
}

function putConstants(
  line: usize,
  constants: i32,
  squared: f64,
  along: f64,
  toward: f64,
  length: f64,
  rounding: f64,
): void {
  let scale: f32 = 0;
  let error: f32 = 0;
  let bias: f32 = 0;
  if (squared >= LEAST && squared <= MOST) {
    scale = <f32>(squared / along);
    const f = <f64>scale;
    const left = squared - 2 * f * along + f * f * length;
    const off = sqrt<f64>(left > 0 ? left : 0);
    error = <f32>((off + rounding * (off + sqrt<f64>(squared))) * ROUND_UP);
    bias = <f32>(squared + 2 * f * toward);
  } else if (squared != 0) {
    error = Infinity;
  }
  if (constants == 1) {
    store<u32>(line, error == Infinity ? UNKNOWN : (upperHalf(scale) << 16) | upperHalf(bias));
    return;
  }
  store<f32>(line, scale);
  store<f32>(line, error, 128);
  if (constants == 3) store<f32>(line, bias, 256);
}

/** The upper 16 bits of a number, rounded. */
function upperHalf(value: f32): u32 {
  return (reinterpret<u32>(value) + 0x8000) >>> 16;
}

function squaredLength(row: usize, end: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; row < end; row += 16) {
    const x = v128.load(row);
    const a = f64x2.promote_low_f32x4(x);
    const b = promoteHigh(x);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  return sumOf(low, high);
}
