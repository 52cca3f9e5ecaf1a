/*
 * Carries a delta out: checks it against the base, builds the changed shards, and a version with them. A delta
 * made in this process brings finished segments; a decoded one brings rows, which are copied into blocks here.
 */

import { sampleSizeFor } from '../calibration/calibration.js';
import { type ShardexConfig, requireFlag } from '../config.js';
import { show } from '../checks/show.js';
import { recordLike } from '../documents/record.js';
import { type FinishedRecords, RecordsDraft } from '../documents/records-draft.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { InvalidDeltaError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { Lazy } from '../collections/lazy.js';
import { moreDocuments } from '../documents/document-count.js';
import { separations } from '../geometry/metric.js';
import { MOST_IN_CHUNK } from '../version/centroid-table.js';
import type { Documents } from '../version/documents.js';
import { documentsLater } from '../version/documents-draft.js';
import { RowBlock, claimRows, columnsOf, copyRows } from '../version/row-block.js';
import { type Shard, type ShardId, centroidProbe } from '../version/shard.js';
import { type Segment, ShardRows, isDead, claimedAfter, segmentOf } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { verify } from '../inspect/verify.js';
import { baseMismatch } from './base-mismatch.js';
import { documentsByRows } from './apply-documents.js';
import { check, disagreement, known } from './check.js';
import { checkRows } from './check-rows.js';
import {
  type BaseSegment,
  type Changes,
  type Run,
  type SegmentChange,
  type ShardChange,
  isBlock,
} from './changes.js';
import { type Delta, type VersionId, assertDelta, changesOf, sameVersion } from './delta.js';
import { documentsWith, shardsFrom, versionFrom } from './version-from.js';

/** Options of {@link applyDelta}. */
export interface ApplyOptions {
  /**
   * Checks the whole version as {@link verify} does before returning it: for a delta from an untrusted source.
   * Default `false`.
   */
  readonly verify?: boolean;
}

/**
 * Builds the version that a delta leads to.
 *
 * It equals the original in every observable way, down to shard ids and the last bit of every search result; nothing is
 * routed or clustered. The base stays unchanged.
 *
 * A decoded delta is checked against the base: no shard or posting may appear twice or get lost, and its parts must agree.
 * Checks that would read more than the change are left out: that postings are in their nearest shard (I6), the
 * calibration's contents, the next version's fingerprint, and the lists of changed keys. `verify: true` checks the first, and
 * whether the postings of the calibration's sample exist.
 *
 * Time: for a decoded delta O(rows that changed · dimensions + rows of the shards that changed, or that hold documents of new
 * rows); for others O(segments of the shards that changed + documents that moved); with `verify` as {@link verify}.
 *
 * @throws {@link DeltaMismatchError} if `base` does not equal the version that the delta starts from; {@link
 * InvalidDeltaError} for a value that is not a delta, whose parts contradict the base, or that `verify` refuses;
 * {@link InvalidOptionError}. Nothing is made then.
 *
 * @example
 * ```ts
 * import { applyDelta, createIndex, updateWithDelta } from 'shardex';
 *
 * const base = createIndex({ dimensions: 1 });
 * const { index, delta } = updateWithDelta(base, (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1] });
 * });
 * const replica = applyDelta(base, delta);
 * replica.fingerprint === index.fingerprint; // → true
 * applyDelta(replica, delta); // → throws DeltaMismatchError
 * ```
 */
export function applyDelta<M extends object>(
  base: ShardexIndex<M>,
  delta: Delta,
  options: ApplyOptions = {},
): ShardexIndex<M> {
  assertIndex(base);
  assertDelta(delta);
  const { verify: isVerified = false } = takeOptions(options, ['verify']);
  requireFlag('verify', isVerified);
  if (!sameVersion(base, delta.base)) throw baseMismatch(base, delta);
  if (delta.isEmpty) return base;
  const { next } = carriedOut(base, changesOf(delta), delta.next, base.documents.value);
  if (isVerified) assertVerified(next);
  return next;
}

/** What is known of documents while deltas are carried out one after the other. */
export interface Replayed<M extends object = object> {
  readonly index: ShardexIndex<M>;
  /** Where those documents are that the deltas name. */
  readonly placed: Documents;
}

/**
 * Applies a decoded delta as {@link applyDelta} does, with only those documents placed that this and later deltas name, see
 * `documentsNamedIn`. The documents map of what comes of it is made when it is first asked for.
 */
export function replayDelta<M extends object>(
  { index: base, placed }: Replayed<M>,
  delta: Delta,
  named: ReadonlySet<string>,
): Replayed<M> {
  if (!sameVersion(base, delta.base)) throw baseMismatch(base, delta);
  if (delta.isEmpty) return { index: base, placed };
  const { next, placed: after } = carriedOut(base, changesOf(delta), delta.next, placed, named);
  return { index: next, placed: after };
}

