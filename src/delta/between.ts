import { calibrationChange } from '../calibration/change.js';
import { InvalidIndexError } from '../errors.js';
import { changedShards } from '../version/changed-shards.js';
import type { CentroidTable } from '../version/centroid-table.js';
import type { Documents } from '../version/documents.js';
import { columnsOf } from '../version/row-block.js';
import { type Shard, type ShardId, sameCentroid } from '../version/shard.js';
import { type Segment, buriedBetween, eachLiveRow, isDead } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, sameConfig } from '../version/shardex-index.js';
import { eachDifference } from '../version/trie-difference.js';
import { applyDelta } from './apply.js';
import {
  type ChunkChange,
  Delta,
  type Run,
  type SegmentChange,
  type ShardChange,
  emptyDelta,
  isBlock,
} from './delta.js';
import type { KeyColumns } from './key-index.js';
import { Lazy } from '../lazy.js';
import { type ChangedDocuments, type Ledger, changedDocuments, ledgerOfRows } from './ledger.js';
import { Vanished, VanishedRows } from './vanished.js';

/**
 * What turns version `a` into version `b`: any two versions of one lineage, in either direction, or of its forks. Shards
 * that both share are passed over unseen (I4).
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
      'Only versions of the same configuration can be compared: one lineage, or forks of it.',
    );
  }
  return deltaBetween(a, b, differing(a, b));
}

/** The same, by the record that the draft made where `next` came straight out of `base`. */
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
 * The delta that leads back. The base has to be at hand, because a delta does not hold what it removes.
 * Time: as {@link diff}.
 *
 * @throws {@link DeltaMismatchError} where `base` is not the delta's base; {@link InvalidDeltaError}
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
  return deltaBetween(next, base, differing(next, base));
}

/** A shard that differs, with segments whose new rows are not yet looked for elsewhere. */
interface Found extends Pick<ShardChange, 'id' | 'centroid'> {
  readonly segments: readonly FoundSegment[];
}

interface FoundSegment extends Pick<SegmentChange, 'keeps' | 'buried'> {
  readonly segment: Segment;
  /** Rows from here on are not the base's. */
  readonly first: number;
}

/** A shard as it is in each of two versions, if it is there. */
interface Pair {
  readonly id: ShardId;
  readonly before: Shard | undefined;
  readonly after: Shard | undefined;
}

/** The shards that differ, ascending. */
function differing(a: ShardexIndex, b: ShardexIndex): Pair[] {
  const pairs: Pair[] = [];
  eachDifference(a.shards, b.shards, (id, before, after) => pairs.push({ id, before, after }));
  return pairs.sort((x, y) => x.id - y.id);
}

function deltaBetween(a: ShardexIndex, b: ShardexIndex, pairs: readonly Pair[]): Delta {
  const rows = new VanishedRows();
  const gone: ShardId[] = [];
  const found: Found[] = [];
  for (const { id, before, after } of pairs) {
    const stays =
      before !== undefined && after !== undefined && sameCentroid(before.centroid, after.centroid);
    if (before !== undefined && !stays) {
      gone.push(id);
      before.rows.segments.forEach((segment, s) => {
        rows.push(id, s, segment, liveRowsOf(segment));
      });
    }
    if (stays) found.push(changedShard(before, after, rows));
    else if (after !== undefined)
      found.push({ id, centroid: after.centroid, segments: after.rows.segments.map(whole) });
  }
  const vanished = new Vanished(rows);
  const shards = found.map(({ id, centroid, segments }) => ({
    id,
    centroid,
    segments: segments.map((segment) => segmentChange(segment, vanished)),
  }));
  const { nextShardId, config, churn } = b;
  const chunks = chunkChanges(a.centroids, b.centroids);
  const documents = documentsBetween(a.documents.value, b.documents.value);
  const { keys, isMoved } = vanished;
  const calibration = calibrationChange(a.calibration, b.calibration);
  const changes = { nextShardId, gone, shards, chunks, churn, calibration, documents };
  return new Delta(
    a,
    b,
    { dimensions: config.dimensions, ...changes },
    ledgerLater(keys, isMoved, shards, documents),
  );
}

// Functions of their own, so that what is made later keeps nothing but what it is made from.
function documentsBetween(a: Documents, b: Documents): Lazy<ChangedDocuments> {
  return new Lazy(() => changedDocuments(a, b));
}

function ledgerLater(
  vanished: KeyColumns,
  isMoved: Uint8Array,
  shards: readonly ShardChange[],
  documents: Lazy<ChangedDocuments>,
): Lazy<Ledger> {
  return new Lazy(() => ledgerOfRows(vanished, isMoved, shards, documents));
}

/** A shard that both versions have; rows of which only `before` sees have vanished. */
function changedShard(before: Shard, after: Shard, vanished: VanishedRows): Found {
  const { id } = before;
  const old = before.rows.segments;
  let next = 0;
  const segments = after.rows.segments.map((segment) => {
    let keeps = next;
    while (keeps < old.length && old[keeps].block !== segment.block) keeps++;
    const buried = keeps < old.length ? buriedBetween(old[keeps], segment) : undefined;
    // Rows that would have to come back, as on the way to an older version, need a block of their own.
    if (buried === undefined) return whole(segment);
    for (; next < keeps; next++) vanished.push(id, next, old[next], liveRowsOf(old[next]));
    next = keeps + 1;
    vanished.push(id, keeps, segment, buried);
    return { keeps, buried, segment, first: old[keeps].visible };
  });
  for (; next < old.length; next++) vanished.push(id, next, old[next], liveRowsOf(old[next]));
  return { id, centroid: undefined, segments };
}

/** The rows of a segment that are not dead. */
function liveRowsOf(segment: Segment): number[] {
  const rows: number[] = [];
  eachLiveRow(segment, 0, (row) => rows.push(row));
  return rows;
}

/** A segment of which every live row is new. */
function whole(segment: Segment): FoundSegment {
  return { keeps: -1, buried: [], segment, first: 0 };
}

function segmentChange({ segment, first, keeps, buried }: FoundSegment, vanished: Vanished): SegmentChange {
  const { block, visible } = segment;
  const runs = runsOf(segment, first, vanished);
  return { keeps, capacity: block.capacity, visible, buried, runs, segment };
}

/** Tells new rows that were moved from elsewhere in the base from those that were written, as long runs as can be. */
function runsOf(segment: Segment, first: number, vanished: Vanished): readonly Run[] {
  const { block, visible } = segment;
  const columns = columnsOf(block);
  const runs: { -readonly [K in keyof Run]: Run[K] }[] = [];
  let last = runs.at(-1);
  for (let at = first; at < visible; at++) {
    if (isDead(segment, at)) continue;
    const place = vanished.find(columns, at);
    const row = place < 0 ? at : vanished.rowOf(place);
    const goesOn = last !== undefined && at === last.at + last.count && row === last.row + last.count;
    if (goesOn && last !== undefined && isSameSource(last.from, place, vanished)) last.count++;
    else {
      last = { at, count: 1, from: place < 0 ? block : vanished.sourceOf(place), row };
      runs.push(last);
    }
  }
  return runs;
}

function isSameSource(from: Run['from'], place: number, vanished: Vanished): boolean {
  if (isBlock(from)) return place < 0;
  return place >= 0 && vanished.isFrom(place, from);
}

function chunkChanges(a: CentroidTable, b: CentroidTable): readonly ChunkChange[] | undefined {
  if (a === b) return undefined;
  const places = new Map(a.chunks.map((chunk, at) => [chunk, at]));
  return b.chunks.map((chunk) => places.get(chunk) ?? chunk.ids);
}
