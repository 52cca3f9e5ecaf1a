/*
 * Caches copies of rows in kernel memory, where kernels measure them several times as fast as loops in JavaScript do in
 * place. Rows are copied when they are first measured, as long as half of the cache's budget is free.
 */
import type { Columns } from '../../version/row-block.js';
import type { Engine } from '../memory/engine.js';
import type { Slot } from '../memory/slots.js';

/** The share of the budget that is left to codes: they are a tenth of the size of copies, and save more. */
const LEFT_TO_CODES = 1 / 2;

/** Whether rows are measured in kernel memory; without SIMD that would save nothing. */
export function isCopied(engine: Engine | undefined): engine is Engine {
  return engine?.kernels.simd === true;
}

/** Address of a copy of a row: `spare`, if the cache has no room for it. */
export function copyOfRow(engine: Engine, columns: Columns, row: number, spare: number): number {
  const slot = keptCopies(engine, columns);
  if (slot === undefined) {
    copy(engine, columns, row, 1, spare);
    return spare;
  }
  const { kernels, coarse } = engine;
  const address = slot.at + flagBytes(columns) + 4 * coarse.dimensions * row;
  if (row < slot.rows) return address;
  const flags = slot.at / 4 + (row >>> 5);
  const flag = 1 << (row & 31);
  if ((kernels.u32[flags] & flag) !== 0) return address;
  copy(engine, columns, row, 1, address);
  kernels.u32[flags] |= flag;
  return address;
}

/** Address of copies of `count` rows from `first` on, one after another: `spare`, if the cache has no room for them. */
export function copiesOfRows(
  engine: Engine,
  columns: Columns,
  first: number,
  count: number,
  spare: number,
): number {
  const slot = keptCopies(engine, columns);
  // Blocks are read from their beginning, so the rows before them are there, unless the slot is new.
  if (slot === undefined || slot.rows < first) {
    copy(engine, columns, first, count, spare);
    return spare;
  }
  const address = slot.at + flagBytes(columns) + 4 * engine.coarse.dimensions * first;
  if (slot.rows < first + count) {
    copy(engine, columns, first, count, address);
    slot.rows = first + count;
  }
  return address;
}

/**
 * The slot of the copies of a block's rows; `undefined` if the cache has no room for it.
 *
 * It begins with a bit for each row that says whether the row is there; the first `slot.rows` rows are there in any case.
 * Rows are only ever appended, so no copy goes stale (I1).
 */
function keptCopies({ kernels, coarse, slots }: Engine, columns: Columns): Slot | undefined {
  // Lives as long as the block, and is not the key of its codes.
  const key = columns.vectors;
  const known = slots.find(key);
  if (known !== undefined) return known;
  const capacity = columns.starts.length;
  const bytes = flagBytes(columns) + 4 * coarse.dimensions * capacity;
  if (slots.byteLength + bytes > slots.most * LEFT_TO_CODES) return undefined;
  const slot = slots.make(key, bytes, false);
  if (slot === undefined) return undefined;
  kernels.u32.fill(0, slot.at / 4, (slot.at + flagBytes(columns)) / 4);
  return slot;
}

/** Bytes of one bit for each row, rounded up to a cache line. */
function flagBytes({ starts }: Columns): number {
  return Math.ceil(starts.length / 512) * 64;
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
