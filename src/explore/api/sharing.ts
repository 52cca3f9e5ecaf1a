/*
 * What two versions share: shards that are the same object in both, and row blocks that both keep in memory.
 */

import type { Shard, ShardId, ShardexIndex } from '../../index.js';

/** How a shard stands to the version that is compared. */
export type ShardState = 'shared' | 'changed' | 'new';

/** What a version shares with another one. */
export interface Sharing {
  readonly states: ReadonlyMap<ShardId, ShardState>;
  /** Shards of the other version that this one has no more. */
  readonly gone: readonly Shard[];
  readonly counts: Readonly<Record<ShardState | 'gone', number>>;
  /** Bytes of row blocks that both keep, and of those that only this version does. */
  readonly sharedBytes: number;
  readonly ownBytes: number;
}

/** Compares the shards of two versions. Time: O(shards). */
export function sharingOf(shown: ShardexIndex, against: ShardexIndex): Sharing {
  const states = new Map<ShardId, ShardState>();
  const counts = { shared: 0, changed: 0, new: 0, gone: 0 };
  for (const shard of shown.shards.values()) {
    const other = against.shards.get(shard.id);
    const state = other === shard ? 'shared' : other === undefined ? 'new' : 'changed';
    states.set(shard.id, state);
    counts[state]++;
  }
  const gone = [...against.shards.values()].filter(({ id }) => !shown.shards.has(id));
  counts.gone = gone.length;
  const blocks = new Set([...against.shards.values()].flatMap(blocksOf));
  let [sharedBytes, ownBytes] = [0, 0];
  for (const shard of shown.shards.values())
    for (const block of blocksOf(shard)) {
      if (blocks.has(block)) sharedBytes += block.byteLength;
      else ownBytes += block.byteLength;
    }
  return { states, gone, counts, sharedBytes, ownBytes };
}

function blocksOf({ rows }: Shard): Shard['rows']['segments'][number]['block'][] {
  return rows.segments.map(({ block }) => block);
}
