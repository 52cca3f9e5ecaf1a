/*
 * The row blocks in which two versions differ. `LivingVersions` keeps these differences between neighbouring
 * versions, and tells from them how much memory only one version keeps. Blocks appear as tokens, so that the
 * bookkeeping holds no rows.
 */

import { changedRecords } from '../documents/changed-records.js';
import type { DocumentRecord } from '../documents/record.js';
import { changedShards } from '../version/changed-shards.js';
import { type BlockToken, tokenOf } from '../version/row-block.js';
import type { Segment } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/**
 * Tokens of blocks: an array while they are few, which takes the least memory; a set from {@link SET_THRESHOLD} on.
 */
export type Tokens = readonly BlockToken[] | ReadonlySet<BlockToken>;

const SET_THRESHOLD = 8;
const NO_SEGMENTS: readonly Segment[] = [];
export const NO_TOKENS: Tokens = Object.freeze([]);

/** Differing blocks of two versions, as tokens, so that this keeps no block alive (I8). */
export interface BlockChanges {
  /** Only in the first. */
  readonly left: Tokens;
  /** Only in the second. */
  readonly entered: Tokens;
}

/** Gives the token of a record. */
export type RecordTokens = (record: DocumentRecord) => BlockToken;

/** Compares two versions; a record counts as a block. Time: O(segments of the shards and records that differ). */
export function blockChanges(a: ShardexIndex, b: ShardexIndex, tokenOfRecord: RecordTokens): BlockChanges {
  const left: BlockToken[] = [];
  const entered: BlockToken[] = [];
  for (const id of changedShards(a, b)) {
    const before = a.shards.get(id)?.rows.segments ?? NO_SEGMENTS;
    const after = b.shards.get(id)?.rows.segments ?? NO_SEGMENTS;
    pushMissing(before, after, left);
    pushMissing(after, before, entered);
  }
  for (const { before, after } of changedRecords(a.records, b.records)) {
    if (before !== undefined) left.push(tokenOfRecord(before));
    if (after !== undefined) entered.push(tokenOfRecord(after));
  }
  return { left: packTokens(left), entered: packTokens(entered) };
}

/** Appends the tokens of blocks in `of` that `others` lack. Without closures, as every commit runs this. */
function pushMissing(of: readonly Segment[], others: readonly Segment[], to: BlockToken[]): void {
  for (let i = 0; i < of.length; i++) {
    const { block } = of[i];
    let found = i < others.length && others[i].block === block;
    for (let j = 0; j < others.length && !found; j++) found = others[j].block === block;
    if (!found) to.push(tokenOf(block));
  }
}

/** Composes two consecutive changes; neither may be used afterwards. Time: O(the smaller one). */
export function composeBlockChanges(first: BlockChanges, second: BlockChanges): BlockChanges {
  const [into, other] = sizeOf(first) < sizeOf(second) ? [second, first] : [first, second];
  if (sizeOf(other) === 0) return into;
  // A block that one of them adds and the other removes is in both outer versions, or in neither.
  const [left, entered] = [asSet(into.left), asSet(into.entered)];
  for (const token of other.left) if (!entered.delete(token)) left.add(token);
  for (const token of other.entered) if (!left.delete(token)) entered.add(token);
  return { left: packTokens(left), entered: packTokens(entered) };
}

export function bytesOfTokens(tokens: Iterable<BlockToken>): number {
  let bytes = 0;
  for (const { byteLength } of tokens) bytes += byteLength;
  return bytes;
}

export function hasToken(tokens: Tokens, token: BlockToken): boolean {
  return 'has' in tokens ? tokens.has(token) : tokens.includes(token);
}

function packTokens(tokens: BlockToken[] | Set<BlockToken>): Tokens {
  const size = 'size' in tokens ? tokens.size : tokens.length;
  if (size === 0) return NO_TOKENS;
  if (size < SET_THRESHOLD) return [...tokens];
  return 'size' in tokens ? tokens : new Set(tokens);
}

/** A set that may be written. Large ones pass from one composition to the next without a copy. */
function asSet(tokens: Tokens): Set<BlockToken> {
  return tokens instanceof Set ? (tokens as Set<BlockToken>) : new Set(tokens);
}

function sizeOf({ left, entered }: BlockChanges): number {
  return lengthOf(left) + lengthOf(entered);
}

function lengthOf(tokens: Tokens): number {
  return 'size' in tokens ? tokens.size : tokens.length;
}
