/*
 * Reads a delta from bytes; the counterpart of `encode.ts`, which describes the format. Every length and id is
 * checked against the bytes that are there before memory is allocated.
 */

import { MOST_COUNTED } from '../calibration/calibration.js';
import { because, thrownText } from '../checks/given.js';
import { show } from '../config.js';
import { type Metadata, recordOf } from '../documents/record.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { InvalidDeltaError } from '../errors.js';
import { RowBlock, claimRows, columnsOf, writeKey } from '../version/row-block.js';
import { Centroid, type ShardId } from '../version/shard.js';
import { ByteReader, damaged } from './bytes.js';
import { readCalibration } from './calibration-bytes.js';
import type { ChunkChange, RecordChange, Run, SegmentChange, ShardChange } from './changes.js';
import { Delta, type VersionId } from './delta.js';
import { checksumOf } from './checksum.js';
import { CHECKSUM, FORMAT, HEADER, MAGIC } from './encode.js';
import type { KeyColumns } from './key-index.js';
import { Lazy } from '../collections/lazy.js';
import type { Ledger } from './ledger.js';

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
const MAX_UINT32 = 0xffff_ffff;
/** Ids count up from 0; above this, the following ids would not stay exact for long. */
const MAX_SHARD_IDS = 2 ** 48;
/** The oldest format, which had no records. In that and the next one no sample was waiting to be looked for. */
const WITHOUT_RECORDS = 3;
/** Kept chunks at most, as they take no bytes each; this many have at least four million shards. */
const MAX_CHUNKS = 1 << 18;

/**
 * Decodes a delta from the bytes of {@link encodeDelta}.
 *
 * Nothing in them is trusted: damaged, truncated or forged bytes are an error, and memory is never allocated for claims
 * alone.
 *
 * Time: O(bytes).
 *
 * @throws {@link InvalidDeltaError}
 *
 * @example
 * ```ts
 * import { createIndex, decodeDelta, diff, encodeDelta } from 'shardex';
 *
 * const empty = createIndex({ dimensions: 2 });
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
 * const everything = decodeDelta(encodeDelta(diff(empty, index)));
 * everything.documents.added; // → ['a']
 * decodeDelta(new Uint8Array(100)); // → throws InvalidDeltaError
 * ```
 */
export function decodeDelta(bytes: Uint8Array): Delta {
  const { words, format, dimensions, rows, reader } = opened(bytes);
  const [a, b] = checksumOf(words, CHECKSUM);
  if (words[CHECKSUM] !== a || words[CHECKSUM + 1] !== b) throw damaged('their checksum is wrong');
  if (words[CHECKSUM + 2] !== 0) throw damaged('the header is not as it should be');
  if (dimensions < 1 || dimensions > 10_000) throw damaged('the dimensions are out of range');

  const { base, next, nextShardId, documentIds } = readStart(reader);
  // Each row takes bytes in the input, for its vector as well as here, so this size is backed by data.
  const block = new RowBlock(rows, dimensions, false);
  claimRows(block, 0, rows);
  const columns = columnsOf(block);
  columns.vectors.set(new Float32Array(words.buffer, words.byteOffset + 4 * HEADER, rows * dimensions));
  for (let row = 0; row < rows; row++) {
    const documentId = documentAt(documentIds, reader.number(MAX_INTEGER, 'a document'));
    const start = reader.number(MAX_UINT32, 'a start');
    const length = reader.number(MAX_UINT32, 'a length');
    writeKey(columns, row, documentId, start, length);
    // In 64 bits no sum of squares of finite 32-bit floats overflows.
    if (!Number.isFinite(columns.squaredNorms[row])) throw damaged('a vector is not finite');
  }
  const ledger = readLedger(reader, rows, documentIds);
  const gone = readAscending(reader, MAX_INTEGER, 'shards that are gone');
  const shards = readShards(reader, block, dimensions);
  const chunks = readChunks(reader);
  const churn = reader.number(MOST_COUNTED, 'a count of changes');
  const calibration = readCalibration(reader);
  const owed = readOwed(reader);
  const records = format === WITHOUT_RECORDS ? [] : readRecords(reader, documentIds);
  reader.end();
  const parts = { dimensions, nextShardId, gone, shards, chunks, churn, calibration };
  const changes = { ...parts, owed, records };
  return new Delta(base, next, changes, Lazy.of(ledger));
}

/**
 * Lists the documents that an encoded delta names: of rows that it writes or removes, and of records. Decodes nothing else, and
 * leaves the checksum to {@link decodeDelta}. Time: O(documents).
 *
 * @throws {@link InvalidDeltaError}
 */
export function documentsNamedIn(bytes: Uint8Array): readonly string[] {
  return readStart(opened(bytes).reader).documentIds;
}

