// The twin of the table scan (FastScan), and of selecting and sorting candidates.
import { BIASED, GROUP, LEAN, type RowConstants, groupBytes } from '../code-shape.js';
import { NONE, PIECE_WORDS } from '../kernels.js';
import { tables } from './codes.js';
import { squaredL2 } from './distances.js';
import type { TwinMemory } from './memory.js';

const { fround } = Math;

export function scan(
  { u8, u32, f32 }: TwinMemory,
  codes: number,
  nibbles: number,
  constants: RowConstants,
  rows: number,
  tables: number,
  base: number,
  a: number,
  b: number,
  slack: number,
  dead: number,
  threshold: number,
  out: number,
  label: number,
): number {
  const size = groupBytes(nibbles, constants);
  const [base32, a32, b32, slack32, threshold32] = [base, a, b, slack, threshold].map(fround);
  let found = 0;
  for (let row = 0; row < rows; row++) {
    if (dead !== NONE && ((u32[dead / 4 + (row >>> 5)] >>> (row & 31)) & 1) === 1) continue;
    const inGroup = row % GROUP;
    const group = codes + ((row - inGroup) / GROUP) * size;
    const at = group + (inGroup % 16);
    const shift = inGroup < 16 ? 0 : 4;
    let sum = 0;
    for (let n = 0; n < nibbles; n++) sum += u8[tables + 16 * n + ((u8[at + 16 * n] >> shift) & 15)];
    const line = (group + 16 * nibbles) / 4 + inGroup;
    const term = fround(a32 + fround(b32 * sum));
    let value: number;
    if (constants === LEAN) {
      const [scale, bias] = halves(u32[line]);
      value = fround(fround(base32 + bias) + fround(scale * term));
    } else {
      const start = constants === BIASED ? fround(base32 + f32[line + 2 * GROUP]) : base32;
      value = fround(fround(start + fround(f32[line] * term)) - fround(slack32 * f32[line + GROUP]));
    }
    if (value > threshold32) continue;
    u32[out / 4 + 2 * found] = row + label;
    f32[out / 4 + 2 * found + 1] = Number.isNaN(value) ? -Infinity : value;
    found++;
  }
  return found;
}

/** Address of the offset and step of tables that are made for one piece: below `BASE`. */
const LINE = 512;

export function scanMany(
  memory: TwinMemory,
  pieces: number,
  count: number,
  query: number,
  padded: number,
  bits: number,
  constants: RowConstants,
  at: number,
  b: number,
  slack: number,
  threshold: number,
  out: number,
): number {
  const { u32, f32 } = memory;
  const nibbles = (padded * bits) / 4;
  let found = 0;
  for (let piece = pieces / 4; piece < pieces / 4 + PIECE_WORDS * count; piece += PIECE_WORDS) {
    const [codes, rows, centre, , dead, label] = u32.subarray(piece, piece + PIECE_WORDS);
    const to = out + 8 * found;
    if (query === NONE) {
      const [base, a] = f32.subarray(piece + 2, piece + 4);
      found += scan(
        memory,
        codes,
        nibbles,
        constants,
        rows,
        at,
        base,
        a,
        b,
        slack,
        dead,
        threshold,
        to,
        label,
      );
      continue;
    }
    tables(memory, query, centre, padded, bits, at, LINE);
    const base = squaredL2(f32, query / 4, centre / 4, padded);
    const [offset, step] = f32.subarray(LINE / 4, LINE / 4 + 2);
    const a = fround(-2 * offset - fround(fround(slack) * fround(Math.sqrt(base))));
    const ownB = -2 * step;
    found += scan(memory, codes, nibbles, constants, rows, at, base, a, ownB, 0, dead, threshold, to, label);
  }
  return found;
}

/** Unpacks two f32 from their upper halves. */
function halves(packed: number): Float32Array {
  return new Float32Array(Uint32Array.of(packed & 0xffff_0000, packed << 16).buffer);
}

/** Maps the bits of an f32 to an integer of the same order; −0 is below 0. */
function ordinal(bits: number): number {
  return (bits >>> 31 === 1 ? ~bits : bits | 0x8000_0000) >>> 0;
}

export function sort({ u32 }: TwinMemory, candidates: number, count: number): void {
  const at = candidates / 4;
  const list = Array.from({ length: count }, (_, i) => ({
    row: u32[at + 2 * i],
    bits: u32[at + 2 * i + 1],
  }));
  list.sort((x, y) => ordinal(x.bits) - ordinal(y.bits) || x.row - y.row);
  list.forEach(({ row, bits }, i) => {
    u32[at + 2 * i] = row;
    u32[at + 2 * i + 1] = bits;
  });
}

export function select(memory: TwinMemory, candidates: number, count: number, keep: number): number {
  sort(memory, candidates, count);
  if (keep === 0) return -Infinity;
  return count < keep ? Infinity : memory.f32[candidates / 4 + 2 * keep - 1];
}
