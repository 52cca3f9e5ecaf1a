/*
 * Rows of a checkpoint as bytes: columns one behind the other, then the ids. Rows of a block never change once a version
 * sees them, so a chunk is written once, whatever becomes of the shards that its rows are in.
 */

import type { Steps } from '../../collections/steps.js';
import { ByteWriter } from '../../delta/bytes.js';
import { type RowBlock, columnsOf } from '../../version/row-block.js';
import { FRAME, KINDS, damaged, framed, readRest, unframed } from './frame.js';

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
  readonly ids: readonly string[];
}

interface RowColumns {
  readonly squaredNorms: Float64Array;
  readonly separations: Float64Array;
  readonly vectors: Float32Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/**
 * Decodes a chunk; its columns are views of the bytes. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeRows(bytes: Uint8Array, wanted: number): RowChunk {
  const what = 'chunk of rows';
  const frame = unframed(bytes, KINDS.rows, what);
  const [rows, dimensions] = frame.counts;
  const from = FRAME + rows * (6 + dimensions);
  if (dimensions !== wanted || from > frame.words.length)
    throw damaged(what, 'it holds other rows than it states');
  const ids = readRest(frame, from, what, (reader) => {
    const all: string[] = [];
    while (all.length < rows) {
      const repeated = reader.number(rows - all.length, 'a documentId');
      const id = reader.text('a documentId');
      if (repeated === 0 || id === '') throw damaged(what, 'a documentId is none');
      for (let i = 0; i < repeated; i++) all.push(id);
    }
    return all;
  });
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
