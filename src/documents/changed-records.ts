// The records in which two versions differ.
import { eachDifference } from '../collections/trie-difference.js';
import type { Records } from './record.js';
import type { ChangedRecord } from './records-draft.js';

/** Lists the records that differ, ascending by document. Time: O(changed records · log records). */
export function changedRecords(a: Records, b: Records): readonly ChangedRecord[] {
  if (a === b) return [];
  const changed: ChangedRecord[] = [];
  eachDifference(a, b, (documentId, before, after) => changed.push({ documentId, before, after }));
  return changed.sort((x, y) => (x.documentId < y.documentId ? -1 : 1));
}
