import { InvalidIndexError } from '../errors.js';
import { changedShards, differingShards } from '../version/changed-shards.js';
import type { CentroidTable } from '../version/centroid-table.js';
import type { Documents } from '../version/documents.js';
import { columnsOf } from '../version/row-block.js';
import { type Shard, type ShardId, sameCentroid } from '../version/shard.js';
import { type Segment, buriedBetween, isDead } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, sameConfig } from '../version/shardex-index.js';
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
import { Lazy } from './lazy.js';
import { type ChangedDocuments, type Ledger, changedDocuments, ledgerOfRows } from './ledger.js';
import { Vanished, liveRowsOf } from './vanished.js';

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
  return deltaBetween(a, b, differingShards(a.shards, b.shards));
}

/** The same, by the record that the draft made where `next` came straight out of `base`. */
export function deltaOfCommit(base: ShardexIndex, next: ShardexIndex): Delta {
  return base === next ? emptyDelta(base) : deltaBetween(base, next, changedShards(base, next));
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
  return deltaBetween(next, base, differingShards(base.shards, next.shards));
}

/** A shard that differs, with segments whose new rows are not yet looked for elsewhere. */
interface Found extends Omit<ShardChange, 'segments'> {
  readonly segments: readonly FoundSegment[];
}

interface FoundSegment extends Pick<SegmentChange, 'keeps' | 'buried'> {
  readonly segment: Segment;
  /** Rows from here on are not the base's. */
  readonly first: number;
}

function deltaBetween(a: ShardexIndex, b: ShardexIndex, ids: readonly ShardId[]): Delta {
  const vanished = new Vanished();
  const gone: ShardId[] = [];
  const found: Found[] = [];
  for (const id of ids) {
    const before = a.shards.get(id);
    const after = b.shards.get(id);
    if (before === after) continue;
    const stays =
      before !== undefined && after !== undefined && sameCentroid(before.centroid, after.centroid);
    if (before !== undefined && !stays) {
      gone.push(id);
      before.rows.segments.forEach((segment, s) => {
        vanished.push(id, s, segment, liveRowsOf(segment));
      });
    }
    if (after === undefined) continue;
    if (stays) found.push(changedShard(before, after, vanished));
    else found.push({ id, centroid: after.centroid, segments: after.rows.segments.map(whole) });
  }
  const shards = found.map((shard) => ({
    ...shard,
    segments: shard.segments.map(({ segment, first, keeps, buried }) => {
      const { block, visible } = segment;
      const runs = runsOf(segment, first, vanished);
      return { keeps, capacity: block.capacity, visible, buried, runs, segment };
    }),
  }));
  const { nextShardId, config } = b;
  const chunks = chunkChanges(a.centroids, b.centroids);
  const documents = documentsBetween(a.documents, b.documents);
  return new Delta(
    a,
    b,
    { dimensions: config.dimensions, nextShardId, gone, shards, chunks, documents },
    ledgerLater(vanished.lost(), shards, documents),
  );
}

// Functions of their own, so that what is made later keeps nothing but what it is made from.
function documentsBetween(a: Documents, b: Documents): Lazy<ChangedDocuments> {
  return new Lazy(() => changedDocuments(a, b));
}

function ledgerLater(
  lost: KeyColumns,
  shards: readonly ShardChange[],
  documents: Lazy<ChangedDocuments>,
): Lazy<Ledger> {
  return new Lazy(() => ledgerOfRows(lost, shards, documents));
}

/** A shard that both versions have; rows of which only `before` sees go to `vanished`. */
function changedShard(before: Shard, after: Shard, vanished: Vanished): Found {
  const old = before.rows.segments;
  const documentIds: string[] = [];
  const leave = (s: number, rows: readonly number[]): void => {
    const columns = columnsOf(old[s].block);
    for (const row of rows) documentIds.push(columns.documentIds[row]);
    vanished.push(before.id, s, old[s], rows);
  };
  let next = 0;
  const segments = after.rows.segments.map((segment) => {
    const keeps = old.findIndex(({ block }, s) => s >= next && block === segment.block);
    const buried = keeps < 0 ? undefined : buriedBetween(old[keeps], segment);
    // Rows that would have to come back, as on the way to an older version, need a block of their own.
    if (buried === undefined) return whole(segment);
    for (; next < keeps; next++) leave(next, liveRowsOf(old[next]));
    next = keeps + 1;
    leave(keeps, buried);
    return { keeps, buried, segment, first: old[keeps].visible };
  });
  for (; next < old.length; next++) leave(next, liveRowsOf(old[next]));
  return { id: before.id, centroid: undefined, segments, leaving: { documentIds } };
}

/** A segment of which every live row is new. */
function whole(segment: Segment): FoundSegment {
  return { keeps: -1, buried: [], segment, first: 0 };
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
