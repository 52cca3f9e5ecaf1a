import { type Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import type { ShardId } from './shard.js';
import { eachDifference } from './trie-difference.js';

/** The shards that hold a document: mostly one, kept as a plain number, which is all the memory it needs. */
export type DocumentEntry = ShardId | ImmutableSet<ShardId>;

/** The documents of a version. Only the functions below know how an id becomes a key of it. */
export type Documents = ImmutableMap<string, DocumentEntry>;

/**
 * Immutable.js looks up the hash of a string longer than 16 code units in a plain object, where the one name that every
 * object inherits and that is that long finds a function instead, on which the trie can recurse without end. So ids that
 * begin with that name get a suffix in the map: a different key for each of them, as no other id gets one.
 */
const INHERITED = 'propertyIsEnumerable';

function keyFor(documentId: string): string {
  return documentId.startsWith(INHERITED) ? `${documentId}.` : documentId;
}

function idOf(key: string): string {
  return key.startsWith(INHERITED) ? key.slice(0, -1) : key;
}

/** Where a document is; `undefined` for an unknown one. */
export function entryOf(documents: Documents, documentId: string): DocumentEntry | undefined {
  return documents.get(keyFor(documentId));
}

/** The documents with one entry changed, or taken out where it is `undefined`. */
export function withEntry(
  documents: Documents,
  documentId: string,
  entry: DocumentEntry | undefined,
): Documents {
  const key = keyFor(documentId);
  return entry === undefined ? documents.delete(key) : documents.set(key, entry);
}

/** Visits each document that is in other shards in one version than in another, `undefined` where it is in none. */
export function eachChangedDocument(
  a: Documents,
  b: Documents,
  visit: (documentId: string, before: DocumentEntry | undefined, after: DocumentEntry | undefined) => void,
): void {
  eachDifference(a, b, (key, before, after) => {
    visit(idOf(key), before, after);
  });
}

/** The ids of all documents, in no particular order. */
export function* idsOf(documents: Documents): IterableIterator<string> {
  for (const key of documents.keys()) yield idOf(key);
}

/** The shards of an entry, ascending. */
export function shardsOf(entry: DocumentEntry | undefined): readonly ShardId[] {
  if (entry === undefined) return [];
  return typeof entry === 'number' ? [entry] : [...entry].sort((a, b) => a - b);
}

/** Whether a shard is among those of an entry. */
export function holds(entry: DocumentEntry | undefined, shard: ShardId): boolean {
  return typeof entry === 'object' ? entry.has(shard) : entry === shard;
}

/** The entry with one more shard; the same entry where it is there already. */
export function withShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry {
  if (entry === undefined || entry === shard) return shard;
  return typeof entry === 'number' ? ImmutableSet([entry, shard]) : entry.add(shard);
}

/** The entry with one shard less; `undefined` when none is left. */
export function withoutShard(entry: DocumentEntry | undefined, shard: ShardId): DocumentEntry | undefined {
  if (entry === undefined || entry === shard) return undefined;
  if (typeof entry === 'number') return entry;
  const rest = entry.remove(shard);
  return rest.size === 1 ? rest.first() : rest;
}
