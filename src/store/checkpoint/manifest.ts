/*
 * The manifest of a checkpoint: everything of a version but its rows and records, and in which chunks those are. The store format in
 * docs/internals/store-format.md has its tables.
 */

import { MOST_COUNTED } from '../../calibration/calibration.js';
import type { CalibrationChange } from '../../calibration/change.js';
import type { Steps } from '../../collections/steps.js';
import { type ByteReader, ByteWriter } from '../../delta/bytes.js';
import { readCalibration, writeCalibration } from '../../delta/calibration-bytes.js';
import { FRAME, KINDS, damaged, framed, readRest, unframed } from './frame.js';

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
const MAX_UINT32 = 0xffff_ffff;
const WHAT = 'manifest of a checkpoint';

/** Some rows of a block, and where they are in a chunk. */
export interface Part {
  /** The first of them in the block. */
  readonly at: number;
  readonly count: number;
  /** The chunk, by its place in the manifest's list. */
  readonly chunk: number;
  /** The first of them in the chunk. */
  readonly row: number;
}

export interface ManifestSegment {
  readonly capacity: number;
  readonly visible: number;
  /** A bit for each dead row, 32 in a word; none where all are live. */
  readonly dead: readonly number[];
  /** Ascending, and without overlaps; rows in none are dead. */
  readonly parts: readonly Part[];
}

export interface ManifestShard {
  readonly id: number;
  readonly centroid: Float32Array;
  readonly segments: readonly ManifestSegment[];
}

/** A chunk that a manifest refers to. */
export interface ManifestChunk {
  readonly key: string;
  readonly kind: number;
  /** Rows in it, or records. */
  readonly rows: number;
  readonly byteLength: number;
}

/** The token of a version, kept so that a commit can be asked for after its entry is gone. */
export interface KnownToken {
  readonly version: number;
  readonly token: string;
}

export interface Manifest {
  readonly version: number;
  readonly fingerprint: string;
  readonly token: string;
  readonly postingCount: number;
  readonly documentCount: number;
  readonly placedCount: number;
  readonly recordBytes: number;
  readonly nextShardId: number;
  readonly churn: number;
  readonly owed: readonly number[];
  readonly calibration: CalibrationChange;
  readonly chunks: readonly ManifestChunk[];
  /** The chunk of each bucket of records, by its place in the list; none for an empty bucket. */
  readonly buckets: readonly (number | undefined)[];
  readonly shards: readonly ManifestShard[];
  /** The chunks of the centroid table, by their shards. */
  readonly centroids: readonly (readonly number[])[];
  /** Ascending; the last is the version's own. */
  readonly tokens: readonly KnownToken[];
}

/** Encodes a manifest. Time: O(shards · dimensions + segments + parts). */
export function* encodeManifest(manifest: Manifest): Steps<Uint8Array<ArrayBuffer>> {
  const out = new ByteWriter();
  const { version, fingerprint, token, postingCount, documentCount, placedCount, recordBytes } = manifest;
  const { nextShardId, churn } = manifest;
  out.number(version);
  out.text(fingerprint);
  out.text(token);
  for (const count of [postingCount, documentCount, placedCount, recordBytes, nextShardId, churn])
    out.number(count);
  writeNumbers(out, manifest.owed);
  writeCalibration(out, manifest.calibration);
  out.number(manifest.chunks.length);
  for (const { key, kind, rows, byteLength } of manifest.chunks) {
    out.text(key);
    for (const number of [kind, rows, byteLength]) out.number(number);
  }
  writeNumbers(
    out,
    manifest.buckets.map((chunk) => (chunk === undefined ? 0 : chunk + 1)),
  );
  out.number(manifest.shards.length);
  for (const shard of manifest.shards) {
    yield;
    writeShard(out, shard);
  }
  out.number(manifest.centroids.length);
  for (const ids of manifest.centroids) writeNumbers(out, ids);
  yield;
  out.number(manifest.tokens.length);
  for (const known of manifest.tokens) {
    out.number(known.version);
    out.text(known.token);
  }
  const rest = out.padded();
  const words = new Uint32Array(FRAME + rest.length / 4);
  new Uint8Array(words.buffer).set(rest, 4 * FRAME);
  const dimensions = manifest.shards.at(0)?.centroid.length ?? 0;
  return framed(words, KINDS.manifest, [dimensions, manifest.shards.length]);
}

function writeShard(out: ByteWriter, { id, centroid, segments }: ManifestShard): void {
  out.number(id);
  out.raw(new Uint8Array(centroid.buffer, centroid.byteOffset, centroid.byteLength));
  out.number(segments.length);
  for (const { capacity, visible, dead, parts } of segments) {
    for (const number of [capacity, visible, dead.length]) out.number(number);
    for (const word of dead) out.number(word >>> 0);
    out.number(parts.length);
    let next = 0;
    for (const { at, count, chunk, row } of parts) {
      for (const number of [at - next, count, chunk, row]) out.number(number);
      next = at + count;
    }
  }
}