/** An encoded delta whose header fits its size; the reader is where the metadata begin. */
interface Opened {
  readonly words: Uint32Array;
  readonly format: number;
  readonly dimensions: number;
  readonly rows: number;
  readonly reader: ByteReader;
}

function opened(bytes: unknown): Opened {
  const words = wordsOf(bytes);
  const [magic, format, dimensions, rows, metaLength] = words;
  if (magic !== MAGIC) throw damaged('they do not begin as one');
  if (format < WITHOUT_RECORDS || format > FORMAT) {
    throw new InvalidDeltaError(
      `This delta has format ${format}; this version of the library reads formats ${WITHOUT_RECORDS} to ${FORMAT}. Use the one that wrote it.`,
    );
  }
  if (words.length * 4 !== 4 * HEADER + 4 * rows * dimensions + metaLength)
    throw damaged('their length is not the one they state');
  const metaAt = HEADER + rows * dimensions;
  const reader = new ByteReader(new Uint8Array(words.buffer, words.byteOffset + 4 * metaAt, metaLength));
  return { words, format, dimensions, rows, reader };
}

/** What the metadata begin with, in all formats. */
interface DeltaStart {
  readonly base: VersionId;
  readonly next: VersionId;
  readonly nextShardId: ShardId;
  readonly documentIds: readonly string[];
}

function readStart(reader: ByteReader): DeltaStart {
  const base = readVersionId(reader);
  const next = readVersionId(reader);
  const nextShardId = reader.number(MAX_SHARD_IDS, 'a shard id');
  const documentIds = Array.from({ length: reader.count('documents') }, () => readDocumentId(reader));
  return { base, next, nextShardId, documentIds };
}

/**
 * Views the bytes as words. Copies them if they are not aligned, or if another thread could change them meanwhile.
 */
function wordsOf(bytes: unknown): Uint32Array {
  if (!ArrayBuffer.isView(bytes) || (bytes as Partial<Uint8Array>)[Symbol.toStringTag] !== 'Uint8Array')
    throw new InvalidDeltaError(
      `Expected a Uint8Array, as encodeDelta() returns and files hold, not ${show(bytes)}.`,
    );
  if (bytes.byteLength < 4 * HEADER || bytes.byteLength % 4 !== 0)
    throw damaged(`they are ${bytes.byteLength}, which none can be`);
  const given = bytes as Uint8Array;
  const usable = given.byteOffset % 4 === 0 && !isShared(given);
  const { buffer, byteOffset, byteLength } = usable ? given : new Uint8Array(given);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** By its tag, as `instanceof` fails for memory of another realm. */
function isShared({ buffer }: Uint8Array): boolean {
  return buffer[Symbol.toStringTag] === 'SharedArrayBuffer';
}

function readVersionId(reader: ByteReader): VersionId {
  const version = reader.number(MAX_INTEGER, 'a version');
  const fingerprint = reader.text('a fingerprint');
  if (!/^[0-9a-f]{16}$/.test(fingerprint)) throw damaged('a fingerprint is none');
  return { version, fingerprint };
}

function readDocumentId(reader: ByteReader): string {
  const documentId = reader.text('a documentId');
  if (documentId === '') throw damaged('a documentId is empty');
  return documentId;
}

function documentAt(documentIds: readonly string[], at: number): string {
  if (at >= documentIds.length) throw damaged('a document is not among those listed');
  return documentIds[at];
}

function readLedger(reader: ByteReader, rows: number, documentIds: readonly string[]): Ledger {
  const updated = new Uint8Array(rows);
  for (const row of readAscending(reader, rows - 1, 'updated postings')) updated[row] = 1;
  const removed = readKeys(reader, reader.count('removed postings'), documentIds);
  const read = (what: string): string[] =>
    readAscending(reader, MAX_INTEGER, what).map((at) => documentAt(documentIds, at));
  return {
    updated,
    removed,
    documents: { added: read('added documents'), removed: read('removed documents') },
  };
}

/** Reads keys. Each takes bytes in the input, so the result is never larger than the data. */
function readKeys(reader: ByteReader, count: number, listed: readonly string[]): KeyColumns {
  const documentIds: string[] = [];
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) {
    documentIds.push(documentAt(listed, reader.number(MAX_INTEGER, 'a document')));
    starts.push(reader.number(MAX_UINT32, 'a start'));
    lengths.push(reader.number(MAX_UINT32, 'a length'));
  }
  return { documentIds, starts, lengths };
}

