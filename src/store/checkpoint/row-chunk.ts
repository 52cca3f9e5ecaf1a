/*
 * Rows of a checkpoint as bytes: columns one behind the other, then the ids. Rows of a block never change once a version
 * sees them, so a chunk is written once, whatever becomes of the shards that its rows are in.
 */

import type { Steps } from '../../collections/steps.js';
import { type ByteReader, ByteWriter } from '../../delta/bytes.js';
import type { IdColumn } from '../../collections/id-column.js';
import { type RowBlock, columnsOf } from '../../version/row-block.js';
import { FRAME, KINDS, damaged, framed, readRest, unframed } from './frame.js';

const WHAT = 'chunk of rows';

/** Consecutive rows of a block. */
export interface RowRun {
  readonly block: RowBlock;
  readonly at: number;
  readonly count: number;
}

/** Bytes of a row beside its vector: two 64-bit floats, start, length, and about so many for its id. */
const OVERHEAD = 24 + 12;

/** About how many bytes a row takes. */
export function rowBytes(dimensions: number): number {
  return 4 * dimensions + OVERHEAD;
}

/** Encodes runs of rows as a chunk. Time: O(rows · dimensions). */
export function* encodeRows(runs: readonly RowRun[], dimensions: number): Steps<Uint8Array<ArrayBuffer>> {
  const rows = runs.reduce((sum, { count }) => sum + count, 0);
  const ids = yield* encodeIds(runs);
  const words = new Uint32Array(FRAME + rows * (6 + dimensions) + ids.length / 4);
  const to = columnsIn(words, rows, dimensions);
  let at = 0;
  for (const run of runs) {
    yield;
    const from = columnsOf(run.block);
    const [first, end] = [run.at, run.at + run.count];
    to.squaredNorms.set(from.squaredNorms.subarray(first, end), at);
    to.separations.set(from.separations.subarray(first, end), at);
    to.vectors.set(from.vectors.subarray(first * dimensions, end * dimensions), at * dimensions);
    to.starts.set(from.starts.subarray(first, end), at);
    to.lengths.set(from.lengths.subarray(first, end), at);
    at += run.count;
  }
  new Uint8Array(words.buffer).set(ids, 4 * (FRAME + rows * (6 + dimensions)));
  yield;
  return framed(words, KINDS.rows, [rows, dimensions]);
}

/** Writes the ids, equal ones that follow each other once. */
function* encodeIds(runs: readonly RowRun[]): Steps<Uint8Array> {
  const out = new ByteWriter();
  let last: string | undefined;
  let repeated = 0;
  const flush = (): void => {
    if (last === undefined) return;
    out.number(repeated);
    out.text(last);
  };
  for (const { block, at, count } of runs) {
    yield;
    const { ids } = columnsOf(block);
    for (let row = at; row < at + count; row++) {
      const id = ids.at(row);
      if (id === last) {
        repeated++;
        continue;
      }
      flush();
      last = id;
      repeated = 1;
    }
  }
  flush();
  return out.padded();
}

/** A chunk as it was read. */
export interface RowChunk extends RowColumns {
  readonly rows: number;
  readonly ids: ChunkIds;
}

/** The ids of a chunk's rows. They stay bytes until they are put where they belong: as strings they take four times as much. */
export class ChunkIds {
  readonly #reader: ByteReader;
  /** Where the id of each row is. */
  readonly #places: Uint32Array;

  /** Goes past so many ids, and checks them. @throws {@link CorruptLogError} */
  constructor(reader: ByteReader, rows: number) {
    this.#reader = reader;
    this.#places = new Uint32Array(rows);
    for (let row = 0; row < rows;) {
      const repeated = reader.number(rows - row, 'a documentId');
      const { place } = reader;
      reader.skipText('a documentId');
      // An empty one has no bytes behind that of its length.
      if (repeated === 0 || reader.place === place + 1) throw damaged(WHAT, 'a documentId is none');
      this.#places.fill(place, row, row + repeated);
      row += repeated;
    }
  }

  /** Sets the ids of rows [`at`, `at + count`) of a column to those of the chunk from `row` on. */
  putInto(column: IdColumn, at: number, row: number, count: number): void {
    let place = -1;
    let id = '';
    for (let i = 0; i < count; i++) {
      if (this.#places[row + i] !== place) {
        this.#reader.place = place = this.#places[row + i];
        id = this.#reader.text('a documentId');
      }
      column.set(at + i, id);
    }
  }
}

interface RowColumns {
  readonly squaredNorms: Float64Array;
  readonly separations: Float64Array;
  readonly vectors: Float32Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/**
 * Decodes a chunk; its columns and ids are views of the bytes. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeRows(bytes: Uint8Array, wanted: number): RowChunk {
  const frame = unframed(bytes, KINDS.rows, WHAT);
  const [rows, dimensions] = frame.counts;
  const from = FRAME + rows * (6 + dimensions);
  if (dimensions !== wanted || from > frame.words.length)
    throw damaged(WHAT, 'it holds other rows than it states');
  const ids = readRest(frame, from, WHAT, (reader) => new ChunkIds(reader, rows));
  return { rows, ids, ...columnsIn(frame.words, rows, dimensions) };
}

/** The columns behind the frame; those of 64 bits first, so that all are aligned. */
function columnsIn({ buffer, byteOffset }: Uint32Array, rows: number, dimensions: number): RowColumns {
  let at = byteOffset + 4 * FRAME;
  const take = (bytes: number): number => (at += bytes) - bytes;
  return {
    squaredNorms: new Float64Array(buffer, take(8 * rows), rows),
    separations: new Float64Array(buffer, take(8 * rows), rows),
    vectors: new Float32Array(buffer, take(4 * rows * dimensions), rows * dimensions),
    starts: new Uint32Array(buffer, take(4 * rows), rows),
    lengths: new Uint32Array(buffer, take(4 * rows), rows),
  };
}
