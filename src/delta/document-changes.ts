import { entryOf } from '../version/documents.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { KeyChanges } from './delta.js';

/** Finds which documents came, went or have other postings, and notes them in `keys`. Time: O(changed keys). */
export function documentChanges(a: ShardexIndex, b: ShardexIndex, keys: KeyChanges): void {
  const { documents } = keys;
  const seen = new Set<string>();
  // A document with an updated posting is in both versions; one with a new posting is in the second at least.
  for (const { documentId } of keys.updated) {
    if (!seen.has(documentId)) documents.updated.push(documentId);
    seen.add(documentId);
  }
  for (const { documentId } of keys.added) {
    if (seen.has(documentId)) continue;
    seen.add(documentId);
    (entryOf(a.documents, documentId) === undefined ? documents.added : documents.updated).push(documentId);
  }
  for (const { documentId } of keys.removed) {
    if (seen.has(documentId)) continue;
    seen.add(documentId);
    (entryOf(b.documents, documentId) === undefined ? documents.removed : documents.updated).push(documentId);
  }
}
