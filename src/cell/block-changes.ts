import { changedShards } from '../version/changed-shards.js';
import { type BlockToken, tokenOf } from '../version/row-block.js';
import type { Segment } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Tokens: mostly none or a few, which take the least memory in an array; from {@link MANY} on a set. */
export type Tokens = readonly BlockToken[] | ReadonlySet<BlockToken>;

const MANY = 8;
const NO_SEGMENTS: readonly Segment[] = [];
export const NO_TOKENS: Tokens = Object.freeze([]);

/** The blocks in which two versions differ, by their tokens, so that nothing here keeps a block alive (I8). */
export interface BlockChanges {
  /** Only in the first. */
  readonly left: Tokens;
  /** Only in the second. */
  readonly entered: Tokens;
}

/** Time: O(segments of the shards that differ). */
export function blockChanges(a: ShardexIndex, b: ShardexIndex): BlockChanges {
  const left: BlockToken[] = [];
  const entered: BlockToken[] = [];
  for (const id of changedShards(a, b)) {
    const before = a.shards.get(id)?.rows.segments ?? NO_SEGMENTS;
    const after = b.shards.get(id)?.rows.segments ?? NO_SEGMENTS;
    pushMissing(before, after, left);
    pushMissing(after, before, entered);
  }
  return { left: packed(left), entered: packed(entered) };
}

/** Adds the tokens of the blocks that the first have and the others have not. Without closures, as every commit comes here. */
function pushMissing(of: readonly Segment[], others: readonly Segment[], to: BlockToken[]): void {
  for (let i = 0; i < of.length; i++) {
    const { block } = of[i];
    let found = i < others.length && others[i].block === block;
    for (let j = 0; j < others.length && !found; j++) found = others[j].block === block;
    if (!found) to.push(tokenOf(block));
  }
}

/** Both, one after the other; neither may be used any more. Time: O(the smaller one). */
export function composed(first: BlockChanges, second: BlockChanges): BlockChanges {
  const [into, other] = sizeOf(first) < sizeOf(second) ? [second, first] : [first, second];
  if (sizeOf(other) === 0) return into;
  // What one of them brought in and the other took out is in both ends, or in neither.
  const [left, entered] = [asSet(into.left), asSet(into.entered)];
  for (const token of other.left) if (!entered.delete(token)) left.add(token);
  for (const token of other.entered) if (!left.delete(token)) entered.add(token);
  return { left: packed(left), entered: packed(entered) };
}

export function bytesOfTokens(tokens: Iterable<BlockToken>): number {
  let bytes = 0;
  for (const { byteLength } of tokens) bytes += byteLength;
  return bytes;
}

export function hasToken(tokens: Tokens, token: BlockToken): boolean {
  return 'has' in tokens ? tokens.has(token) : tokens.includes(token);
}

function packed(tokens: BlockToken[] | Set<BlockToken>): Tokens {
  const size = 'size' in tokens ? tokens.size : tokens.length;
  if (size === 0) return NO_TOKENS;
  if (size < MANY) return [...tokens];
  return 'size' in tokens ? tokens : new Set(tokens);
}

/** A set that may be written: large ones are handed on from one composition to the next. */
function asSet(tokens: Tokens): Set<BlockToken> {
  return tokens instanceof Set ? (tokens as Set<BlockToken>) : new Set(tokens);
}

function sizeOf({ left, entered }: BlockChanges): number {
  return lengthOf(left) + lengthOf(entered);
}

function lengthOf(tokens: Tokens): number {
  return 'size' in tokens ? tokens.size : tokens.length;
}
