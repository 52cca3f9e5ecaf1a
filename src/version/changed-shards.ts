import type { Map as ImmutableMap } from 'immutable';
import { bitCount } from './bits.js';
import type { Shard, ShardId } from './shard.js';
import type { ShardexIndex } from './shardex-index.js';

/** What a draft wrote down of its own doing: the shards that differ from those of the version it was made from. */
export interface ChangedShards {
  /** The fingerprint of that version. */
  readonly since: string;
  /** Shards that are new, changed or gone, ascending. */
  readonly ids: readonly ShardId[];
}

type Shards = ImmutableMap<ShardId, Shard>;

/**
 * The ids of the shards that differ between two versions, ascending: from the record of the draft that made the second
 * one out of the first, or else by looking.
 */
export function changedShards(a: ShardexIndex, b: ShardexIndex): readonly ShardId[] {
  return b.changed.since === a.fingerprint ? b.changed.ids : differingShards(a.shards, b.shards);
}

/**
 * The same by looking alone. Both maps are walked side by side and nodes that they share are passed over (I4).
 * Time: O(differing shards · log shards).
 */
export function differingShards(a: Shards, b: Shards): ShardId[] {
  const found = new Set<ShardId>();
  const [rootA, rootB] = [rootOf(a), rootOf(b)];
  // Nodes are Immutable.js's own affair. Should they ever look different, every shard is compared instead.
  if (!understood(a, rootA) || !understood(b, rootB)) compareEntries(a, b, found);
  else walk(rootA, rootB, found);
  return [...found].sort((x, y) => x - y);
}

/** A node of an Immutable.js map: a branch has `nodes`, and a `bitmap` where they are packed; others have entries. */
interface Node {
  readonly nodes?: readonly (Node | undefined)[];
  readonly bitmap?: number;
  readonly entries?: readonly Entry[];
  readonly entry?: Entry;
}

type Entry = readonly [ShardId, Shard];

function rootOf(map: Shards): Node | undefined {
  return (map as { readonly _root?: Node })._root;
}

function understood(map: Shards, root: Node | undefined): boolean {
  if (root === undefined) return map.size === 0;
  return Array.isArray(root.nodes ?? root.entries ?? root.entry);
}

function walk(a: Node | undefined, b: Node | undefined, found: Set<ShardId>): void {
  if (a === b) return;
  if (a?.nodes !== undefined && b?.nodes !== undefined) {
    for (let slot = 0; slot < 32; slot++) walk(childAt(a, slot), childAt(b, slot), found);
  } else {
    compareEntries(new Map(entriesOf(a)), new Map(entriesOf(b)), found);
  }
}

function childAt({ nodes, bitmap }: Node, slot: number): Node | undefined {
  if (nodes === undefined || bitmap === undefined) return nodes?.[slot];
  const bit = 1 << slot;
  return (bitmap & bit) === 0 ? undefined : nodes[bitCount(bitmap & (bit - 1))];
}

function* entriesOf(node: Node | undefined): Generator<Entry> {
  if (node?.entry !== undefined) yield node.entry;
  else if (node?.entries !== undefined) yield* node.entries;
  else for (const child of node?.nodes ?? []) yield* entriesOf(child);
}

interface Lookup extends Iterable<Entry> {
  get(id: ShardId): Shard | undefined;
}

function compareEntries(a: Lookup, b: Lookup, found: Set<ShardId>): void {
  for (const [id, shard] of a) if (b.get(id) !== shard) found.add(id);
  for (const [id, shard] of b) if (a.get(id) !== shard) found.add(id);
}