function writeNumbers(out: ByteWriter, numbers: readonly number[]): void {
  out.number(numbers.length);
  for (const number of numbers) out.number(number);
}

/**
 * Decodes a manifest, with checks that whatever refers to something within it does so rightly. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const frame = unframed(bytes, KINDS.manifest, WHAT);
  const [dimensions] = frame.counts;
  return readRest(frame, FRAME, WHAT, (reader) => {
    const version = reader.number(MAX_INTEGER, 'a version');
    const fingerprint = reader.text('a fingerprint');
    const token = reader.text('a token');
    const [postingCount, documentCount, placedCount, recordBytes, nextShardId] = Array.from(
      { length: 5 },
      () => reader.number(MAX_INTEGER, 'a count'),
    );
    const churn = reader.number(MOST_COUNTED, 'a count of changes');
    const owed = readNumbers(reader, 'owed pairs');
    const calibration = readCalibration(reader);
    const chunks = listOf(reader, 'chunks', () => readChunk(reader));
    const buckets = readBuckets(reader, chunks);
    const shards = listOf(reader, 'shards', () => readShard(reader, dimensions, chunks));
    const centroids = listOf(reader, 'centroids', () => readNumbers(reader, 'shards'));
    const tokens = listOf(reader, 'tokens', () => ({
      version: reader.number(MAX_INTEGER, 'a version'),
      token: reader.text('a token'),
    }));
    const names = { version, fingerprint, token };
    const counts = { postingCount, documentCount, placedCount, recordBytes, nextShardId, churn };
    return { ...names, ...counts, owed, calibration, chunks, buckets, shards, centroids, tokens };
  });
}

function listOf<T>(reader: ByteReader, what: string, read: () => T): T[] {
  return Array.from({ length: reader.count(what) }, read);
}

function readNumbers(reader: ByteReader, what: string): number[] {
  return listOf(reader, what, () => reader.number(MAX_INTEGER, what));
}

function readChunk(reader: ByteReader): ManifestChunk {
  const key = reader.text('a key');
  const kind = reader.number(MAX_UINT32, 'a kind');
  if (kind !== KINDS.rows && kind !== KINDS.records) throw damaged(WHAT, `it has chunks of kind ${kind}`);
  return {
    key,
    kind,
    rows: reader.number(MAX_UINT32, 'rows'),
    byteLength: reader.number(MAX_INTEGER, 'a size'),
  };
}

/** Reads which chunk each bucket of records has: of a power of two of buckets, and each such chunk once. */
function readBuckets(reader: ByteReader, chunks: readonly ManifestChunk[]): (number | undefined)[] {
  const buckets = listOf(reader, 'buckets', () => {
    const place = reader.number(chunks.length, 'a chunk');
    return place === 0 ? undefined : place - 1;
  });
  const used = new Set(buckets);
  const isWhole = chunks.every(({ kind }, at) => (kind === KINDS.records) === used.has(at));
  const filled = buckets.filter((chunk) => chunk !== undefined).length;
  used.delete(undefined);
  if (!isWhole || used.size !== filled || (buckets.length & (buckets.length - 1)) !== 0)
    throw damaged(WHAT, 'its buckets of records are not those of its chunks');
  return buckets;
}

function readShard(reader: ByteReader, dimensions: number, chunks: readonly ManifestChunk[]): ManifestShard {
  const id = reader.number(MAX_INTEGER, 'a shard id');
  const raw = reader.raw(4 * dimensions, 'a centroid');
  const centroid = new Float32Array(raw.buffer, raw.byteOffset, dimensions);
  return { id, centroid, segments: listOf(reader, 'segments', () => readSegment(reader, chunks)) };
}

function readSegment(reader: ByteReader, chunks: readonly ManifestChunk[]): ManifestSegment {
  const capacity = reader.number(MAX_UINT32, 'a capacity');
  const visible = reader.number(capacity, 'visible rows');
  // Signed, as bitmaps of the library are.
  const dead = listOf(reader, 'dead rows', () => reader.number(MAX_UINT32, 'dead rows') | 0);
  let next = 0;
  const parts = listOf(reader, 'parts', () => {
    const at = next + reader.number(visible - next, 'a place');
    const count = reader.number(visible - at, 'rows');
    next = at + count;
    const chunk = reader.number(chunks.length - 1, 'a chunk');
    if (chunks[chunk].kind !== KINDS.rows) throw damaged(WHAT, 'it looks for rows among records');
    return { at, count, chunk, row: reader.number(chunks[chunk].rows - count, 'a row of a chunk') };
  });
  return { capacity, visible, dead, parts };
}
