// The twin of the kernels that make RaBitQ codes and FastScan tables.
import {
  BIASED,
  type Bits,
  GROUP,
  LEAN,
  type RowConstants,
  TABLE_TOP,
  UNKNOWN,
  ascendingLevels,
  gridOf,
  groupBytes,
} from '../code-shape.js';
import { codingError } from '../bounds.js';
import { NONE } from '../kernels.js';
import type { TwinMemory } from './memory.js';

const { fround, sqrt, abs } = Math;

/** Rows with squared lengths outside of these are not encoded: sums would overflow, or lose bits to underflow. */
const LEAST = 2 ** -120;
const MOST = 2 ** 120;

/** Errors are rounded up by this factor, so that the f32 is not below the bound. */
const ROUND_UP = 1 + 2 ** -22;

/** The constants of a row. */
interface Coded {
  scale: number;
  error: number;
  bias: number;
}

export function encode(
  memory: TwinMemory,
  rotated: number,
  count: number,
  first: number,
  codes: number,
  padded: number,
  bits: number,
  constants: RowConstants,
  centre: number,
): void {
  const { u8, u32, f32 } = memory;
  const perNibble = 4 / bits;
  const nibbles = padded / perNibble;
  const size = groupBytes(nibbles, constants);
  const own = new Uint8Array(padded);
  for (let r = 0; r < count; r++) {
    const row = first + r;
    const inGroup = row % GROUP;
    const group = codes + ((row - inGroup) / GROUP) * size;
    const coded = code(f32, rotated / 4 + r * padded, own, bits as Bits, centre);
    const shift = inGroup < 16 ? 0 : 4;
    const at = group + (inGroup % 16);
    for (let n = 0; n < nibbles; n++) {
      let nibble = 0;
      for (let j = 0; j < perNibble; j++) nibble |= own[n * perNibble + j] << (j * bits);
      u8[at + 16 * n] = (u8[at + 16 * n] & (0xf0 >> shift)) | (nibble << shift);
    }
    const line = (group + 16 * nibbles) / 4 + inGroup;
    const { scale, error, bias } = coded;
    if (constants === LEAN) {
      u32[line] = error === Infinity ? UNKNOWN : upperHalf(scale) * 65_536 + upperHalf(bias);
      continue;
    }
    f32[line] = scale;
    f32[line + GROUP] = error;
    if (constants === BIASED) f32[line + 2 * GROUP] = bias;
  }
}

/** The upper 16 bits of a number in 32 bits, rounded. */
function upperHalf(value: number): number {
  const [bits] = new Uint32Array(Float32Array.of(value).buffer);
  return ((bits + 0x8000) >>> 16) & 0xffff;
}

/** Writes the codes of one row to `own`. Returns its constants. */
function code(f32: Float32Array, at: number, own: Uint8Array, bits: Bits, centre: number): Coded {
  const padded = own.length;
  const { levels, thresholds } = gridOf(bits);
  const squared = sum4(padded, (i) => f32[at + i] * f32[at + i]);
  const rms = fround(sqrt(squared / padded));
  const steps = thresholds.map((threshold) => rms * threshold);
  const grid = new Float32Array(padded);
  for (let i = 0; i < padded; i++) {
    const component = f32[at + i];
    let level = 0;
    while (level < steps.length && abs(component) > steps[level]) level++;
    const negative = component < 0;
    own[i] = negative ? levels.length - 1 - level : levels.length + level;
    grid[i] = negative ? -levels[level] : levels[level];
  }
  if (squared === 0) return { scale: 0, error: 0, bias: 0 };
  if (!(squared >= LEAST && squared <= MOST)) return { scale: 0, error: Infinity, bias: 0 };
  const along = sum4(padded, (i) => f32[at + i] * grid[i]);
  const toward = centre === NONE ? 0 : sum4(padded, (i) => f32[centre / 4 + i] * grid[i]);
  const length = sum4(padded, (i) => grid[i] * grid[i]);
  const scale = fround(squared / along);
  const left = squared - 2 * scale * along + scale * scale * length;
  const off = sqrt(left > 0 ? left : 0);
  const error = off + codingError(padded) * (off + sqrt(squared));
  return { scale, error: fround(error * ROUND_UP), bias: fround(squared + 2 * scale * toward) };
}

/** A sum in 64-bit floats, as four running sums. */
function sum4(count: number, term: (i: number) => number): number {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) sums[i % 4] += term(i);
  return sums[0] + sums[2] + (sums[1] + sums[3]);
}

/** A query whose tables would span less than this gets tables of zeros. */
const LEAST_RANGE = 2 ** -100;

/** Adding this to a number from 0 to 2^22 rounds it to an integer, in f32. */
const ROUNDER = 2 ** 23;

export function tables(
  { u8, f32 }: TwinMemory,
  query: number,
  centre: number,
  padded: number,
  bits: number,
  out: number,
  line: number,
): void {
  const perNibble = 4 / bits;
  const levels = ascendingLevels(gridOf(bits as Bits));
  const top = levels[levels.length - 1];
  const q = new Float32Array(padded);
  for (let i = 0; i < padded; i++)
    q[i] = centre === NONE ? f32[query / 4 + i] : f32[query / 4 + i] - f32[centre / 4 + i];

  const magnitudes = new Float32Array(padded / perNibble);
  const sums = new Float32Array(4);
  let largest = 0;
  for (let i = 0; i < padded; i++) sums[i % 4] += abs(q[i]);
  for (let n = 0; n < magnitudes.length; n++) {
    magnitudes[n] = magnitudeOf(q, n * perNibble, perNibble);
    if (magnitudes[n] > largest) largest = magnitudes[n];
  }
  const total = fround(fround(sums[0] + sums[2]) + fround(sums[1] + sums[3]));
  const range = fround(2 * fround(top * largest));
  const some = range > LEAST_RANGE;
  const inverse = some ? fround(TABLE_TOP / range) : 0;
  f32[line / 4] = some ? -fround(top * total) : 0;
  f32[line / 4 + 1] = some ? fround(range / TABLE_TOP) : 0;

  const scaled = q.map((component) => component * inverse);
  for (let n = 0; n < magnitudes.length; n++) {
    const least = fround(fround(magnitudes[n] * inverse) * top);
    const at = n * perNibble;
    for (let entry = 0; entry < 16; entry++) {
      const value = entryOf(scaled, at, bits, entry, levels, least);
      u8[out + 16 * n + entry] = fround(value + ROUNDER) - ROUNDER;
    }
  }
}

/** The table entry for one value of a nibble; the least is 0. */
function entryOf(
  s: Float32Array,
  at: number,
  bits: number,
  entry: number,
  levels: Float32Array,
  least: number,
): number {
  if (bits === 4) return fround(fround(s[at] * levels[entry]) + least);
  const second = fround(fround(s[at + 1] * levels[entry >> 2]) + least);
  return fround(fround(s[at] * levels[entry & 3]) + second);
}

/** The sum of the absolute values of the components of a nibble. */
function magnitudeOf(q: Float32Array, at: number, count: number): number {
  return count === 1 ? abs(q[at]) : fround(abs(q[at]) + abs(q[at + 1]));
}