/** The next version; `placed` has at least the documents that are named, and with `named`, changes of others are left out. */
function carriedOut<M extends object>(
  base: ShardexIndex<M>,
  changes: Changes,
  id: VersionId,
  placed: Documents,
  named?: ReadonlySet<string>,
): { readonly next: ShardexIndex<M>; readonly placed: Documents } {
  check(changes.dimensions === base.config.dimensions, 'the dimensions');
  const gone = new Set(changes.gone);
  // Only a decoded delta can be forged.
  if (changes.documents === undefined) checkRows(base, placed, changes);
  const made = changes.shards.map((change) => buildShard(base, change, gone));
  const shards = shardsFrom(base, changes.gone, made, disagreement);
  checkShardIds(base, shards.shards, changes);
  checkChunks(base, shards.shards, changes, gone);
  const after =
    changes.documents === undefined
      ? documentsByRows(base, placed, changes, made, named)
      : documentsWith(placed, changes.documents.value);
  const { chunks, calibration, nextShardId, churn, owed } = changes;
  const { records, bytes: recordBytes, changed } = nextRecords(base, changes);
  const more = moreDocuments({ placed, records: base.records }, { placed: after, records }, changed);
  const documentCount = base.documentCount + more;
  const placedCount = base.placedCount + after.size - placed.size;
  const documents =
    named !== undefined ? documentsLater(shards.shards) : after === placed ? base.documents : Lazy.of(after);
  const parts = { ...id, documents, documentCount, placedCount, records, recordBytes };
  const rest = { ...parts, chunks, calibration, nextShardId, churn, owed };
  const next = versionFrom(base, shards, rest, disagreement);
  const sampleSize = next.calibration?.samples.size ?? 0;
  check(sampleSize <= sampleSizeFor(next.postingCount), 'the calibration');
  return { next: next, placed: after };
}

/** The records of the next version, which share equal parts with those of the base. */
function nextRecords(base: ShardexIndex, { records, documents }: Changes): FinishedRecords {
  const draft = new RecordsDraft(base.records, base.recordBytes);
  for (const { documentId, existed, after } of records) {
    const old = draft.get(documentId);
    check(existed === (old !== undefined), `the record of document ${show(documentId)}`);
    // Records of a delta that was not decoded share already.
    const shares = documents !== undefined || old === undefined;
    const metadata = after?.metadata && takeMetadata(after.metadata, old?.metadata, documentId);
    draft.set(documentId, shares ? after : recordLike(old, after?.text, metadata));
  }
  return draft.finish();
}

function assertVerified(next: ShardexIndex): void {
  const violations = verify(next);
  if (violations.length === 0) return;
  const [{ invariant, where, what }] = violations;
  throw new InvalidDeltaError(
    `The delta leads to a version that is not sound: ${where} ${what} (${invariant}). Nothing was changed; take deltas only from those you trust, or make it again with diff().`,
  );
}

/** Checks that shard ids are unique, and that the centroid table changes if shards come or go. */
function checkShardIds(base: ShardexIndex, next: ShardexIndex['shards'], changes: Changes): void {
  const { nextShardId, shards, gone, chunks } = changes;
  for (const { id, centroid } of shards) {
    check(id < nextShardId, `the next shard id, ${nextShardId}`);
    check(centroid === undefined || chunks !== undefined, 'the centroids of new shards');
  }
  check(gone.length === 0 || chunks !== undefined, 'the centroids of shards that are gone');
  // Only a delta to an older version lowers the next id; the ids above it have to be free.
  if (nextShardId >= base.nextShardId) return;
  if (base.nextShardId - nextShardId <= base.shardCount)
    for (let id = nextShardId; id < base.nextShardId; id++)
      check(!next.has(id), `the next shard id, ${nextShardId}`);
  else
    for (const id of base.shards.keys())
      check(id < nextShardId || !next.has(id), `the next shard id, ${nextShardId}`);
}

function buildShard(base: ShardexIndex, change: ShardChange, gone: ReadonlySet<ShardId>): Shard {
  const { id, segments } = change;
  const { dimensions } = base.config;
  const before = base.shards.get(id);
  const stays = change.centroid === undefined;
  check(stays === (before !== undefined && !gone.has(id)), `whether shard ${id} is new`);
  const centroid = change.centroid ?? known(before, `shard ${id}`).centroid;
  const old = stays ? known(before, `shard ${id}`).rows.segments : [];
  let next = 0;
  const rows = new ShardRows(
    segments.map((segment) => {
      if (segment.segment !== undefined) return segment.segment;
      if (segment.keeps < 0) return buildSegment(base, segment, undefined, centroid, dimensions);
      check(segment.keeps >= next, `the order of segments in shard ${id}`);
      next = segment.keeps + 1;
      const kept = known(old.at(segment.keeps), `segment ${segment.keeps} of shard ${id}`);
      return buildSegment(base, segment, kept, centroid, dimensions);
    }),
  );
  check(rows.liveCount > 0 && rows.liveCount <= base.config.shardCapacity, `the postings of shard ${id}`);
  return Object.freeze({ id, centroid, rows });
}

