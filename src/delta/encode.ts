import type { PostingKey } from '../errors.js';
import { Digest } from '../version/fingerprint.js';
import { type RowBlock, columnsOf } from '../version/row-block.js';
import { type Centroid, matrixOf } from '../version/shard.js';
import { ByteWriter } from './bytes.js';
import {
  type Changes,
  type ChunkChange,
  type Delta,
  type VersionName,
  assertDelta,
  changesOf,
  isBlock,
  writtenRows,
} from './delta.js';

/*
 * Little-endian throughout. A header of eight words: magic, format version, dimensions, rows, bytes of metadata, two
 * words of checksum over all the rest, and a zero. Then the vectors of all written rows, aligned, so that they can be
 * copied at once; then the metadata, padded to whole words.
 */

/** The bytes "SHXD". */
export const MAGIC = 0x44_58_48_53;
/** The one format there is. */
export const FORMAT = 1;
/** Words of the header. */
export const HEADER = 8;
/** Where in the header the checksum is. */
export const CHECKSUM = 5;

/**
 * A delta as bytes, for a file or another machine: the vectors of the postings that it adds or updates, and little more;
 * rows that only moved take a few bytes. With a checksum against accidents; who must not be able to forge a delta has to
 * be kept out by a signature around it.
 *
 * Time: O(what changed).
 *
 * @throws {@link InvalidDeltaError} for what is not a delta.
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
  const runs = changes.shards.flatMap(({ segments }) => segments.flatMap((segment) => segment.runs));
  const rows = runs.reduce((sum, { from, count }) => sum + (isBlock(from) ? count : 0), 0);
  const { dimensions } = changes;
  const words = new Uint32Array(HEADER + rows * dimensions + meta.length / 4);
  words.set([MAGIC, FORMAT, dimensions, rows, meta.length]);
  let at = HEADER;
  for (const { from, row, count } of runs) {
    if (!isBlock(from)) continue;
    const { buffer, byteOffset } = columnsOf(from).vectors;
    words.set(new Uint32Array(buffer, byteOffset + 4 * row * dimensions, count * dimensions), at);
    at += count * dimensions;
  }
  const bytes = new Uint8Array(words.buffer);
  bytes.set(meta, 4 * at);
  words.set(checksumOf(words), CHECKSUM);
  return bytes;
}

/** The checksum of an encoded delta, in which the place of the checksum does not count. */
export function checksumOf(words: Uint32Array): [number, number] {
  const digest = new Digest();
  digest.addWords(words, 0, CHECKSUM);
  digest.addWords(words, CHECKSUM + 2, words.length - CHECKSUM - 2);
  return digest.words();
}

function metadata(delta: Delta, changes: Changes): Uint8Array {
  const out = new ByteWriter();
  writeName(out, delta.base);
  writeName(out, delta.next);
  out.number(changes.nextShardId);
  const places = new Map<string, number>();
  const place = (documentId: string): number => {
    let at = places.get(documentId);
    if (at === undefined) places.set(documentId, (at = places.size));
    return at;
  };
  const rows = [...writtenRows(changes.shards)];
  const placesOfRows = rows.map(([block, row]) => place(columnsOf(block).documentIds[row]));
  for (const { documentId } of delta.removed) place(documentId);
  out.number(places.size);
  for (const documentId of places.keys()) out.text(documentId);
  rows.forEach(([block, row], i) => {
    const { starts, lengths } = columnsOf(block);
    writeKey(out, placesOfRows[i], starts[row], lengths[row]);
  });
  writeUpdated(out, rows, delta.updated);
  out.number(delta.removed.length);
  for (const { documentId, start, length } of delta.removed) writeKey(out, place(documentId), start, length);
  for (const ids of [delta.documents.added, delta.documents.removed])
    writeAscending(out, Float64Array.from(ids, place).sort());
  writeAscending(out, changes.gone);
  writeShards(out, changes);
  writeChunks(out, changes.chunks);
  return out.padded();
}

function writeName(out: ByteWriter, { version, fingerprint }: VersionName): void {
  out.number(version);
  out.text(fingerprint);
}

function writeKey(out: ByteWriter, place: number, start: number, length: number): void {
  out.number(place);
  out.number(start);
  out.number(length);
}

/** The places of the written rows that replace others. */
function writeUpdated(
  out: ByteWriter,
  rows: readonly [RowBlock, number][],
  updated: readonly PostingKey[],
): void {
  if (updated.length === 0) {
    out.number(0);
    return;
  }
  const byDocument = new Map<string, PostingKey[]>();
  for (const key of updated) {
    const keys = byDocument.get(key.documentId);
    if (keys === undefined) byDocument.set(key.documentId, [key]);
    else keys.push(key);
  }
  const places: number[] = [];
  rows.forEach(([block, row], at) => {
    const { documentIds, starts, lengths } = columnsOf(block);
    const keys = byDocument.get(documentIds[row]);
    if (keys?.some(({ start, length }) => start === starts[row] && length === lengths[row])) places.push(at);
  });
  writeAscending(out, places);
}

/** Numbers by the gaps between them. */
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
  for (const { id, centroid, segments } of shards) {
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
        // Written rows lie one behind the other; moved ones say where from.
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

/** Kept chunks as runs of consecutive places, new ones as their ids; 0 where the table stays. */
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
