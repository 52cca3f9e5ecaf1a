/*
 * The ledger of a delta: the change by posting and document rather than by shard, for `added`, `removed`, `updated`
 * and `documents`. It is kept compact, and becomes lists of keys on first access.
 */

import type { PostingKey } from '../errors.js';
import { compareKeys, keyOfRow } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import { type RecordChange, type ShardChange, eachWrittenRun } from './changes.js';
import { type KeyColumns, KeyIndex, columnsOfKeys } from './key-index.js';

/** The change by posting and document, in compact form. */
export interface Ledger {
  /** For each written row, in order: 1 if it replaces the vector of a posting of the base. */
  readonly updated: Uint8Array;
  /** Keys of postings that are in the base only. */
  readonly removed: KeyColumns;
  readonly documents: Pick<DocumentChanges, 'added' | 'removed'>;
}

/** The ledger with a key for each posting; every list sorted and frozen. */
export interface KeyChanges {
  readonly added: readonly PostingKey[];
  readonly removed: readonly PostingKey[];
  readonly updated: readonly PostingKey[];
  readonly documents: DocumentChanges;
}

/** Documents that a {@link Delta} changes, each list sorted. */
export interface DocumentChanges {
  /** Not in the base. */
  readonly added: readonly string[];
  /** Not in the next version. */
  readonly removed: readonly string[];
  /** In both, with other postings, another text or other metadata. */
  readonly updated: readonly string[];
}

/** Makes the ledger from the lost keys of the base and the written rows: a key in both has another vector. */
export function ledgerOfRows(
  lost: KeyColumns,
  isMoved: Uint8Array,
  shards: readonly ShardChange[],
  documents: Ledger['documents'],
): Ledger {
  // Most commits only add, and pay for nothing else.
  if (lost.documentIds.length === 0)
    return { updated: updatedRows(shards, () => false), removed: lost, documents };
  const index = new KeyIndex(lost);
  const isThere = isMoved.slice();
  const updated = updatedRows(shards, (documentId, start, length) => {
    const at = index.find(documentId, start, length);
    if (at >= 0) isThere[at] = 1;
    return at >= 0;
  });
  const isRemoved = (_: unknown, at: number): boolean => isThere[at] === 0;
  const removed = {
    documentIds: lost.documentIds.filter(isRemoved),
    starts: Uint32Array.from(lost.starts).filter(isRemoved),
    lengths: Uint32Array.from(lost.lengths).filter(isRemoved),
  };
  return { updated, removed, documents };
}

/** Makes the ledger from lists of keys, of which the added and updated ones are those of the written rows. */
export function ledgerOfKeys(keys: KeyChanges, shards: readonly ShardChange[]): Ledger {
  const index = new KeyIndex(columnsOfKeys(keys.updated));
  return {
    updated: updatedRows(shards, (documentId, start, length) => index.find(documentId, start, length) >= 0),
    removed: columnsOfKeys(keys.removed),
    documents: keys.documents,
  };
}

function updatedRows(
  shards: readonly ShardChange[],
  isUpdated: (documentId: string, start: number, length: number) => boolean,
): Uint8Array {
  const updated: number[] = [];
  eachWrittenRun(shards, (block, first, count) => {
    const { ids, starts, lengths } = columnsOf(block);
    for (let row = first; row < first + count; row++)
      updated.push(isUpdated(ids.at(row), starts[row], lengths[row]) ? 1 : 0);
  });
  return Uint8Array.from(updated);
}

/** Expands the ledger into sorted lists of keys. Time: O(n log n). */
export function keyChangesOf(
  { updated: isUpdated, removed, documents }: Ledger,
  shards: readonly ShardChange[],
  records: readonly RecordChange[],
): KeyChanges {
  const added: PostingKey[] = [];
  const updated: PostingKey[] = [];
  let at = 0;
  eachWrittenRun(shards, (block, first, count) => {
    const columns = columnsOf(block);
    for (let row = first; row < first + count; row++)
      (isUpdated[at++] === 1 ? updated : added).push(keyOfRow(columns, row));
  });
  const gone = removed.documentIds.map((documentId, i) => ({
    documentId,
    start: removed.starts[i],
    length: removed.lengths[i],
  }));
  const others = new Set<string>();
  for (const keys of [added, gone, updated]) {
    for (const key of keys.sort(compareKeys)) others.add(Object.freeze(key).documentId);
    Object.freeze(keys);
  }
  for (const { documentId } of records) others.add(documentId);
  for (const documentId of documents.added) others.delete(documentId);
  for (const documentId of documents.removed) others.delete(documentId);
  const sorted = (ids: Iterable<string>): readonly string[] => Object.freeze([...ids].sort());
  return Object.freeze({
    added,
    removed: gone,
    updated,
    documents: Object.freeze({
      added: sorted(documents.added),
      removed: sorted(documents.removed),
      updated: sorted(others),
    }),
  });
}
