import { Set as ImmutableSet } from 'immutable';
import type { ShardId } from './shard.js';

/** The shards that hold a document: mostly one, kept as a plain number, which is all the memory it needs. */
export type DocumentEntry = ShardId | ImmutableSet<ShardId>;

/** The shards of an entry, ascending. */
export function shardsOf(entry: DocumentEntry | undefined): readonly ShardId[] {
  if (entry === undefined) return [];
  return typeof entry === 'number' ? [entry] : [...entry].sort((a, b) => a - b);
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
