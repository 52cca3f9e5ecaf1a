/*
 * Computes what the owner sends for a commit: the shards that differ, by reference to blocks that the replica has or gets
 * along with it. `assemble.ts` is its counterpart in the replica. Unlike a delta it copies no rows: both sides see the same
 * memory.
 */

import { calibrationChange } from '../../calibration/change.js';
import { chunkChanges, goesOn } from '../../delta/changes.js';
import { versionIdOf } from '../../delta/delta.js';
import type { Lazy } from '../../collections/lazy.js';
import { changedShards } from '../../version/changed-shards.js';
import { type Documents, changedDocuments } from '../../version/documents.js';
import { type Shard, type ShardId, matrixOf } from '../../version/shard.js';
import { deadBits } from '../../version/shard-rows.js';
import { type ShardexIndex, emptyIndex } from '../../version/shardex-index.js';
import type { Difference, VersionHeader, SentShard } from './messages.js';
import { packRecords } from './packed-records.js';
import { packShards } from './packed-shards.js';
import { Parcel, type SentBlocks } from './sent-blocks.js';

/**
 * Computes what a replica that has `base`, or nothing, needs to build `next`.
 *
 * It notes in `sent` which blocks and rows are part of it, so the result must be sent.
 *
 * Time: O(segments of the shards that differ + changed documents · log), and the documents of rows that are new to
 * the replica; where shards came or went O(shards / 64).
 */
export function differenceBetween(
  base: ShardexIndex | undefined,
  next: ShardexIndex,
  sent: SentBlocks,
): Difference {
  const from = base ?? emptyIndex(next.config);
  const parcel = new Parcel(base === undefined);
  const gone: ShardId[] = [];
  const shards: SentShard[] = [];
  for (const id of changedShards(from, next)) {
    const before = from.shards.get(id);
    const after = next.shards.get(id);
    if (before === after) continue;
    for (const { block } of before?.rows.segments ?? []) parcel.held?.add(block);
    const stays = before !== undefined && after !== undefined && goesOn(before, after);
    if (before !== undefined && !stays) gone.push(id);
    if (after !== undefined) shards.push(sentShard(after, stays ? before : undefined, sent, parcel));
  }
  return {
    base: base === undefined ? undefined : versionIdOf(base),
    config: base === undefined ? next.config : undefined,
    header: headerOf(next),
    calibration: calibrationChange(from.calibration, next.calibration),
    gone,
    shards: packShards(shards),
    records: packRecords(from.records, next.records),
    documents: base === undefined ? undefined : documentsBetween(base.documents, next.documents),
    chunks: chunkChanges(from.centroids, next.centroids),
    blocks: parcel.blocks,
    rows: parcel.rows,
  };
}

function sentShard(
  { id, centroid, rows }: Shard,
  before: Shard | undefined,
  sent: SentBlocks,
  parcel: Parcel,
): SentShard {
  return {
    id,
    centroid: before === undefined ? matrixOf(centroid).vectors : undefined,
    segments: rows.segments.map((segment) => {
      const kept = before?.rows.segments.indexOf(segment) ?? -1;
      if (kept >= 0) return kept;
      const { block, visible } = segment;
      return { handle: sent.handleOf(block, visible, parcel), visible, dead: deadBits(segment) };
    }),
  };
}

function documentsBetween(a: Lazy<Documents>, b: Lazy<Documents>): Difference['documents'] {
  // A replica that serves others must not build its documents map just for them.
  if (!a.isMade || !b.isMade) return undefined;
  const { documentIds, after } = changedDocuments(a.value, b.value);
  return { documentIds, after };
}

function headerOf(index: ShardexIndex): VersionHeader {
  const { version, fingerprint, postingCount, documentCount, placedCount, shardCount, byteLength } = index;
  const { recordBytes, nextShardId, churn, owed } = index;
  return {
    ...{ version, fingerprint, postingCount, documentCount, placedCount, shardCount, byteLength },
    ...{ recordBytes, nextShardId, churn, owed },
  };
}