/** Builds a segment: copies new rows behind those of the base that it keeps. */
function buildSegment(
  base: ShardexIndex,
  change: SegmentChange,
  kept: Segment | undefined,
  centroid: Shard['centroid'],
  dimensions: number,
): Segment {
  const { buried, runs, visible, capacity } = change;
  const { metric } = base.config;
  const first = kept?.visible ?? 0;
  check(visible >= first && visible <= (kept?.block.capacity ?? capacity), 'the rows of a segment');
  for (const row of buried) check(kept !== undefined && row < first && !isDead(kept, row), 'a buried row');
  if (kept !== undefined && visible === first) {
    check(runs.length === 0, 'the new rows of a segment');
    return buried.length === 0 ? kept : segmentOf(kept.block, visible, buried, kept);
  }
  for (const run of runs) checkSource(base, run);
  const block =
    kept === undefined ? newBlock(change, base.config) : claimedAfter(kept, visible - first, dimensions);
  const to = columnsOf(block);
  const centre = centroidProbe(centroid);
  const dead = [...buried];
  let next = first;
  const skip = (end: number): void => {
    for (; next < end; next++) {
      dead.push(next);
      // Copying or sending a block takes the ids of all its rows.
      to.ids.set(next, '');
    }
  };
  for (const run of runs) {
    check(run.at >= next && run.at + run.count <= visible, 'the position of new rows');
    skip(run.at);
    copyRun(base, run, block);
    separations(metric, centre, to, run.at, run.count, to.separations.subarray(run.at, run.at + run.count));
    next = run.at + run.count;
  }
  skip(visible);
  return segmentOf(block, visible, dead, kept);
}

function newBlock(
  { capacity, visible, runs }: SegmentChange,
  { dimensions, shardCapacity }: ShardexConfig,
): RowBlock {
  const live = runs.reduce((sum, { count }) => sum + count, 0);
  // Allocates no more than appending would reserve, whatever capacity the delta claims.
  check(capacity >= visible && capacity <= live + 2 * shardCapacity + 16, 'the capacity of a block');
  const block = new RowBlock(capacity, dimensions);
  claimRows(block, 0, visible);
  return block;
}

/** Checks that the rows of a run exist, before memory is allocated for them. */
function checkSource(base: ShardexIndex, { count, from, row }: Run): void {
  if (isBlock(from)) {
    check(row + count <= from.capacity, 'the source of new rows');
    return;
  }
  const segment = sourceOf(base, from);
  check(row + count <= segment.visible, 'the rows that were moved');
  for (let i = 0; i < count; i++) check(!isDead(segment, row + i), 'a row that was moved');
}

function sourceOf(base: ShardexIndex, { shard, segment }: BaseSegment): Segment {
  return known(base.shards.get(shard)?.rows.segments.at(segment), `segment ${segment} of shard ${shard}`);
}

function copyRun(base: ShardexIndex, { at, count, from, row }: Run, to: RowBlock): void {
  const columns = columnsOf(isBlock(from) ? from : sourceOf(base, from).block);
  copyRows(columns, row, columnsOf(to), at, count);
}

/** Checks that a new centroid table lists each shard once, and no other. */
function checkChunks(
  base: ShardexIndex,
  next: ShardexIndex['shards'],
  { shards, chunks }: Changes,
  gone: ReadonlySet<ShardId>,
): void {
  if (chunks === undefined) return;
  let count = 0;
  const seen = new Set<ShardId>();
  for (const chunk of chunks) {
    const isKept = typeof chunk === 'number';
    const ids = isKept
      ? known(base.centroids.chunks.at(chunk), `chunk ${chunk} of the centroids`).ids
      : chunk;
    check(ids.length > 0 && ids.length <= MOST_IN_CHUNK, 'a chunk of the centroids');
    count += ids.length;
    for (const id of ids) {
      seen.add(id);
      // A kept chunk has the old centroid, also where a new shard took the id of one that is gone.
      check(isKept ? !gone.has(id) : next.has(id), `shard ${id} among the centroids`);
    }
  }
  const all = base.shardCount - gone.size + shards.filter(({ centroid }) => centroid !== undefined).length;
  check(count === seen.size && count === all, 'the shards with a centroid');
  for (const id of seen) check(next.has(id), 'the shards with a centroid');
}
