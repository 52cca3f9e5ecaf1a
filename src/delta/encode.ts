/*
 * Writes a delta as bytes. Little-endian throughout. A header of eight words: magic, format version, dimensions,
 * rows, bytes of metadata, two words of checksum over all the rest, and a zero. Then the vectors of all written rows,
 * aligned, so that they can be copied at once; then the metadata, padded to whole words. Numbers in it are LEB128,
 * see `bytes.ts`.
 */

import { columnsOf } from '../version/row-block.js';
import { type Centroid, matrixOf } from '../version/shard.js';
import { ByteWriter } from './bytes.js';
import { writeCalibration } from './calibration-bytes.js';
import { checksumOf } from './checksum.js';
import { jsonOf } from '../documents/record.js';
import {
  type Changes,
  type ChunkChange,
  type RecordChange,
  type ShardChange,
  eachWrittenRun,
  isBlock,
} from './changes.js';
import { type Delta, type VersionId, assertDelta, changesOf, ledgerOf } from './delta.js';
import type { Ledger } from './ledger.js';

/** The bytes "SHXD". */
export const MAGIC = 0x44_58_48_53;
/** The format that is written; {@link decodeDelta} reads the two before, too. */
export const FORMAT = 5;
/** Words of the header. */
export const HEADER = 8;
/** Index of the checksum in the header. */
export const CHECKSUM = 5;

/**
 * Encodes a delta as bytes, for a file or another machine.
 *
 * They hold the vectors of the postings that it adds or updates, and little more; a moved row takes a few bytes. The checksum
 * guards against accidents; against forgery, sign the bytes.
 *
 * Time: O(what changed).
 *
 * @throws {@link InvalidDeltaError} for a value that is not a delta.
 *
 * @example
 * ```ts
 * import { applyDelta, createIndex, decodeDelta, encodeDelta, updateWithDelta } from 'shardex';
 *
 * const base = createIndex({ dimensions: 1 });
 * const { index, delta } = updateWithDelta(base, (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1] });
 * });
 * const bytes = encodeDelta(delta);
 * bytes.length < 150; // → true
 * applyDelta(base, decodeDelta(bytes)).fingerprint === index.fingerprint; // → true
 * decodeDelta(bytes.subarray(1)); // → throws InvalidDeltaError
 * ```
 */
export function encodeDelta(delta: Delta): Uint8Array {
  assertDelta(delta);
  const changes = changesOf(delta);
  const meta = metadata(delta, changes);
  const { dimensions } = changes;
  let rows = 0;
  eachWrittenRun(changes.shards, (_block, _first, count) => (rows += count));
  const words = new Uint32Array(HEADER + rows * dimensions + meta.length / 4);
  words.set([MAGIC, FORMAT, dimensions, rows, meta.length]);
  let at = HEADER;
  eachWrittenRun(changes.shards, (block, first, count) => {
    const { buffer, byteOffset } = columnsOf(block).vectors;
    words.set(new Uint32Array(buffer, byteOffset + 4 * first * dimensions, count * dimensions), at);
    at += count * dimensions;
  });
  const bytes = new Uint8Array(words.buffer);
  bytes.set(meta, 4 * at);
  words.set(checksumOf(words, CHECKSUM), CHECKSUM);
  return bytes;
}

function metadata(delta: Delta, changes: Changes): Uint8Array {
  const out = new ByteWriter();
  writeVersionId(out, delta.base);
  writeVersionId(out, delta.next);
  out.number(changes.nextShardId);
  const { records } = changes;
  const documentsOfRecords = writeLedger(out, ledgerOf(delta), changes.shards, records);
  writeAscending(out, changes.gone);
  writeShards(out, changes);
  writeChunks(out, changes.chunks);
  out.number(changes.churn);
  writeCalibration(out, changes.calibration);
  out.number(changes.owed.length);
  for (const id of changes.owed) out.number(id);
  out.number(records.length);
  records.forEach((record, i) => {
    writeRecord(out, documentsOfRecords[i], record);
  });
  return out.padded();
}

