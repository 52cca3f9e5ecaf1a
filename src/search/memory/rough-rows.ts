/*
 * Caches rows of blocks in 16 bits in kernel memory, around the centroid of their shard, for scans that compare all rows.
 * A slot begins with a flag (u32), which is 1 if the kernels' bounds fail for one of its rows, and with the length of the
 * longest centre (f32). Chunks of STAGE rows follow, laid out by `roughLayout`. Rows are only appended, and the centre of a
 * chunk never changes, so nothing goes stale (I1).
 */
import { squaredNorm } from '../../geometry/exact-loops.js';
import { LEAST_ROUGH } from '../../kernels/bounds.js';
import { ROUGH_LENGTH } from '../../kernels/kernels.js';
import { STAGE, roughBytes } from '../../kernels/rough-layout.js';
import { type Columns, type RowBlock, columnsOf } from '../../version/row-block.js';
import { type Centroid, matrixOf } from '../../version/shard.js';
import { codable } from './block-codes.js';
import type { Engine } from './engine.js';
import type { Slot } from './slots.js';

/**
 * The share of the budget that rows in 16 bits and copies of rows may take, so that the rest is left to codes.
 *
 * Codes are an eighth or a sixteenth of the size, and save more.
 */
export const MOST_OF_ROWS = 1 / 2;

/** Bytes before the first chunk. */
const HEAD = 64;

/** Makes 16-bit numbers positive, so that `| 0` rounds them down; it takes a fifth of the time of `Math.round`. */
const ABOVE = 2 ** 16;

/** Lengths that go into bounds are rounded up by this factor. */
const ROUND_UP = 1 + 2 ** -20;

/**
 * The slot of a block's rows in 16 bits, which has its first `visible` rows; `undefined` if the cache has no room for it.
 *
 * Making it evicts nothing. Time: O(missing rows · dimensions).
 */
export function roughRowsOf(
  engine: Engine,
  block: RowBlock,
  centroid: Centroid,
  visible: number,
): Slot | undefined {
  const { kernels, slots } = engine;
  const columns = columnsOf(block);
  // Lives as long as the block, and is the key of neither its codes nor the copies of its rows.
  const key = columns.squaredNorms;
  let slot = slots.find(key);
  if (slot === undefined) {
    const bytes = HEAD + roughChunkBytes(engine) * Math.ceil(block.capacity / STAGE);
    if (slots.byteLength + bytes > slots.most * MOST_OF_ROWS) return undefined;
    slot = slots.make(key, bytes, false);
    if (slot === undefined) return undefined;
    kernels.u32.fill(0, slot.at / 4, (slot.at + HEAD) / 4);
  }
  while (slot.rows < visible) {
    const end = Math.min(visible, slot.rows - (slot.rows % STAGE) + STAGE);
    putRows(engine, columns, centroid, slot.rows, end, slot);
    slot.rows = end;
  }
  return slot;
}

/** Bytes of a chunk of a slot. */
export function roughChunkBytes({ rough }: Engine): number {
  return roughBytes(rough, STAGE);
}

/** The address of a slot's first chunk. */
export function roughChunksAt({ at }: Slot): number {
  return at + HEAD;
}

/** The length of the longest centre of a slot; `undefined` if the bounds of kernels do not hold for all rows. */
export function longestCentreOf({ kernels }: Engine, { at }: Slot): number | undefined {
  return kernels.u32[at / 4] === 0 ? kernels.f32[at / 4 + 1] : undefined;
}

/** Adds the rows `from` to `to` − 1 to their chunk. */
function putRows(
  engine: Engine,
  { vectors, squaredNorms }: Columns,
  centroid: Centroid,
  from: number,
  to: number,
  slot: Slot,
): void {
  const { kernels, at, coarse, rough, byDot } = engine;
  const { u32, f32 } = kernels;
  const { dimensions, padded } = coarse;
  const count = to - from;
  const chunk = roughChunksAt(slot) + roughChunkBytes(engine) * Math.floor(from / STAGE);
  if (from % STAGE === 0) beginChunk(engine, centroid, slot, chunk);
  kernels.f32.set(vectors.subarray(from * dimensions, to * dimensions), at.rows / 4);
  kernels.residuals(
    at.rows,
    dimensions,
    count,
    dimensions,
    chunk + rough.centre,
    engine.unit,
    at.residuals,
    padded,
  );
  const squares = (chunk + rough.constants) / 4;
  const integers = new Int16Array(f32.buffer, chunk + rough.rows, padded * STAGE);
  let longest = f32[chunk / 4 + 1];
  for (let i = 0; i < count; i++) {
    const row = (from % STAGE) + i;
    const first = at.residuals / 4 + padded * i;
    const square = squaredNorm(f32, first, padded);
    const length = Math.sqrt(square);
    // A row of zeros has a cosine of 0 with all, but is not at a right angle to a centre.
    if (!codable(squaredNorms[from + i]) || (engine.unit === 1 && squaredNorms[from + i] === 0)) {
      u32[slot.at / 4] = 1;
      continue;
    }
    longest = Math.max(longest, length * ROUND_UP);
    f32[squares + row] = byDot ? 0 : square;
    const isZero = length < LEAST_ROUGH;
    f32[squares + STAGE + row] = isZero ? 0 : length / ROUGH_LENGTH;
    const times = isZero ? 0 : ROUGH_LENGTH / length;
    for (let j = 0, target = padded * row; j < padded; j++)
      integers[target + j] = ((f32[first + j] * times + ABOVE + 0.5) | 0) - ABOVE;
  }
  u32[chunk / 4] = to - (from - (from % STAGE));
  f32[chunk / 4 + 1] = longest;
}

function beginChunk({ kernels, rough }: Engine, centroid: Centroid, slot: Slot, chunk: number): void {
  const { u32, f32 } = kernels;
  const { vectors, squaredNorms } = matrixOf(centroid);
  f32.fill(0, chunk / 4, (chunk + roughBytes(rough, STAGE)) / 4);
  f32.set(vectors, (chunk + rough.centre) / 4);
  const squares = (chunk + rough.constants) / 4;
  f32.fill(Infinity, squares, squares + STAGE);
  if (!codable(squaredNorms[0])) u32[slot.at / 4] = 1;
  f32[slot.at / 4 + 1] = Math.max(f32[slot.at / 4 + 1], Math.sqrt(squaredNorms[0]) * ROUND_UP);
}
