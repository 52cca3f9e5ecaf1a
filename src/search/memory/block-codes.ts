// RaBitQ codes of row blocks in kernel memory: finds them in the cache, and encodes the rows that are missing.
import { BIASED, type CodeShape, GROUP, LEAN, UNKNOWN, codeBytes } from '../../kernels/code-shape.js';
import { NONE } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { type RowBlock, columnsOf } from '../../version/row-block.js';
import { type Centroid, matrixOf } from '../../version/shard.js';
import type { Engine } from './engine.js';

/** Squared lengths that the kernels' bounds hold for; 0 is one of them, too. */
const LEAST_SQUARE = 2 ** -100;
const MOST_SQUARE = 2 ** 100;

/** Whether the kernels' bounds hold for a vector. */
export function codable(squaredNorm: number): boolean {
  return squaredNorm === 0 || (squaredNorm >= LEAST_SQUARE && squaredNorm <= MOST_SQUARE);
}

/**
 * Address of a block's codes, encoding any of the first `visible` rows that are missing.
 *
 * The rotated centroid comes before the codes ({@link codesAt}) where tables are made per shard. Returns `undefined`
 * if they do not fit the cache; with `replacing: false`, if they do not fit without evicting. A block belongs to one
 * shard, whose centroid is fixed, so codes never go stale (I6), and versions that share the block share them.
 */
export function codesOf(
  engine: Engine,
  shape: CodeShape,
  block: RowBlock,
  centroid: Centroid,
  visible: number,
  replacing = true,
): number | undefined {
  const { slots } = engine;
  // A block and its columns live equally long: one is the key of coarse codes, the other that of fine ones.
  const key = shape === engine.fine ? columnsOf(block) : block;
  let slot = slots.find(key);
  if (slot === undefined) {
    // For all rows that the block may hold, so that an append only adds to it.
    slot = slots.make(key, codesAt(engine, shape, 0) + codeBytes(shape, block.capacity), replacing);
    if (slot === undefined) return undefined;
    if (isAround(engine, shape)) rotateCentre(engine, centroid, slot.at);
  }
  if (slot.rows < visible) {
    encodeRows(
      engine,
      shape,
      block,
      centroid,
      slot.rows,
      visible,
      codesAt(engine, shape, slot.at),
      slot.rows,
    );
    slot.rows = visible;
  }
  return slot.at;
}

/** Whether tables for codes of this shape are made per shard, around its centroid. */
export function isAround({ around, fine }: Engine, shape: CodeShape): boolean {
  return around || shape === fine;
}

/** The address of the codes themselves, behind the rotated centroid if there is one. */
export function codesAt(engine: Engine, shape: CodeShape, address: number): number {
  return isAround(engine, shape) ? address + 4 * shape.padded : address;
}

/**
 * Encodes the rows `from` to `to` − 1 of a block, as rows `first` and on of `codes`.
 *
 * A code depends on its row and the centroid alone, so it comes out the same whenever it is made (I10).
 */
export function encodeRows(
  engine: Engine,
  shape: CodeShape,
  block: RowBlock,
  centroid: Centroid,
  from: number,
  to: number,
  codes: number,
  first: number,
): void {
  const { kernels, at } = engine;
  const { vectors, squaredNorms } = columnsOf(block);
  const { dimensions, padded, bits, constants } = shape;
  engine.encoded += to - from;
  const centre = matrixOf(centroid).vectors;
  const around = isAround(engine, shape);
  if (!around) rotateCentre(engine, centroid, at.rotatedCentre);
  kernels.f32.set(centre, at.centre / 4);
  for (let done = from; done < to; done += STAGE) {
    const count = Math.min(STAGE, to - done);
    kernels.f32.set(vectors.subarray(done * dimensions, (done + count) * dimensions), at.rows / 4);
    kernels.residuals(at.rows, dimensions, count, dimensions, at.centre, engine.unit, at.residuals, padded);
    kernels.rotate(at.residuals, at.residuals, count, padded, at.signs);
    const row = first + done - from;
    kernels.encode(
      at.residuals,
      count,
      row,
      codes,
      padded,
      bits,
      constants,
      around ? NONE : at.rotatedCentre,
    );
    for (let i = 0; i < count; i++) {
      if (!codable(squaredNorms[done + i])) markUnknown(engine, shape, codes, row + i);
    }
  }
}

/** Rotates the centroid of a shard. */
export function rotateCentre({ kernels, at, coarse }: Engine, centroid: Centroid, to: number): void {
  const { padded } = coarse;
  kernels.f32.fill(0, at.centre / 4, at.centre / 4 + padded);
  kernels.f32.set(matrixOf(centroid).vectors, at.centre / 4);
  kernels.rotate(at.centre, to, 1, padded, at.signs);
}

/** Gives a row constants that make it a candidate of every scan, as its code says nothing. */
function markUnknown({ kernels }: Engine, shape: CodeShape, codes: number, row: number): void {
  const inGroup = row % GROUP;
  const line = (codes + ((row - inGroup) / GROUP) * shape.groupBytes + 16 * shape.nibbles) / 4 + inGroup;
  if (shape.constants === LEAN) {
    kernels.u32[line] = UNKNOWN;
    return;
  }
  kernels.f32[line] = 0;
  kernels.f32[line + GROUP] = Infinity;
  if (shape.constants === BIASED) kernels.f32[line + 2 * GROUP] = 0;
}
