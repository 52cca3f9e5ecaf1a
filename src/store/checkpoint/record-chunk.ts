/*
 * Records of documents as bytes: a chunk holds those of one bucket, ascending by id. Unlike rows, records are edited in
 * place, so they lie where the hash of their id says, and an edit costs a bucket.
 */

import type { Steps } from '../../collections/steps.js';
import { ByteWriter } from '../../delta/bytes.js';
import { type DocumentRecord, jsonOf } from '../../documents/record.js';
import { FRAME, KINDS, damaged, framed, readRest, unframed } from './frame.js';

const WHAT = 'chunk of records';

/** Encodes the records of a bucket. Time: O(bytes). */
export function* encodeRecords(
  records: readonly (readonly [string, DocumentRecord])[],
): Steps<Uint8Array<ArrayBuffer>> {
  const out = new ByteWriter();
  for (const [documentId, { text, metadata }] of records) {
    yield;
    out.text(documentId);
    out.number(text === undefined ? 0 : 1);
    if (text !== undefined) out.text(text);
    out.number(metadata === undefined ? 0 : 1);
    if (metadata !== undefined) out.text(jsonOf(metadata));
  }
  const rest = out.padded();
  const words = new Uint32Array(FRAME + rest.length / 4);
  new Uint8Array(words.buffer).set(rest, 4 * FRAME);
  yield;
  return framed(words, KINDS.records, [records.length, 0]);
}

/** A record as a chunk has it: its metadata are yet to be parsed. */
export interface EncodedRecord {
  readonly documentId: string;
  readonly text: string | undefined;
  readonly json: string | undefined;
}

/**
 * Decodes a chunk. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeRecords(bytes: Uint8Array): readonly EncodedRecord[] {
  const frame = unframed(bytes, KINDS.records, WHAT);
  const [count] = frame.counts;
  return readRest(frame, FRAME, WHAT, (reader) => {
    const optional = (what: string): string | undefined =>
      reader.number(1, what) === 1 ? reader.text(what) : undefined;
    const records: EncodedRecord[] = [];
    while (records.length < count) {
      const documentId = reader.text('a documentId');
      const [text, json] = [optional('a text'), optional('metadata')];
      if (documentId === '' || (text === undefined && json === undefined))
        throw damaged(WHAT, 'a record is none');
      records.push({ documentId, text, json });
    }
    return records;
  });
}