/** Reads records, of each document one at most. */
function readRecords(reader: ByteReader, documentIds: readonly string[]): readonly RecordChange[] {
  const seen = new Set<string>();
  return Array.from({ length: reader.count('records') }, () => {
    const documentId = documentAt(documentIds, reader.number(MAX_INTEGER, 'a document'));
    if (seen.has(documentId)) throw damaged('a document has two records');
    seen.add(documentId);
    const existed = reader.number(1, 'a record') === 1;
    const text = reader.number(1, 'a record') === 1 ? reader.text('a text') : undefined;
    const json = reader.number(1, 'a record') === 1 ? reader.text('metadata') : undefined;
    const after = recordOf(text, json === undefined ? undefined : readMetadata(documentId, json));
    if (!existed && after === undefined) throw damaged('a record neither comes nor goes');
    return { documentId, existed, before: undefined, after };
  });
}

function readMetadata(documentId: string, json: string): Metadata {
  try {
    return takeMetadata(JSON.parse(json), undefined, documentId);
  } catch (error) {
    throw because(damaged(`the metadata of a document are none: ${thrownText(error)}`), error);
  }
}

function readOwed(reader: ByteReader): readonly ShardId[] {
  const count = reader.count('shards that are owed');
  if (count % 2 !== 0) throw damaged('what is owed is not in pairs');
  return Object.freeze(Array.from({ length: count }, () => reader.number(MAX_SHARD_IDS, 'a shard id')));
}

function readAscending(reader: ByteReader, most: number, what: string): number[] {
  const count = reader.count(what);
  const numbers: number[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    const number = next + reader.number(MAX_INTEGER, what);
    if (number > most) throw damaged(`${what} are out of range`);
    numbers.push(number);
    next = number + 1;
  }
  return numbers;
}

function readShards(reader: ByteReader, block: RowBlock, dimensions: number): ShardChange[] {
  const shards: ShardChange[] = [];
  let written = 0;
  const count = reader.count('shards');
  for (let i = 0; i < count; i++) {
    const id = reader.number(MAX_INTEGER, 'a shard id');
    if (id <= (shards.at(-1)?.id ?? -1)) throw damaged('its shards are not in order');
    const centroid = readCentroid(reader, dimensions);
    const segments = Array.from({ length: reader.count('segments') }, (): SegmentChange => {
      const keeps = reader.number(MAX_UINT32, 'a segment') - 1;
      const capacity = reader.number(MAX_UINT32, 'a capacity');
      const visible = reader.number(capacity, 'the rows of a segment');
      const buried = readAscending(reader, visible - 1, 'buried rows');
      const runs: Run[] = [];
      let next = 0;
      for (let left = reader.count('runs'); left > 0; left--) {
        const run = readRun(reader, next, block, written);
        next = run.at + run.count;
        if (next > visible) throw damaged('its runs are out of range');
        if (run.from === block) written += run.count;
        runs.push(run);
      }
      return { keeps, capacity, visible, buried, runs };
    });
    shards.push({ id, centroid, segments });
  }
  if (written !== block.capacity) throw damaged('some of its rows belong nowhere');
  return shards;
}

function readRun(reader: ByteReader, next: number, block: RowBlock, written: number): Run {
  const at = next + reader.number(MAX_UINT32, 'a run');
  const count = reader.number(MAX_UINT32, 'a run');
  if (count === 0) throw damaged('a run is empty');
  const source = reader.number(MAX_INTEGER, 'a shard id');
  if (source === 0) {
    if (written + count > block.capacity) throw damaged('it has fewer rows than its runs');
    return { at, count, from: block, row: written };
  }
  const segment = reader.number(MAX_UINT32, 'a segment');
  return { at, count, from: { shard: source - 1, segment }, row: reader.number(MAX_UINT32, 'a row') };
}

function readCentroid(reader: ByteReader, dimensions: number): Centroid | undefined {
  if (reader.number(1, 'a centroid') === 0) return undefined;
  const bytes = reader.raw(4 * dimensions, 'a centroid');
  const vector = new Float32Array(bytes.buffer, bytes.byteOffset, dimensions);
  if (!vector.every(Number.isFinite)) throw damaged('a centroid is not finite');
  return new Centroid(vector);
}

function readChunks(reader: ByteReader): readonly ChunkChange[] | undefined {
  if (reader.number(1, 'the centroid table') === 0) return undefined;
  const chunks: ChunkChange[] = [];
  for (let left = reader.count('chunks'); left > 0; left--) {
    const members = reader.count('the shards of a chunk');
    if (members > 0) {
      chunks.push(Array.from({ length: members }, (): ShardId => reader.number(MAX_INTEGER, 'a shard id')));
      continue;
    }
    const first = reader.number(MAX_CHUNKS, 'a chunk');
    const count = reader.number(MAX_CHUNKS - chunks.length, 'the number of chunks');
    for (let i = 0; i < count; i++) chunks.push(first + i);
  }
  return chunks;
}
