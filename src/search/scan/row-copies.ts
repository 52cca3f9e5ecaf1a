/*
 * Caches copies of rows in kernel memory, where kernels measure them several times as fast as loops in JavaScript do in
 * place. Rows are copied when they are first measured, as long as half of the cache's budget is free. A slot has
 *
 *   | length of the longest row | whether the bounds of kernels hold for all | – | a bit for each row | a factor for each row | the rows |
 *
 * The first `slot.rows` rows are there, with their factors; of the others those whose bit is set, without factors. A factor
 * is 1 over the length of a row, 0 for a row of length 0. Rows are only ever appended, so no copy goes stale (I1).
 */
import type { Columns } from '../../version/row-block.js';
import { codable } from '../memory/block-codes.js';
import type { Engine } from '../memory/engine.js';
import { MOST_OF_ROWS } from '../memory/rough-rows.js';
import type { Slot } from '../memory/slots.js';

/** Bytes before the bits. */
const HEAD = 64;

/** Whether rows are measured in kernel memory; without SIMD that would save nothing. */
export function isCopied(engine: Engine | undefined): engine is Engine {
  return engine?.kernels.simd === true;
}

/** Address of a copy of a row: `spare`, if the cache has no room for it. */
export function copyOfRow(engine: Engine, columns: Columns, row: number, spare: number): number {
  const slot = keptCopies(engine, columns);
  if (slot !== undefined) return copyIn(engine, slot, columns, row);
  copy(engine, columns, row, 1, spare);
  return spare;
}

/** Address of a copy of a row in the slot of its block. */
export function copyIn(engine: Engine, slot: Slot, columns: Columns, row: number): number {
  const { kernels, coarse } = engine;
  const address = rowsAt(slot, columns) + 4 * coarse.dimensions * row;
  if (row < slot.rows) return address;
  const flags = (slot.at + HEAD) / 4 + (row >>> 5);
  const flag = 1 << (row & 31);
  if ((kernels.u32[flags] & flag) !== 0) return address;
  copy(engine, columns, row, 1, address);
  kernels.u32[flags] |= flag;
  return address;
}

/** The slot with copies of the first `count` rows of a block, and their factors; `undefined` if the cache has no room. */
export function copiesOfRows(engine: Engine, columns: Columns, count: number): Slot | undefined {
  const slot = keptCopies(engine, columns);
  if (slot === undefined || slot.rows >= count) return slot;
  const { rows } = slot;
  copy(engine, columns, rows, count - rows, rowsAt(slot, columns) + 4 * engine.coarse.dimensions * rows);
  noteRows(engine, columns, rows, count - rows, slot.at, factorsAt(slot, columns) + 4 * rows);
  slot.rows = count;
  return slot;
}

/** Whether a block has a slot for copies of its rows, so that copying more of them evicts nothing. */
export function hasCopies({ slots }: Engine, columns: Columns): boolean {
  return slots.has(columns.vectors);
}

/** Where copies of rows lie. */
export interface Copies {
  readonly head: number;
  readonly factors: number;
  readonly rows: number;
}

/** Where the copies of a slot lie. */
export function copiesIn(slot: Slot, columns: Columns): Copies {
  return { head: slot.at, factors: factorsAt(slot, columns), rows: rowsAt(slot, columns) };
}

/** Copies at most `STAGE` rows and their factors to scratch memory. */
export function copyToScratch(engine: Engine, columns: Columns, first: number, count: number): Copies {
  const { kernels, at } = engine;
  const head = at.residuals;
  kernels.u32.fill(0, head / 4, head / 4 + 2);
  copy(engine, columns, first, count, at.rows);
  noteRows(engine, columns, first, count, head, head + HEAD);
  return { head, factors: head + HEAD, rows: at.rows };
}

/** The length of the longest of the copied rows, rounded up; `undefined` if the bounds of kernels do not hold for all. */
export function longestAt({ kernels }: Engine, head: number): number | undefined {
  return kernels.u32[head / 4 + 1] === 0 ? kernels.f32[head / 4] : undefined;
}

/** Address of the factors of the first rows. */
function factorsAt(slot: Slot, columns: Columns): number {
  return slot.at + HEAD + flagBytes(columns);
}

/** Address of the copies of the first rows, one after another. */
function rowsAt(slot: Slot, columns: Columns): number {
  return factorsAt(slot, columns) + factorBytes(columns);
}

/** The slot of the copies of a block's rows; `undefined` if the cache has no room for it in a share of its budget. */
export function keptCopies(
  { kernels, coarse, slots }: Engine,
  columns: Columns,
  share = MOST_OF_ROWS,
): Slot | undefined {
  // Lives as long as the block, and is not the key of its codes.
  const key = columns.vectors;
  const known = slots.find(key);
  if (known !== undefined) return known;
  const head = HEAD + flagBytes(columns);
  const bytes = head + factorBytes(columns) + 4 * coarse.dimensions * columns.starts.length;
  if (slots.byteLength + bytes > slots.most * share) return undefined;
  const slot = slots.make(key, bytes, false);
  if (slot === undefined) return undefined;
  kernels.u32.fill(0, slot.at / 4, (slot.at + head) / 4);
  return slot;
}

/** Bytes of one bit for each row, rounded up to a cache line. */
function flagBytes({ starts }: Columns): number {
  return Math.ceil(starts.length / 512) * 64;
}

/** Bytes of one factor for each row, rounded up to a cache line. */
function factorBytes({ starts }: Columns): number {
  return Math.ceil(starts.length / 16) * 64;
}

function copy(
  { kernels, coarse }: Engine,
  { vectors }: Columns,
  first: number,
  count: number,
  to: number,
): void {
  const { dimensions } = coarse;
  kernels.f32.set(vectors.subarray(first * dimensions, (first + count) * dimensions), to / 4);
}

/** Writes the factors of rows, and notes their lengths in the head. */
function noteRows(
  { kernels: { f32, u32 } }: Engine,
  { squaredNorms }: Columns,
  first: number,
  count: number,
  head: number,
  factors: number,
): void {
  let longest = f32[head / 4];
  for (let i = 0; i < count; i++) {
    const square = squaredNorms[first + i];
    const length = Math.sqrt(square);
    if (!codable(square)) u32[head / 4 + 1] = 1;
    else if (length * ROUND_UP > longest) longest = length * ROUND_UP;
    f32[factors / 4 + i] = square === 0 ? 0 : 1 / length;
  }
  f32[head / 4] = longest;
}

/** More than a length may lose in 32 bits. */
const ROUND_UP = 1 + 2 ** -22;
