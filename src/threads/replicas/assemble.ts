/*
 * Builds the next version of a replica from a difference: kept shards and segments are reused, new segments refer to
 * blocks in shared memory. `difference.ts` is its counterpart at the owner.
 */

import { InvalidDeltaError } from '../../errors.js';
import { Lazy } from '../../collections/lazy.js';
import { documentsWith, shardsFrom, versionFrom } from '../../delta/version-from.js';
import { bitCount } from '../../collections/bits.js';
import type { RowBlock } from '../../version/row-block.js';
import type { Documents } from '../../version/documents.js';
import { documentsIn } from '../../version/documents-draft.js';
import { Centroid, type Shard, type ShardId, matrixOf, sameComponents } from '../../version/shard.js';
import { type DeadBits, Segment, ShardRows, deadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { unpackRecords } from './packed-records.js';
import type { Difference, Handle, VersionHeader, SentSegment, SentShard } from './messages.js';

/**
 * Builds the version that a difference leads to, without reading a vector.
 *
 * Shards and segments that an earlier version has in the same state are taken from there, so that both share them (I4).
 *
 * Time: O(segments of the shards that differ + rows that are new to this thread + changed documents · log).
 *
 * @throws {@link InvalidDeltaError} if the result differs from the owner's version.
 */
export function assembleVersion(
  base: ShardexIndex,
  { header, gone, chunks, calibration, documents: changed, records }: Difference,
  sent: readonly SentShard[],
  blocks: ReadonlyMap<Handle, RowBlock>,
  earlier: ShardexIndex,
): ShardexIndex {
  const made = sent.map((shard) => {
    const old = base.shards.get(shard.id) ?? earlier.shards.get(shard.id);
    return assembleShard(shard, old, blocks, base.config.dimensions);
  });
  const next = shardsFrom(base, gone, made, mismatch);
  const documents = documentsAfter(base, next.shards, changed);
  const placedCount = documents.isMade ? documents.value.size : header.placedCount;
  const unpacked = unpackRecords(base.records, records, earlier.records);
  const parts = { ...header, documents, placedCount, records: unpacked, chunks, calibration };
  const index = versionFrom(base, next, parts, mismatch);
  assertSameCounts(index, header);
  return index;
}

function assembleShard(
  { id, centroid, segments }: SentShard,
  old: Shard | undefined,
  blocks: ReadonlyMap<Handle, RowBlock>,
  dimensions: number,
): Shard {
  const earlier = old?.rows.segments ?? [];
  const own = segments.map((segment, s) =>
    typeof segment === 'number'
      ? keptSegment(earlier, segment, id)
      : assembleSegment(segment, earlier[s], blocks),
  );
  const sameRows =
    own.length === old?.rows.segments.length && own.every((segment, s) => segment === old.rows.segments[s]);
  if (
    old === undefined ||
    (centroid !== undefined && !sameComponents(matrixOf(old.centroid).vectors, centroid))
  ) {
    if (centroid?.length !== dimensions) throw mismatch(`the centroid of shard ${id}`);
    return Object.freeze({ id, centroid: new Centroid(centroid), rows: new ShardRows(own) });
  }
  return sameRows ? old : Object.freeze({ id, centroid: old.centroid, rows: new ShardRows(own) });
}

function keptSegment(earlier: readonly Segment[], index: number, id: ShardId): Segment {
  const segment = earlier.at(index);
  if (segment === undefined) throw mismatch(`a segment of shard ${id}`);
  return segment;
}

function assembleSegment(
  { handle, visible, dead }: SentSegment,
  old: Segment | undefined,
  blocks: ReadonlyMap<Handle, RowBlock>,
): Segment {
  const block = blocks.get(handle);
  if (block === undefined) throw mismatch(`block ${handle}`);
  if (old?.block === block && old.visible === visible && sameBits(deadBits(old), dead)) return old;
  let deadCount = 0;
  if (dead !== undefined) for (const word of dead) deadCount += bitCount(word);
  return new Segment(block, visible, visible - deadCount, dead);
}

/** Updates the documents map only if the base's was ever used: a thread that just searches never needs it. */
function documentsAfter(
  base: ShardexIndex,
  shards: ShardexIndex['shards'],
  changed: Difference['documents'],
): Lazy<Documents> {
  return changed !== undefined && base.documents.isMade
    ? Lazy.of(documentsWith(base.documents.value, changed))
    : documentsLater(shards);
}

// A separate function, so that its closure keeps only the argument alive.
function documentsLater(shards: ShardexIndex['shards']): Lazy<Documents> {
  return new Lazy(() => documentsIn(shards.values()));
}

/** Compares the counts with the owner's, so that a deviation is noticed. */
function assertSameCounts(next: ShardexIndex, header: VersionHeader): void {
  for (const count of ['postingCount', 'placedCount', 'shardCount', 'byteLength'] as const)
    if (next[count] !== header[count]) throw mismatch(`the ${count}: ${next[count]} and ${header[count]}`);
}

function mismatch(what: string): InvalidDeltaError {
  return new InvalidDeltaError(
    `A replica and its owner disagree on ${what}. Both threads must run the same version of the library.`,
  );
}

function sameBits(a: DeadBits | undefined, b: DeadBits | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
