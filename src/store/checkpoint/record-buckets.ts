/*
 * The buckets that the records of a version lie in, by a hash of their ids, and which of them lie in chunks already. A
 * bucket in which no record has changed keeps its chunk.
 */

import { hashOf } from '../../collections/hash.js';
import type { Steps } from '../../collections/steps.js';
import { changedRecords } from '../../documents/changed-records.js';
import { noRecords } from '../../documents/no-records.js';
import type { DocumentRecord, Records } from '../../documents/record.js';
import type { WrittenChunk } from './written-rows.js';

/** Bytes of a bucket at most, about: what an edited record costs the next checkpoint. */
const BUCKET_BYTES = 256 << 10;
/** Bytes of a record beside its text and its metadata, about. */
const OVERHEAD = 32;
/** Records looked at in one step. */
const RECORDS_PER_STEP = 256;

/** The records of a checkpoint, and the chunk of each bucket: none for a bucket without records. */
export interface WrittenRecords {
  readonly records: Records;
  readonly chunks: readonly (WrittenChunk | undefined)[];
}

/** Where nothing is written. */
export function noWrittenRecords(): WrittenRecords {
  return { records: noRecords(), chunks: [] };
}

/** The bucket of a document, of so many: a power of two. */
export function bucketOf(documentId: string, count: number): number {
  return hashOf(documentId) & (count - 1);
}

/** A bucket that has to be written. */
export interface Bucket {
  readonly place: number;
  /** Ascending by id. */
  readonly records: readonly (readonly [string, DocumentRecord])[];
}

/** What a checkpoint has to write of the records, and what it need not. */
export interface BucketPlan {
  readonly buckets: readonly Bucket[];
  /** The chunks by bucket; of those in `buckets`, and of empty ones, none. */
  readonly chunks: readonly (WrittenChunk | undefined)[];
}

/** Finds the buckets to write. Time: O(1) where no record has changed, else O(records · log). */
export function* planBuckets(
  { records, recordBytes }: { readonly records: Records; readonly recordBytes: number },
  last: WrittenRecords,
): Steps<BucketPlan> {
  const count =
    records.size === 0 ? 0 : bucketCount(recordBytes + OVERHEAD * records.size, last.chunks.length);
  const isAsBefore = count === last.chunks.length;
  if (isAsBefore && records === last.records) return { buckets: [], chunks: last.chunks };
  const chunks = isAsBefore ? [...last.chunks] : Array<WrittenChunk | undefined>(count).fill(undefined);
  const found = new Map<number, [string, DocumentRecord][]>();
  if (!isAsBefore) for (let place = 0; place < count; place++) found.set(place, []);
  else
    for (const { documentId } of changedRecords(last.records, records)) {
      const place = bucketOf(documentId, count);
      found.set(place, []);
      chunks[place] = undefined;
    }
  let seen = 0;
  for (const [documentId, record] of records) {
    if (seen++ % RECORDS_PER_STEP === 0) yield;
    found.get(bucketOf(documentId, count))?.push([documentId, record]);
  }
  const buckets: Bucket[] = [];
  for (const [place, inIt] of found) {
    yield;
    if (inIt.length > 0) buckets.push({ place, records: inIt.sort(([a], [b]) => (a < b ? -1 : 1)) });
  }
  return { buckets, chunks };
}

/** How many buckets so many bytes take; as many as before while these are about as full as they should be. */
function bucketCount(bytes: number, before: number): number {
  const wanted = 2 ** Math.max(0, Math.ceil(Math.log2(bytes / BUCKET_BYTES)));
  // Else sizes about a limit would have all written again, to and fro.
  return before === wanted * 2 || before === wanted / 2 ? before : wanted;
}
