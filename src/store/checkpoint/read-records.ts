/*
 * Reads the records of a checkpoint from the chunks of their buckets, with checks that each lies where it belongs.
 */

import { because, thrownText } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import type { Steps } from '../../collections/steps.js';
import { noRecords } from '../../documents/no-records.js';
import { type Metadata, type Records, recordOf } from '../../documents/record.js';
import { takeMetadata } from '../../documents/take-metadata.js';
import type { RunSteps } from './checkpointer.js';
import { damaged } from './frame.js';
import type { Manifest } from './manifest.js';
import { type WrittenRecords, bucketOf } from './record-buckets.js';
import { decodeRecords } from './record-chunk.js';

const WHAT = 'checkpoint';

/**
 * Reads the records. `coming` has their chunks, each with its place in the manifest. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}, and what the log throws.
 */
export async function readRecords(
  coming: AsyncIterable<readonly [number, Uint8Array]>,
  manifest: Manifest,
  run: RunSteps,
): Promise<WrittenRecords> {
  const { chunks, buckets } = manifest;
  const bucketsOf = new Map(buckets.map((chunk, bucket) => [chunk, bucket]));
  const records = noRecords().asMutable();
  let byteLength = 0;
  let count = 0;
  for await (const [at, bytes] of coming) {
    byteLength += await run(takeRecords(records, bytes, bucketsOf.get(at), buckets.length));
    if (records.size - count !== chunks[at].rows)
      throw damaged(WHAT, 'a chunk holds other records than its manifest says');
    count = records.size;
  }
  if (byteLength !== manifest.recordBytes)
    throw damaged(WHAT, 'it contradicts itself about the bytes of records');
  return {
    records: records.asImmutable(),
    chunks: buckets.map((chunk) => (chunk === undefined ? undefined : chunks[chunk])),
  };
}

/** Takes in the records of a chunk; returns how many bytes they keep, as `bytesOfRecord` counts. */
function* takeRecords(
  records: Records,
  bytes: Uint8Array,
  bucket: number | undefined,
  bucketCount: number,
): Steps<number> {
  let units = 0;
  for (const { documentId, text, json } of decodeRecords(bytes)) {
    yield;
    if (bucketOf(documentId, bucketCount) !== bucket || records.has(documentId))
      throw damaged(WHAT, `the record of document ${show(documentId)} is in a wrong place`);
    const record = recordOf(text, json === undefined ? undefined : metadataFrom(documentId, json));
    if (record !== undefined) records.set(documentId, record);
    units += (text?.length ?? 0) + (json?.length ?? 0);
  }
  return 2 * units;
}

function metadataFrom(documentId: string, json: string): Metadata {
  try {
    return takeMetadata(JSON.parse(json), undefined, documentId);
  } catch (error) {
    throw because(damaged(WHAT, `the metadata of a document are none: ${thrownText(error)}`), error);
  }
}
