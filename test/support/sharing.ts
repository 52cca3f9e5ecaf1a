import type { Shard, ShardexIndex } from 'shardex';

/** How the shards of one version relate to those of the next. */
export interface ShardDelta {
  /** In both, and the very same object. */
  readonly shared: readonly number[];
  /** In both, as different objects. */
  readonly copied: readonly number[];
  readonly added: readonly number[];
  readonly gone: readonly number[];
}

export function shardDelta(before: ShardexIndex, after: ShardexIndex): ShardDelta {
  const shared: number[] = [];
  const copied: number[] = [];
  const added: number[] = [];
  for (const [id, shard] of after.shards) {
    const old = before.shards.get(id);
    (old === undefined ? added : old === shard ? shared : copied).push(id);
  }
  const gone = [...before.shards.keys()].filter((id) => !after.shards.has(id));
  return { shared, copied, added, gone };
}

/** The row blocks that a version holds. */
export function blocksOf(version: ShardexIndex): Set<object> {
  return new Set(
    [...version.shards.values()].flatMap((shard) => shard.rows.segments.map(({ block }) => block)),
  );
}

/** Shards by how many live postings they hold, the fullest first. */
export function fullestFirst(version: ShardexIndex): Shard[] {
  return [...version.shards.values()].sort((a, b) => b.rows.liveCount - a.rows.liveCount);
}
