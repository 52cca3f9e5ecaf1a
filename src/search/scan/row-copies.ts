/*
 * Copies of rows in kernel memory, which alone the kernels can measure: several times as fast as where rows lie. They are
 * made one by one as rows are measured, and kept as codes are, as long as there is more than enough room for those.
 */
import type { Columns } from '../../version/row-block.js';
import type { Engine } from '../memory/engine.js';
import type { Slot } from '../memory/slots.js';

/** The share of the budget that copies of rows leave alone: codes are a tenth of their size, and save more. */
const LEFT_ALONE = 1 / 2;

/** Whether rows are measured in kernel memory. Without SIMD they are measured as fast where they lie. */
export function isCopied(engine: Engine | undefined): engine is Engine {
  return engine?.kernels.simd === true;
}

/** Where a copy of a row is in kernel memory: at `spare` where there is no room to keep it. */
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

/** Where copies of `count` rows from `first` on are, one after another. */
export function copiesOfRows(
  engine: Engine,
  columns: Columns,
  first: number,
  count: number,
  spare: number,
): number {
  const slot = keptCopies(engine, columns);
  // Those before them are there, as blocks are read from their beginning; unless the slot was made in between.
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
 * The slot of the copies of a block's rows: a bit for each row that says whether it is there, and behind that the rows, of
 * which the first few are there in any case; `undefined` where the budget has no room for them. Rows are only ever
 * appended, so none goes stale (I1).
 */
function keptCopies({ kernels, coarse, slots }: Engine, columns: Columns): Slot | undefined {
  // It lives as long as the block does, and is not what its codes are kept by.
  const key = columns.vectors;
  const known = slots.find(key);
  if (known !== undefined) return known;
  const capacity = columns.starts.length;
  const bytes = flagBytes(columns) + 4 * coarse.dimensions * capacity;
  if (slots.byteLength + bytes > slots.most * LEFT_ALONE) return undefined;
  const slot = slots.make(key, bytes, false);
  if (slot === undefined) return undefined;
  kernels.u32.fill(0, slot.at / 4, (slot.at + flagBytes(columns)) / 4);
  return slot;
}

/** Bytes of a bit for each row, up to a line of a processor's cache. */
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
