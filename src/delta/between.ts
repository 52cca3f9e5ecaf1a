/*
 * Finds the delta between two versions. Shards that both share are skipped; in the others it takes the rows that only
 * one of them has, and matches lost rows with new ones, so that a moved row is told from a removed and an added one.
 */

import { calibrationChange } from '../calibration/change.js';
import { InvalidIndexError } from '../errors.js';
import { changedShards } from '../version/changed-shards.js';
import { type ChangedDocuments, type Documents, changedDocuments } from '../version/documents.js';
import { columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type Segment, buriedBetween, eachLiveRow, isDead } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, sameConfig } from '../version/shardex-index.js';
import { eachDifference } from '../collections/trie-difference.js';
import { applyDelta } from './apply.js';
import type { DocumentMaps } from '../documents/document-count.js';
import {
  type RecordChange,
  type Run,
  type SegmentChange,
  type ShardChange,
  chunkChanges,
  goesOn,
  isBlock,
} from './changes.js';
import { documentsThatCameOrWent, recordsBetween } from './record-changes.js';
import { Delta, emptyDelta } from './delta.js';
import type { KeyColumns } from './key-index.js';
import { Lazy } from '../collections/lazy.js';
import { type Ledger, ledgerOfRows } from './ledger.js';
import { LostRowIndex, LostRows } from './lost-rows.js';

/**
 * Computes the delta from version `a` to version `b`.
 *
 * They may be any two versions with equal options, in either order, also of indexes that were made apart. Shards that both
 * share are not read (I4).
 *
 * Time: O(rows of the shards that differ), and where shards came or went O(shards / 64).
 *
 * @throws {@link InvalidIndexError} for versions of different configurations.
 *
 * @example
 * ```ts
 * import { applyDelta, createIndex, diff, update } from 'shardex';
 *
 * const a = createIndex({ dimensions: 1 }, [{ documentId: 'x', vector: [1] }, { documentId: 'y', vector: [2] }]);
 * const b = update(update(a, (draft) => { draft.removeDocument('x'); }), (draft) => {
 *   draft.addPosting({ documentId: 'y', vector: [3] });
 * });
 * diff(a, b).removed; // → [{ documentId: 'x', start: 0, length: 0 }]
 * diff(a, b).updated; // → [{ documentId: 'y', start: 0, length: 0 }]
 * diff(b, a).documents.added; // → ['x']
 * applyDelta(a, diff(a, b)).postingCount; // → 1
 * ```
 */
export function diff(a: ShardexIndex, b: ShardexIndex): Delta {
  assertIndex(a);
  assertIndex(b);
  if (!sameConfig(a.config, b.config)) {
    throw new InvalidIndexError(
      'Only versions of indexes with equal options can be compared; these differ in theirs.',
    );
  }
  return deltaBetween(a, b, differingShards(a, b));
}

/** Computes the delta of a commit, from the draft's list of changed shards if `next` was made from `base`. */
export function deltaOfCommit(base: ShardexIndex, next: ShardexIndex): Delta {
  if (base === next) return emptyDelta(base);
  const pairs = changedShards(base, next).map((id) => ({
    id,
    before: base.shards.get(id),
    after: next.shards.get(id),
  }));
  return deltaBetween(base, next, pairs);
}

/**
 * Inverts a delta: returns the one that leads back.
 *
 * It needs the base, because a delta does not hold what it removes. Time: as {@link diff}.
 *
 * @throws {@link DeltaMismatchError} if `base` is not the delta's base; {@link InvalidDeltaError}
 *
 * @example
 * ```ts
 * import { applyDelta, createIndex, invertDelta, updateWithDelta } from 'shardex';
 *
 * const base = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
 * const { index, delta } = updateWithDelta(base, (draft) => { draft.removeDocument('a'); });
 * applyDelta(index, invertDelta(base, delta)).fingerprint === base.fingerprint; // → true
 * ```
 */
export function invertDelta(base: ShardexIndex, delta: Delta): Delta {
  const next = applyDelta(base, delta);
  return deltaBetween(next, base, differingShards(next, base));
}

/** A differing shard; the sources of its new rows are not known yet. */
interface DifferingShard extends Pick<ShardChange, 'id' | 'centroid'> {
  readonly segments: readonly DifferingSegment[];
}

interface DifferingSegment extends Pick<SegmentChange, 'keeps' | 'buried'> {
  readonly segment: Segment;
  /** The first row that is not the base's. */
  readonly first: number;
}

/** The two states of a shard; missing where it does not exist. */
interface ShardPair {
  readonly id: ShardId;
  readonly before: Shard | undefined;
  readonly after: Shard | undefined;
}

/** Lists the shards that differ, ascending. */
function differingShards(a: ShardexIndex, b: ShardexIndex): ShardPair[] {
  const pairs: ShardPair[] = [];
  eachDifference(a.shards, b.shards, (id, before, after) => pairs.push({ id, before, after }));
  return pairs.sort((x, y) => x.id - y.id);
}

