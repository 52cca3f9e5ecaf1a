// What two versions share: which of their shards are one and the same object, how these hang in the trie of each, and how
// many bytes of rows both hold.
import type { RowBlock, Shard, ShardId, ShardexIndex } from 'shardex';

/** A shard in two versions: one object where both share it, two where one version has its own, or one side alone. */
export interface Place {
  readonly id: ShardId;
  readonly before: Shard | undefined;
  readonly after: Shard | undefined;
}

/** The places below one node of the trie's first level, ascending. */
export interface Twig {
  readonly places: readonly Place[];
  /** Whether both versions have this very node, and so everything below it. */
  readonly isShared: boolean;
}

/** How two versions hang together. */
export interface Sharing {
  /** By the lowest five bits of the shards' ids, as the trie has them. */
  readonly twigs: readonly Twig[];
  /** Shards that both have. */
  readonly shared: number;
  /** Shards of which only the first has this object. */
  readonly onlyBefore: number;
  /** Shards of which only the second has this object. */
  readonly onlyAfter: number;
  /** Bytes of rows that both hold. */
  readonly sharedBytes: number;
  /** Bytes of rows that only the second holds. */
  readonly newBytes: number;
}

/** How many children a node of the trie has at most. */
export const TWIGS = 32;

/** Whether both versions have one and the same shard at a place. */
export function isShared({ before, after }: Place): boolean {
  return before === after;
}

/** Compares two versions by identity. Time: O(shards + row blocks). */
export function sharingOf(before: ShardexIndex, after: ShardexIndex): Sharing {
  const ids = [...new Set([...before.shards.keys(), ...after.shards.keys()])].sort((a, b) => a - b);
  const places = ids.map((id) => ({ id, before: before.shards.get(id), after: after.shards.get(id) }));
  const shared = places.filter(isShared).length;
  const blocks = blocksOf(before);
  let [sharedBytes, newBytes] = [0, 0];
  for (const block of blocksOf(after)) {
    if (blocks.has(block)) sharedBytes += block.byteLength;
    else newBytes += block.byteLength;
  }
  return {
    twigs: Array.from({ length: TWIGS }, (_, at) => twigOf(places.filter(({ id }) => id % TWIGS === at))),
    shared,
    onlyBefore: before.shardCount - shared,
    onlyAfter: after.shardCount - shared,
    sharedBytes,
    newBytes,
  };
}

/** A commit copies a node where it changes something below it, and no other. */
function twigOf(places: readonly Place[]): Twig {
  return { places, isShared: places.every(isShared) };
}

function blocksOf(index: ShardexIndex): Set<RowBlock> {
  return new Set([...index.shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block)));
}
