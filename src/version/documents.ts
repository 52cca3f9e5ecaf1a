// The documents map: which shards hold each document (a forward index).
import type { ShardId } from './shard.js';
import { eachStringDifference } from '../collections/string-map-difference.js';
import { StringMap } from '../collections/string-map.js';
import type { Numbers } from '../collections/text-bucket.js';

/**
 * The shards that hold a document: one as a number, several as a frozen ascending list.
 *
 * Changing the entry of a document in S shards costs O(S), which is less than changing its rows.
 */
export type DocumentEntry = Numbers;

/** The documents of a version. */
export type Documents = StringMap;

/** The documents of an index without postings. */
export function noDocuments(): Documents {
  return StringMap.empty();
}

/** The shards of a document; `undefined` for an unknown one. */
export function entryOf(documents: Documents, documentId: string): DocumentEntry | undefined {
  return documents.get(documentId);
}

/** Visits each document whose shards differ between two versions; `undefined` stands for none. */
export function eachChangedDocument(
  a: Documents,
  b: Documents,
  visit: (documentId: string, before: DocumentEntry | undefined, after: DocumentEntry | undefined) => void,
): void {
  eachStringDifference(a, b, visit);
}

/** The documents whose shards differ between two versions. */
export interface ChangedDocuments {
  readonly documentIds: readonly string[];
  readonly before: readonly (DocumentEntry | undefined)[];
  readonly after: readonly (DocumentEntry | undefined)[];
}

/** Lists the documents whose shards differ. Time: O(changed documents · log documents). */
export function changedDocuments(a: Documents, b: Documents): ChangedDocuments {
  const documentIds: string[] = [];
  const before: (DocumentEntry | undefined)[] = [];
  const after: (DocumentEntry | undefined)[] = [];
  eachChangedDocument(a, b, (documentId, was, is) => {
    documentIds.push(documentId);
    before.push(was);
    after.push(is);
  });
  return { documentIds, before, after };
}

/** The ids of all documents, in no particular order. */
export function idsOf(documents: Documents): IterableIterator<string> {
  return documents.keys();
}

/** The shards of an entry, ascending. */
export function shardsOf(entry: DocumentEntry | undefined): readonly ShardId[] {
  if (entry === undefined) return [];
  return typeof entry === 'number' ? [entry] : entry;
}

/** Adds a shard to an entry; the same entry if it has it. */
export function withShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry {
  if (entry === undefined || entry === shard) return shard;
  const shards = shardsOf(entry);
  const at = positionOf(shards, shard);
  if (shards[at] === shard) return entry;
  return Object.freeze([...shards.slice(0, at), shard, ...shards.slice(at)]);
}

/** Removes a shard from an entry; `undefined` if none is left. */
export function withoutShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry | undefined {
  if (entry === undefined || entry === shard) return undefined;
  if (typeof entry === 'number') return entry;
  const at = positionOf(entry, shard);
  if (entry[at] !== shard) return entry;
  const rest = [...entry.slice(0, at), ...entry.slice(at + 1)];
  return rest.length === 1 ? rest[0] : Object.freeze(rest);
}

/** The position of a shard in an ascending list, or where it would be. */
function positionOf(shards: readonly ShardId[], shard: ShardId): number {
  let low = 0;
  let high = shards.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (shards[middle] < shard) low = middle + 1;
    else high = middle;
  }
  return low;
}
