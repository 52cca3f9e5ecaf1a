// Row blocks: append-only columns of a fixed number of rows, which versions and threads share.
import { squaredNorm } from '../geometry/exact-loops.js';
import type { Matrix } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { IdColumn } from '../collections/id-column.js';
import { newList } from '../collections/new-list.js';
import { Digest } from '../collections/digest.js';

/** Bytes of a row beside its vector: squared length, separation, start and length. */
export const ROW_OVERHEAD = 24;

/** The columns of a block; never given to callers of the library (I1). */
export interface Columns extends Matrix {
  /** Each row's separation from the centroid of the shard it is in; centroids are fixed, so this is too (I6). */
  readonly separations: Float64Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly ids: IdColumn;
}

/** A class, not a literal, for the same allocation reason as {@link newList}. */
class BlockColumns implements Columns {
  readonly squaredNorms: Float64Array;
  readonly separations: Float64Array;
  readonly vectors: Float32Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly ids: IdColumn;

  constructor(buffer: ArrayBufferLike, capacity: number, dimensions: number) {
    let at = 0;
    const take = (bytes: number): number => (at += bytes) - bytes;
    this.squaredNorms = new Float64Array(buffer, take(8 * capacity), capacity);
    this.separations = new Float64Array(buffer, take(8 * capacity), capacity);
    this.vectors = new Float32Array(buffer, take(4 * capacity * dimensions), capacity * dimensions);
    this.starts = new Uint32Array(buffer, take(4 * capacity), capacity);
    this.lengths = new Uint32Array(buffer, take(4 * capacity), capacity);
    this.ids = new IdColumn(capacity);
  }
}

/** Stands for a block without keeping it alive. */
export interface BlockToken {
  /** Bytes of the block's buffer. */
  readonly byteLength: number;
}

/** The columns of a block. */
export let columnsOf: (block: RowBlock) => Columns;
/** The token of a block. */
export let tokenOf: (block: RowBlock) => BlockToken;
/** How many rows of a block have been claimed, by whichever version. */
export let tailOf: (block: RowBlock) => number;
/**
 * Claims the `count` rows after `visible` for the caller, who alone may then write them.
 *
 * Returns `false` if another branch has claimed them, or if the block is full. Only here a writer may touch memory that
 * older versions also hold. It is safe because those versions end before `visible` (I1).
 */
export let claimRows: (block: RowBlock, visible: number, count: number) => boolean;

/**
 * A fixed number of rows, stored by column in one buffer.
 *
 * It is a `SharedArrayBuffer` if the platform has it, so that worker threads can read the rows in place. Rows are only ever
 * appended; each segment says how many of them it sees. The columns are private: callers of the library cannot reach them.
 */
export class RowBlock {
  /** Rows that it can hold. */
  readonly capacity: number;
  /** Bytes of its buffer. */
  readonly byteLength: number;
  readonly #columns: Columns;
  readonly #token: BlockToken;
  #tail = 0;

