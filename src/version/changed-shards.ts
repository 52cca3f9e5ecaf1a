// Finds the shards that differ between two versions.
import type { Map as ImmutableMap } from 'immutable';
import type { Shard, ShardId } from './shard.js';
import type { ShardexIndex } from './shardex-index.js';
import { eachDifference } from '../collections/trie-difference.js';

/**
 * The ids of the shards that differ between two versions, ascending.
 *
 * They are known if the second version was made from the first; otherwise the maps are compared.
 */
export function changedShards(
  a: Pick<ShardexIndex, 'fingerprint' | 'shards'>,
  b: Pick<ShardexIndex, 'changed' | 'shards'>,
): readonly ShardId[] {
  return b.changed.since === a.fingerprint ? b.changed.ids : differingShards(a.shards, b.shards);
}

/** Compares two maps of shards. Time: O(differing shards · log shards). */
export function differingShards(a: ImmutableMap<ShardId, Shard>, b: ImmutableMap<ShardId, Shard>): ShardId[] {
  const ids: ShardId[] = [];
  eachDifference(a, b, (id) => ids.push(id));
  return ids.sort((x, y) => x - y);
}
