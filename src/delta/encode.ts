import { columnsOf } from '../version/row-block.js';
import { type Centroid, matrixOf } from '../version/shard.js';
import { ByteWriter } from './bytes.js';
import { writeCalibration } from './calibration-bytes.js';
import { checksumOf } from './checksum.js';
import {
  type Changes,
  type ChunkChange,
  type Delta,
  type ShardChange,
  type VersionName,
  assertDelta,
  changesOf,
  eachWrittenRun,
  isBlock,
  ledgerOf,
} from './delta.js';
import type { Ledger } from './ledger.js';

/*
 * Little-endian throughout. A header of eight words: magic, format version, dimensions, rows, bytes of metadata, two
 * words of checksum over all the rest, and a zero. Then the vectors of all written rows, aligned, so that they can be
 * copied at once; then the metadata, padded to whole words.
 */

/** The bytes "SHXD". */
export const MAGIC = 0x44_58_48_53;
/** The one format there is. */
export const FORMAT = 2;
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
  writeName(out, delta.base);
  writeName(out, delta.next);
  out.number(changes.nextShardId);
  writeLedger(out, ledgerOf(delta), changes.shards);
  writeAscending(out, changes.gone);
  writeShards(out, changes);
  writeChunks(out, changes.chunks);
  out.number(changes.churn);
  writeCalibration(out, changes.calibration);
  return out.padded();
}

/** The documents, in the order in which they are first named, and the postings by their places. */
function writeLedger(
  out: ByteWriter,
  { updated, removed, documents }: Ledger,
  shards: readonly ShardChange[],
): void {
  const places = new Map<string, number>();
  const place = (documentId: string): number => {
    let at = places.get(documentId);
    if (at === undefined) places.set(documentId, (at = places.size));
    return at;
  };
  const placesOfRows: number[] = [];
  eachWrittenRun(shards, (block, first, count) => {
    const { ids } = columnsOf(block);
    for (let row = first; row < first + count; row++) placesOfRows.push(place(ids.at(row)));
  });
  const placesOfRemoved = removed.documentIds.map(place);
  out.number(places.size);
  for (const documentId of places.keys()) out.text(documentId);
  let next = 0;
  eachWrittenRun(shards, (block, first, count) => {
    const { starts, lengths } = columnsOf(block);
    for (let row = first; row < first + count; row++)
      writeKey(out, placesOfRows[next++], starts[row], lengths[row]);
  });
  writeAscending(
    out,
    placesOfRows.flatMap((_, i) => (updated[i] === 1 ? [i] : [])),
  );
  out.number(placesOfRemoved.length);
  placesOfRemoved.forEach((at, i) => {
    writeKey(out, at, removed.starts[i], removed.lengths[i]);
  });
  for (const ids of [documents.added, documents.removed]) {
    // All that were named, where there are as many: half of the time for a whole index would go into looking them up.
    const all = ids.length === places.size;
    writeAscending(out, all ? Float64Array.from(ids, (_, i) => i) : Float64Array.from(ids, place).sort());
  }
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