/** Writes the documents, and the postings with indexes into that list. Returns the indexes of the records' documents. */
function writeLedger(
  out: ByteWriter,
  { updated, removed, documents }: Ledger,
  shards: readonly ShardChange[],
  records: readonly RecordChange[],
): readonly number[] {
  const numbers = new Map<string, number>();
  const numberOf = (documentId: string): number => {
    let at = numbers.get(documentId);
    if (at === undefined) numbers.set(documentId, (at = numbers.size));
    return at;
  };
  const documentsOfRows: number[] = [];
  eachWrittenRun(shards, (block, first, count) => {
    const { ids } = columnsOf(block);
    for (let row = first; row < first + count; row++) documentsOfRows.push(numberOf(ids.at(row)));
  });
  const documentsOfRemoved = removed.documentIds.map(numberOf);
  const documentsOfRecords = records.map(({ documentId }) => numberOf(documentId));
  out.number(numbers.size);
  for (const documentId of numbers.keys()) out.text(documentId);
  let next = 0;
  eachWrittenRun(shards, (block, first, count) => {
    const { starts, lengths } = columnsOf(block);
    for (let row = first; row < first + count; row++)
      writeKey(out, documentsOfRows[next++], starts[row], lengths[row]);
  });
  writeAscending(
    out,
    documentsOfRows.flatMap((_, i) => (updated[i] === 1 ? [i] : [])),
  );
  out.number(documentsOfRemoved.length);
  documentsOfRemoved.forEach((at, i) => {
    writeKey(out, at, removed.starts[i], removed.lengths[i]);
  });
  for (const ids of [documents.added, documents.removed]) {
    if (ids.length === 0) {
      out.number(0);
      continue;
    }
    // If all documents are in the list, skips looking them up: for a whole index that took half of the time.
    const all = ids.length === numbers.size;
    writeAscending(out, all ? Float64Array.from(ids, (_, i) => i) : Float64Array.from(ids, numberOf).sort());
  }
  return documentsOfRecords;
}

/** Writes a record: whether the base has one, its text and its metadata as JSON. */
function writeRecord(out: ByteWriter, document: number, { existed, after }: RecordChange): void {
  out.number(document);
  out.number(existed ? 1 : 0);
  for (const text of [after?.text, after?.metadata && jsonOf(after.metadata)]) {
    out.number(text === undefined ? 0 : 1);
    if (text !== undefined) out.text(text);
  }
}

function writeVersionId(out: ByteWriter, { version, fingerprint }: VersionId): void {
  out.number(version);
  out.text(fingerprint);
}

function writeKey(out: ByteWriter, document: number, start: number, length: number): void {
  out.number(document);
  out.number(start);
  out.number(length);
}

/** Writes ascending numbers by the gaps between them. */
function writeAscending(out: ByteWriter, numbers: readonly number[] | Float64Array): void {
  out.number(numbers.length);
  let next = 0;
  for (const number of numbers) {
    out.number(number - next);
    next = number + 1;
  }
}

function writeShards(out: ByteWriter, { shards }: Changes): void {
  out.number(shards.length);
  for (const shard of shards) {
    const { id, centroid, segments } = shard;
    out.number(id);
    writeCentroid(out, centroid);
    out.number(segments.length);
    for (const { keeps, capacity, visible, buried, runs } of segments) {
      out.number(keeps + 1);
      out.number(capacity);
      out.number(visible);
      writeAscending(out, buried);
      out.number(runs.length);
      let next = 0;
      for (const { at, count, from, row } of runs) {
        out.number(at - next);
        out.number(count);
        next = at + count;
        // Written rows follow each other in the bytes; moved ones name their source.
        if (isBlock(from)) out.number(0);
        else {
          out.number(from.shard + 1);
          out.number(from.segment);
          out.number(row);
        }
      }
    }
  }
}

function writeCentroid(out: ByteWriter, centroid: Centroid | undefined): void {
  out.number(centroid === undefined ? 0 : 1);
  if (centroid === undefined) return;
  const { buffer, byteOffset, byteLength } = matrixOf(centroid).vectors;
  out.raw(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Writes kept chunks as runs of consecutive indexes, new ones as their ids; 0 if the table stays. */
function writeChunks(out: ByteWriter, chunks: readonly ChunkChange[] | undefined): void {
  out.number(chunks === undefined ? 0 : 1);
  if (chunks === undefined) return;
  const groups: (readonly number[] | { first: number; count: number })[] = [];
  for (const chunk of chunks) {
    const last = groups.at(-1);
    if (typeof chunk !== 'number') groups.push(chunk);
    else if (last !== undefined && 'first' in last && chunk === last.first + last.count) last.count++;
    else groups.push({ first: chunk, count: 1 });
  }
  out.number(groups.length);
  for (const group of groups) {
    if ('first' in group) {
      out.number(0);
      out.number(group.first);
      out.number(group.count);
    } else {
      out.number(group.length);
      for (const id of group) out.number(id);
    }
  }
}
