// How many documents a version has: those with a posting, and those with a record alone.
import { type Documents, eachChangedDocument, entryOf } from '../version/documents.js';
import type { Records } from './record.js';
import type { ChangedRecord } from './records-draft.js';

/** What says which documents there are. */
export interface DocumentMaps {
  readonly placed: Documents;
  readonly records: Records;
}

/**
 * How many more documents `b` has than `a`, given the records in which they differ. Time: O(changed records + documents that
 * changed shards), without records O(1).
 */
export function moreDocuments(a: DocumentMaps, b: DocumentMaps, changed: readonly ChangedRecord[]): number {
  let more = b.placed.size - a.placed.size;
  for (const { documentId, before, after } of changed) {
    if (before !== undefined && entryOf(a.placed, documentId) === undefined) more--;
    if (after !== undefined && entryOf(b.placed, documentId) === undefined) more++;
  }
  if (a.records.size === 0 && b.records.size === 0) return more;
  const hasOther = new Set(changed.map(({ documentId }) => documentId));
  eachChangedDocument(a.placed, b.placed, (documentId, before, after) => {
    if (hasOther.has(documentId) || !b.records.has(documentId)) return;
    // Its record stays, so it was there before and still is: what the sizes say of it counts for nothing.
    if (before === undefined) more--;
    else if (after === undefined) more++;
  });
  return more;
}
