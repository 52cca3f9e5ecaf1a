// Packs the records of a difference into lists, and unpacks them: threads share no strings.
import { changedRecords } from '../../documents/changed-records.js';
import { type Records, jsonOf, recordLike } from '../../documents/record.js';
import { takeMetadata } from '../../documents/take-metadata.js';
import type { SentRecords } from './messages.js';

/** Packs the records in which two versions differ. Time: O(these records). */
export function packRecords(a: Records, b: Records): SentRecords {
  const changed = changedRecords(a, b);
  return {
    documentIds: changed.map(({ documentId }) => documentId),
    texts: changed.map(({ after }) => after?.text),
    metadata: changed.map(({ after }) => jsonOf(after?.metadata)),
  };
}

/**
 * Applies sent records to those of `base`.
 *
 * Records that an earlier version has in the same state are taken from there, so that both share them (I4). Time: O(records
 * sent).
 */
export function unpackRecords(
  base: Records,
  { documentIds, texts, metadata }: SentRecords,
  earlier: Records,
): Records {
  if (documentIds.length === 0) return base;
  return base.withMutations((records) => {
    documentIds.forEach((documentId, i) => {
      const before = records.get(documentId) ?? earlier.get(documentId);
      const taken =
        metadata[i] === '' ? undefined : takeMetadata(JSON.parse(metadata[i]), before?.metadata, documentId);
      const record = recordLike(before, texts[i], taken);
      if (record === undefined) records.delete(documentId);
      else records.set(documentId, record);
    });
  });
}
