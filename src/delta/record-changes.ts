/*
 * The records of a delta: finds them between two versions, composes them, and derives which documents come and go.
 */

import { changedRecords } from '../documents/changed-records.js';
import type { DocumentMaps } from '../documents/document-count.js';
import { changedFields } from '../documents/fields.js';
import type { Records } from '../documents/record.js';
import { type ChangedDocuments, entryOf } from '../version/documents.js';
import type { RecordChange } from './changes.js';
import type { DocumentChanges } from './ledger.js';

/**
 * Finds the records in which two versions differ; those of versions that share nothing are compared by what they say. Time:
 * O(records that are not `===` · log records).
 */
export function recordsBetween(a: Records, b: Records): readonly RecordChange[] {
  return changedRecords(a, b)
    .filter(({ before, after }) => changedFields(before, after).length > 0)
    .map((change) => ({ ...change, existed: change.before !== undefined }));
}

/** Composes the records of two consecutive deltas. Time: O(changed records · log). */
export function composeRecords(
  a: readonly RecordChange[],
  b: readonly RecordChange[],
): readonly RecordChange[] {
  const composed = new Map(a.map((change) => [change.documentId, change]));
  for (const second of b) {
    const { existed, before } = composed.get(second.documentId) ?? second;
    const isBack = existed ? before !== undefined && before === second.after : second.after === undefined;
    if (isBack) composed.delete(second.documentId);
    else composed.set(second.documentId, { ...second, existed, before });
  }
  return [...composed.values()].sort((x, y) => (x.documentId < y.documentId ? -1 : 1));
}

/** Lists the documents that come and go, by their postings and records together. */
export function documentsThatCameOrWent(
  { documentIds, before, after }: ChangedDocuments,
  records: readonly RecordChange[],
  next: DocumentMaps,
): Pick<DocumentChanges, 'added' | 'removed'> {
  const placed = new Map(documentIds.map((documentId, i) => [documentId, i]));
  const changed = new Map(records.map((change) => [change.documentId, change]));
  const [added, removed]: [string[], string[]] = [[], []];
  for (const documentId of new Set([...documentIds, ...changed.keys()])) {
    const at = placed.get(documentId);
    const stays = at === undefined && entryOf(next.placed, documentId) !== undefined;
    const change = changed.get(documentId);
    const keeps = change === undefined && next.records.has(documentId);
    const was = stays || keeps || (at !== undefined && before[at] !== undefined) || change?.existed === true;
    const is = stays || keeps || (at !== undefined && after[at] !== undefined) || change?.after !== undefined;
    if (is && !was) added.push(documentId);
    if (was && !is) removed.push(documentId);
  }
  return { added, removed };
}