function deltaBetween(a: ShardexIndex, b: ShardexIndex, pairs: readonly ShardPair[]): Delta {
  const rows = new LostRows();
  const gone: ShardId[] = [];
  const found: DifferingShard[] = [];
  for (const { id, before, after } of pairs) {
    if (before !== undefined && after !== undefined && goesOn(before, after)) {
      found.push(changedShard(before, after, rows));
      continue;
    }
    if (before !== undefined) {
      gone.push(id);
      before.rows.segments.forEach((segment, s) => {
        rows.push(id, s, segment, liveRowsOf(segment));
      });
    }
    if (after !== undefined)
      found.push({ id, centroid: after.centroid, segments: after.rows.segments.map(newSegment) });
  }
  const lost = new LostRowIndex(rows);
  const shards = found.map(({ id, centroid, segments }) => ({
    id,
    centroid,
    segments: segments.map((segment) => segmentChange(segment, lost)),
  }));
  const { nextShardId, config, churn, owed } = b;
  const chunks = chunkChanges(a.centroids, b.centroids);
  const documents = lazyDocuments(a.documents.value, b.documents.value);
  const records = recordsBetween(a.records, b.records);
  const { keys, isMoved } = lost;
  const calibration = calibrationChange(a.calibration, b.calibration);
  const changes = { nextShardId, gone, shards, chunks, churn, calibration, owed, records, documents };
  return new Delta(
    a,
    b,
    { dimensions: config.dimensions, ...changes },
    lazyLedger(keys, isMoved, shards, documents, records, { placed: b.documents.value, records: b.records }),
  );
}

// Separate functions, so that their closures keep only the arguments alive.
function lazyDocuments(a: Documents, b: Documents): Lazy<ChangedDocuments> {
  return new Lazy(() => changedDocuments(a, b));
}

function lazyLedger(
  lost: KeyColumns,
  isMoved: Uint8Array,
  shards: readonly ShardChange[],
  documents: Lazy<ChangedDocuments>,
  records: readonly RecordChange[],
  next: DocumentMaps,
): Lazy<Ledger> {
  return new Lazy(() =>
    ledgerOfRows(lost, isMoved, shards, documentsThatCameOrWent(documents.value, records, next)),
  );
}

/** Compares a shard that both versions have, and collects the rows that only `before` sees in `lost`. */
function changedShard(before: Shard, after: Shard, lost: LostRows): DifferingShard {
  const { id } = before;
  const old = before.rows.segments;
  let next = 0;
  const segments = after.rows.segments.map((segment) => {
    let keeps = next;
    while (keeps < old.length && old[keeps].block !== segment.block) keeps++;
    const buried = keeps < old.length ? buriedBetween(old[keeps], segment) : undefined;
    // If a dead row would have to revive, as on the way to an older version, the segment needs a new block.
    if (buried === undefined) return newSegment(segment);
    for (; next < keeps; next++) lost.push(id, next, old[next], liveRowsOf(old[next]));
    next = keeps + 1;
    lost.push(id, keeps, segment, buried);
    return { keeps, buried, segment, first: old[keeps].visible };
  });
  for (; next < old.length; next++) lost.push(id, next, old[next], liveRowsOf(old[next]));
  return { id, centroid: undefined, segments };
}

/** Lists the live rows of a segment. */
function liveRowsOf(segment: Segment): number[] {
  const rows: number[] = [];
  eachLiveRow(segment, 0, (row) => rows.push(row));
  return rows;
}

/** Describes a segment of which every live row is new. */
function newSegment(segment: Segment): DifferingSegment {
  return { keeps: -1, buried: [], segment, first: 0 };
}

function segmentChange(
  { segment, first, keeps, buried }: DifferingSegment,
  lost: LostRowIndex,
): SegmentChange {
  const { block, visible } = segment;
  const runs = runsOf(segment, first, lost);
  return { keeps, capacity: block.capacity, visible, buried, runs, segment };
}

/** Groups new rows into runs, as long as possible, and tells moved rows from written ones. */
function runsOf(segment: Segment, first: number, lost: LostRowIndex): readonly Run[] {
  const { block, visible } = segment;
  const columns = columnsOf(block);
  const runs: { -readonly [K in keyof Run]: Run[K] }[] = [];
  let last = runs.at(-1);
  for (let at = first; at < visible; at++) {
    if (isDead(segment, at)) continue;
    const found = lost.find(columns, at);
    const row = found < 0 ? at : lost.rowOf(found);
    const goesOn = last !== undefined && at === last.at + last.count && row === last.row + last.count;
    if (goesOn && last !== undefined && isSameSource(last.from, found, lost)) last.count++;
    else {
      last = { at, count: 1, from: found < 0 ? block : lost.sourceOf(found), row };
      runs.push(last);
    }
  }
  return runs;
}

function isSameSource(from: Run['from'], found: number, lost: LostRowIndex): boolean {
  if (isBlock(from)) return found < 0;
  return found >= 0 && lost.isFrom(found, from);
}
