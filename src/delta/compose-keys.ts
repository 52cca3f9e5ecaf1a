/*
 * The keys that two consecutive deltas change together: added and then removed is nothing, removed and then added an
 * update.
 */

import type { PostingKey } from '../errors.js';
import { keyText } from '../version/posting.js';
import type { RecordChange } from './changes.js';
import type { Delta } from './delta.js';
import type { DocumentChanges, KeyChanges } from './ledger.js';

type Kind = 'added' | 'removed' | 'updated';

/** Combines two changes of one posting, or of one document. */
function combineKinds(first: Kind, second: Kind): Kind | undefined {
  if (first === 'added') return second === 'removed' ? undefined : 'added';
  return second === 'removed' ? 'removed' : 'updated';
}

/** Composes the changed keys of two consecutive deltas, with the records that they change together. Time: O(changed keys). */
export function composeKeys(a: Delta, b: Delta, records: readonly RecordChange[]): KeyChanges {
  const kinds = new Map<string, { key: PostingKey; kind: Kind | undefined }>();
  for (const [key, second] of keysOf(b)) kinds.set(textOf(key), { key, kind: second });
  for (const [key, first] of keysOf(a)) {
    const second = kinds.get(textOf(key))?.kind;
    kinds.set(textOf(key), { key, kind: second === undefined ? first : combineKinds(first, second) });
  }
  const keys: Record<Kind, PostingKey[]> = { added: [], removed: [], updated: [] };
  const documents: Record<Kind, string[]> = { added: [], removed: [], updated: [] };
  const changed = new Set<string>();
  for (const { key, kind } of kinds.values()) {
    if (kind === undefined) continue;
    keys[kind].push(key);
    changed.add(key.documentId);
  }
  for (const { documentId } of records) changed.add(documentId);
  const [before, after] = [kindsOf(a.documents), kindsOf(b.documents)];
  for (const id of changed) {
    const [first, second] = [before.get(id), after.get(id)];
    const kind =
      first === undefined || second === undefined ? (first ?? second) : combineKinds(first, second);
    if (kind !== undefined) documents[kind].push(id);
  }
  return { ...keys, documents };
}

function* keysOf({ added, removed, updated }: Delta): Generator<[PostingKey, Kind]> {
  for (const key of added) yield [key, 'added'];
  for (const key of removed) yield [key, 'removed'];
  for (const key of updated) yield [key, 'updated'];
}

function kindsOf({ added, removed, updated }: DocumentChanges): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const id of added) kinds.set(id, 'added');
  for (const id of removed) kinds.set(id, 'removed');
  for (const id of updated) kinds.set(id, 'updated');
  return kinds;
}

function textOf({ documentId, start, length }: PostingKey): string {
  return keyText(documentId, start, length);
}
