import { InvalidIndexError } from '../errors.js';
import { changedShards, differingShards } from '../version/changed-shards.js';
import type { CentroidTable } from '../version/centroid-table.js';
import { keyOfRow } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import { type Shard, type ShardId, sameCentroid } from '../version/shard.js';
import { type Segment, buriedBetween, eachLiveRow } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, sameConfig } from '../version/shardex-index.js';
import { applyDelta } from './apply.js';
import {
  type ChunkChange,
  Delta,
  type KeyChanges,
  type Run,
  type SegmentChange,
  type ShardChange,
  emptyDelta,
} from './delta.js';
import { documentChanges } from './document-changes.js';
import { Vanished } from './vanished.js';

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

/** A segment whose new rows are known, but not yet where they come from. */
interface Found extends Omit<SegmentChange, 'runs' | 'segment'> {
  readonly segment: Segment;
  readonly rows: readonly number[];
}

function deltaBetween(a: ShardexIndex, b: ShardexIndex, ids: readonly ShardId[]): Delta {
  const vanished = new Vanished();
  const gone: ShardId[] = [];
  const found: { id: ShardId; centroid: ShardChange['centroid']; segments: Found[] }[] = [];
  for (const id of ids) {
    const before = a.shards.get(id);
    const after = b.shards.get(id);
    if (before === after) continue;
    const stays =
      before !== undefined && after !== undefined && sameCentroid(before.centroid, after.centroid);
    if (before !== undefined && !stays) {
      gone.push(id);
      before.rows.segments.forEach((segment, s) => {
        vanished.pushLive(id, s, segment);
      });
    }
    if (after === undefined) continue;
    const segments = stays ? changedSegments(before, after, vanished) : after.rows.segments.map(whole);
    found.push({ id, centroid: stays ? undefined : after.centroid, segments });
  }
  const keys: KeyChanges = {
    added: [],
    removed: [],
    updated: [],
    documents: { added: [], removed: [], updated: [] },
  };
  const shards = found.map(({ id, centroid, segments }) => ({
    id,
    centroid,
    segments: segments.map(({ rows, ...segment }) => ({
      ...segment,
      runs: runsOf(segment.segment, rows, vanished, keys),
    })),
  }));
  vanished.eachLost((block, row) => keys.removed.push(keyOfRow(columnsOf(block), row)));
  documentChanges(a, b, keys);
  const { nextShardId, config } = b;
  const chunks = chunkChanges(a.centroids, b.centroids);
  return new Delta(a, b, { dimensions: config.dimensions, nextShardId, gone, shards, chunks }, keys);
}

/** Segments of a shard that both versions have, less what they share; rows that only `before` has go to `vanished`. */
function changedSegments(before: Shard, after: Shard, vanished: Vanished): Found[] {
  const old = before.rows.segments;
  let next = 0;
  const segments = after.rows.segments.map((segment) => {
    const keeps = old.findIndex(({ block }, s) => s >= next && block === segment.block);
    const buried = keeps < 0 ? undefined : buriedBetween(old[keeps], segment);
    // Rows that would have to come back, as on the way to an older version, need a block of their own.
    if (buried === undefined) return whole(segment);
    for (; next < keeps; next++) vanished.pushLive(before.id, next, old[next]);
    next = keeps + 1;
    for (const row of buried) vanished.push(before.id, keeps, segment.block, row);
    const rows: number[] = [];
    eachLiveRow(segment, old[keeps].visible, (row) => rows.push(row));
    return { keeps, capacity: segment.block.capacity, visible: segment.visible, buried, segment, rows };
  });
  for (; next < old.length; next++) vanished.pushLive(before.id, next, old[next]);
  return segments;
}

/** A segment of which every live row is new. */
function whole(segment: Segment): Found {
  const rows: number[] = [];
  eachLiveRow(segment, 0, (row) => rows.push(row));
  return { keeps: -1, capacity: segment.block.capacity, visible: segment.visible, buried: [], segment, rows };
}

/** Tells new rows that were moved from elsewhere in the base from those that were written, as long runs as can be. */
function runsOf(
  { block }: Segment,
  rows: readonly number[],
  vanished: Vanished,
  keys: KeyChanges,
): readonly Run[] {
  const columns = columnsOf(block);
  const runs: { -readonly [K in keyof Run]: Run[K] }[] = [];
  let last = runs.at(-1);
  for (const at of rows) {
    const match = vanished.find(columns, at);
    const moved = match?.same === true ? match : undefined;
    if (moved === undefined) (match === undefined ? keys.added : keys.updated).push(keyOfRow(columns, at));
    const row = moved?.row ?? at;
    const goesOn = last !== undefined && at === last.at + last.count && row === last.row + last.count;
    if (goesOn && last !== undefined && isSameSource(last.from, moved)) last.count++;
    else {
      last = {
        at,
        count: 1,
        from: moved === undefined ? block : { shard: moved.shard, segment: moved.segment },
        row,
      };
      runs.push(last);
    }
  }
  return runs;
}

function isSameSource(from: Run['from'], moved: { shard: ShardId; segment: number } | undefined): boolean {
  if (!('shard' in from)) return moved === undefined;
  return from.shard === moved?.shard && from.segment === moved.segment;
}

function chunkChanges(a: CentroidTable, b: CentroidTable): readonly ChunkChange[] | undefined {
  if (a === b) return undefined;
  const places = new Map(a.chunks.map((chunk, at) => [chunk, at]));
  return b.chunks.map((chunk) => places.get(chunk) ?? chunk.ids);
}