  static {
    columnsOf = (block) => block.#columns;
    tokenOf = (block) => block.#token;
    tailOf = (block) => block.#tail;
    claimRows = (block, visible, count) => {
      if (block.#tail !== visible || visible + count > block.capacity) return false;
      block.#tail = visible + count;
      return true;
    };
  }

  /**
   * Makes a block.
   *
   * With `shared: false` its memory is private, for rows on their way into an index. With a buffer it is a view of another
   * thread's block, in which no row can be claimed: that thread would not know (I1).
   * @internal
   */
  constructor(capacity: number, dimensions: number, shared: boolean | ArrayBufferLike = true) {
    this.capacity = capacity;
    this.byteLength = capacity * (4 * dimensions + ROW_OVERHEAD);
    this.#token = Object.freeze({ byteLength: this.byteLength });
    if (typeof shared === 'object') this.#tail = capacity;
    const buffer = typeof shared === 'object' ? shared : newBuffer(this.byteLength, shared);
    this.#columns = new BlockColumns(buffer, capacity, dimensions);
    Object.freeze(this);
  }
}

function newBuffer(byteLength: number, shared: boolean): ArrayBufferLike {
  const Buffer = shared && typeof SharedArrayBuffer === 'function' ? SharedArrayBuffer : ArrayBuffer;
  return new Buffer(byteLength);
}

/** Writes a claimed row whose vector is already in it. */
export function writeKey(to: Columns, row: number, documentId: string, start: number, length: number): void {
  const dimensions = to.vectors.length / to.squaredNorms.length;
  to.ids.set(row, documentId);
  to.starts[row] = start;
  to.lengths[row] = length;
  to.squaredNorms[row] = squaredNorm(to.vectors, row * dimensions, dimensions);
}

/** Rows of so many components or more are copied as a whole. */
const LEAST_VIEWED = 64;

/** Copies a row, but for its separation, to a claimed row of another block. */
export function copyRow(from: Columns, fromRow: number, to: Columns, toRow: number): void {
  const dimensions = to.vectors.length / to.squaredNorms.length;
  const source = fromRow * dimensions;
  const target = toRow * dimensions;
  // Even one view costs less than a loop that was not compiled yet.
  if (dimensions < LEAST_VIEWED)
    for (let i = 0; i < dimensions; i++) to.vectors[target + i] = from.vectors[source + i];
  else to.vectors.set(from.vectors.subarray(source, source + dimensions), target);
  to.squaredNorms[toRow] = from.squaredNorms[fromRow];
  to.ids.set(toRow, from.ids.at(fromRow));
  to.starts[toRow] = from.starts[fromRow];
  to.lengths[toRow] = from.lengths[fromRow];
}

/** Copies `count` consecutive rows, but for their separations, to claimed rows of another block. */
export function copyRows(from: Columns, first: number, to: Columns, toRow: number, count: number): void {
  const dimensions = to.vectors.length / to.squaredNorms.length;
  to.vectors.set(from.vectors.subarray(first * dimensions, (first + count) * dimensions), toRow * dimensions);
  for (let i = 0; i < count; i++) {
    to.squaredNorms[toRow + i] = from.squaredNorms[first + i];
    to.ids.set(toRow + i, from.ids.at(first + i));
    to.starts[toRow + i] = from.starts[first + i];
    to.lengths[toRow + i] = from.lengths[first + i];
  }
}

/** Whether two rows have the same vector, to the bit: −0 and 0 differ. */
export function sameVector(a: Columns, rowA: number, b: Columns, rowB: number): boolean {
  const dimensions = a.vectors.length / a.squaredNorms.length;
  const atA = rowA * dimensions;
  const atB = rowB * dimensions;
  for (let i = 0; i < dimensions; i++) if (!Object.is(a.vectors[atA + i], b.vectors[atB + i])) return false;
  return true;
}

/** A list of rows of any blocks. */
export class RowList {
  readonly blocks = newList<RowBlock>();
  readonly rows = newList<number>();

  get length(): number {
    return this.rows.length;
  }

  push(block: RowBlock, row: number): void {
    this.blocks.push(block);
    this.rows.push(row);
  }
}

/** Hashes the vector of a row to 32 bits. */
export function hashOfRow({ vectors, squaredNorms }: Columns, row: number): number {
  const dimensions = vectors.length / squaredNorms.length;
  const digest = new Digest();
  const words = new Uint32Array(vectors.buffer, vectors.byteOffset + 4 * row * dimensions, dimensions);
  digest.addWords(words, 0, dimensions);
  return digest.words()[0];
}

/** Adds the keys and vectors of rows to a digest, in order. */
export function* digestRows(digest: Digest, list: RowList): Steps<void> {
  let pause = 1;
  let block: RowBlock | undefined;
  let words: Uint32Array = new Uint32Array();
  for (let i = 0; i < list.length; i++) {
    if (i % pause === pause - 1) yield;
    const columns = columnsOf(list.blocks[i]);
    if (list.blocks[i] !== block) {
      block = list.blocks[i];
      const { buffer, byteOffset, length } = columns.vectors;
      words = new Uint32Array(buffer, byteOffset, length);
      pause = roundsPerStep(2 * (words.length / columns.starts.length));
    }
    const row = list.rows[i];
    digest.addText(columns.ids.at(row));
    digest.add(columns.starts[row]);
    digest.add(columns.lengths[row]);
    const dimensions = words.length / columns.starts.length;
    digest.addWords(words, row * dimensions, dimensions);
  }
}
