// The documents map: which shards hold each document.
import type { ShardId } from './shard.js';
import { eachStringDifference } from '../collections/string-map-difference.js';
import { StringMap } from '../collections/string-map.js';
import type { Numbers } from '../collections/text-bucket.js';

/**
 * The shards that hold a document: mostly one, kept as a plain number, which is all the memory it needs; else a frozen
 * list of them, ascending. A document in S shards makes a change of it cost O(S), which is less than what its rows cost.
 */
export type DocumentEntry = Numbers;

/** The documents of a version. */
export type Documents = StringMap;

/** What an index without postings holds. */
export function noDocuments(): Documents {
  return StringMap.empty();
}

/** Where a document is; `undefined` for an unknown one. */
export function entryOf(documents: Documents, documentId: string): DocumentEntry | undefined {
  return documents.get(documentId);
}

/** Visits each document that is in other shards in one version than in another, `undefined` where it is in none. */
export function eachChangedDocument(
  a: Documents,
  b: Documents,
  visit: (documentId: string, before: DocumentEntry | undefined, after: DocumentEntry | undefined) => void,
): void {
  eachStringDifference(a, b, visit);
}

/** Documents that are in other shards in one version than in another. */
export interface ChangedDocuments {
  readonly documentIds: readonly string[];
  readonly before: readonly (DocumentEntry | undefined)[];
  readonly after: readonly (DocumentEntry | undefined)[];
}

/** Lists the documents that changed shards. Time: O(changed documents · log documents). */
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

/** The entry with one more shard; the same entry where it is there already. */
export function withShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry {
  if (entry === undefined || entry === shard) return shard;
  const shards = shardsOf(entry);
  const at = positionOf(shards, shard);
  if (shards[at] === shard) return entry;
  return Object.freeze([...shards.slice(0, at), shard, ...shards.slice(at)]);
}

/** The entry with one shard less; `undefined` when none is left. */
export function withoutShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry | undefined {
  if (entry === undefined || entry === shard) return undefined;
  if (typeof entry === 'number') return entry;
  const at = positionOf(entry, shard);
  if (entry[at] !== shard) return entry;
  const rest = [...entry.slice(0, at), ...entry.slice(at + 1)];
  return rest.length === 1 ? rest[0] : Object.freeze(rest);
}

/** Where a shard is in an ascending list, or would have to be. */
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
