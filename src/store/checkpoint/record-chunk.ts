/*
 * Records of documents in a checkpoint as bytes: of each its id, its text and its metadata as JSON. Records go to chunks by
 * the hash of their ids, so that a chunk none of whose records has changed is used again.
 */

import { hashOf } from '../../collections/hash.js';
import type { Steps } from '../../collections/steps.js';
import { ByteWriter } from '../../delta/bytes.js';
import { changedRecords } from '../../documents/changed-records.js';
import { type DocumentRecord, jsonOf, noRecords, recordOf } from '../../documents/record.js';
import { takeMetadata } from '../../documents/take-metadata.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { FRAME, KINDS, damaged, framed, readRest, unframed } from './frame.js';
import type { WrittenRecords } from './written-rows.js';

/** Bytes of records in a chunk, about, and how many chunks there are at most. */
const CHUNK_BYTES = 1 << 18;
const MOST_CHUNKS = 1 << 12;

/** Records in between which an encoding may pause. */
const A_SLICE = 1024;

const WHAT = 'chunk of records';

/** A document with its record. */
export type RecordEntry = readonly [documentId: string, record: DocumentRecord];

/** How many buckets the records of a version go to: a power of two. */
export function bucketCountFor({ recordBytes }: Pick<ShardexIndex, 'recordBytes'>): number {
  let count = 1;
  while (count < MOST_CHUNKS && count * CHUNK_BYTES < recordBytes) count *= 2;
  return count;
}

/** The records that have to be put, by their bucket; those of a bucket that is as it was written are left out. */
export function* missingRecords(
  { records }: Pick<ShardexIndex, 'records'>,
  bucketCount: number,
  written: WrittenRecords | undefined,
): Steps<ReadonlyMap<number, RecordEntry[]>> {
  const bucketOf = (documentId: string): number => hashOf(documentId) & (bucketCount - 1);
  const isKnown = written?.chunks.length === bucketCount;
  const changed = changedRecords(isKnown ? written.records : noRecords(), records);
  yield;
  const missing = new Map(changed.map(({ documentId }) => [bucketOf(documentId), [] as RecordEntry[]]));
  if (missing.size === 0) return missing;
  let count = 0;
  for (const [documentId, record] of records) {
    missing.get(bucketOf(documentId))?.push([documentId, record]);
    if (++count % A_SLICE === 0) yield;
  }
  return missing;
}

/** Encodes records as a chunk, ascending by id. Time: O(text and metadata). */
export function* encodeRecords(entries: readonly RecordEntry[]): Steps<Uint8Array<ArrayBuffer>> {
  const out = new ByteWriter();
  let count = 0;
  for (const [documentId, { text, metadata }] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.text(documentId);
    for (const part of [text, metadata && jsonOf(metadata)]) {
      out.number(part === undefined ? 0 : 1);
      if (part !== undefined) out.text(part);
    }
    if (++count % A_SLICE === 0) yield;
  }
  const rest = out.padded();
  const words = new Uint32Array(FRAME + rest.length / 4);
  new Uint8Array(words.buffer).set(rest, 4 * FRAME);
  return framed(words, KINDS.records, [entries.length, 0]);
}

/**
 * Decodes a chunk of records.
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeRecords(bytes: Uint8Array): RecordEntry[] {
  const frame = unframed(bytes, KINDS.records, WHAT);
  return readRest(frame, FRAME, WHAT, (reader) => {
    const entries: RecordEntry[] = [];
    while (entries.length < frame.counts[0]) {
      const documentId = reader.text('a documentId');
      const read = (what: string): string | undefined =>
        reader.number(1, what) === 0 ? undefined : reader.text(what);
      const [text, json] = [read('a text'), read('metadata')];
      const record = recordOf(text, json === undefined ? undefined : metadataOf(json, documentId));
      if (documentId === '' || record === undefined) throw damaged(WHAT, 'a record is none');
      entries.push([documentId, record]);
    }
    return entries;
  });
}

function metadataOf(json: string, documentId: string): DocumentRecord['metadata'] {
  try {
    return takeMetadata(JSON.parse(json), undefined, documentId);
  } catch {
    throw damaged(WHAT, `the metadata of a document are none`);
  }
}
