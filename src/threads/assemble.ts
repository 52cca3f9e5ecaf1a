import { InvalidDeltaError } from '../errors.js';
import { type CentroidTable, tableFrom } from '../version/centroid-table.js';
import { bitCount } from '../version/bits.js';
import type { RowBlock } from '../version/row-block.js';
import { Centroid, type Shard, matrixOf } from '../version/shard.js';
import { Segment, ShardRows, deadBits, liveRows } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { DraftState } from '../write/draft-state.js';
import type {
  Difference,
  Handle,
  Label,
  SentDocuments,
  SentRows,
  SentSegment,
  SentShard,
} from './messages.js';

/**
 * The version that a difference leads to. No vector is read: shards get segments of blocks that are there. What an
 * earlier version has just so is taken from it, so that both share it (I4).
 *
 * Time: O(segments of the shards that differ + rows that are new to this thread + changed documents · log).
 *
 * @throws {@link InvalidDeltaError} where the result is not what the owner has.
 */
export function assembled(
  base: ShardexIndex,
  difference: Difference,
  shards: readonly SentShard[],
  blocks: ReadonlyMap<Handle, RowBlock>,
  earlier: ShardexIndex,
): ShardexIndex {
  const state = new DraftState(base);
  for (const id of difference.gone) state.deleteShard(id);
  for (const sent of shards) {
    const { id } = sent;
    const shard = shardFrom(sent, base.shards.get(id) ?? earlier.shards.get(id), blocks);
    state.insertShard(shard);
    if (difference.documents === undefined) state.addToDocuments(liveRows(shard.rows), id);
  }
  if (difference.documents !== undefined) setDocuments(state, difference.documents, difference.rows);
  if (difference.chunks !== undefined) state.setCentroids(centroidsFrom(base, state, difference.chunks));
  const { version, fingerprint, nextShardId, churn } = difference.label;
  const calibration =
    difference.calibration === undefined ? base.calibration : deepFrozen(difference.calibration.is);
  const next = state.finish({ version, fingerprint, nextShardId, churn, calibration });
  assertSame(next, difference.label);
  return next;
}

function shardFrom(
  { id, centroid, segments }: SentShard,
  old: Shard | undefined,
  blocks: ReadonlyMap<Handle, RowBlock>,
): Shard {
  const earlier = old?.rows.segments ?? [];
  const own = segments.map((segment, s) =>
    typeof segment === 'number' ? earlier[segment] : segmentFrom(segment, earlier[s], blocks),
  );
  const sameRows =
    own.length === old?.rows.segments.length && own.every((segment, s) => segment === old.rows.segments[s]);
  if (
    old === undefined ||
    (centroid !== undefined && !sameVector(matrixOf(old.centroid).vectors, centroid))
  ) {
    if (centroid === undefined) throw damaged(`the centroid of shard ${id}`);
    return { id, centroid: new Centroid(centroid), rows: new ShardRows(own) };
  }
  return sameRows ? old : { id, centroid: old.centroid, rows: new ShardRows(own) };
}

function segmentFrom(
  { handle, visible, dead }: SentSegment,
  old: Segment | undefined,
  blocks: ReadonlyMap<Handle, RowBlock>,
): Segment {
  const block = blocks.get(handle);
  if (block === undefined) throw damaged(`block ${handle}`);
  if (old?.block === block && old.visible === visible && sameBits(deadBits(old), dead)) return old;
  let deadCount = 0;
  if (dead !== undefined) for (const word of dead) deadCount += bitCount(word);
  return new Segment(block, visible, visible - deadCount, dead);
}

function setDocuments(state: DraftState, { documentIds, entries }: SentDocuments, rows: SentRows): void {
  // An id comes with its rows as well; one string is enough for both.
  const known = new Map(rows.documentIds.map((id) => [id, id]));
  documentIds.forEach((id, i) => {
    state.setDocument(known.get(id) ?? id, deepFrozen(entries[i]));
  });
}

function centroidsFrom(
  base: ShardexIndex,
  state: DraftState,
  chunks: NonNullable<Difference['chunks']>,
): CentroidTable {
  return tableFrom(
    base.config.metric,
    chunks.map((chunk) =>
      typeof chunk === 'number'
        ? base.centroids.chunks[chunk]
        : chunk.map((id) => ({ id, vector: matrixOf(state.shard(id).centroid).vectors })),
    ),
  );
}

/** What can be compared cheaply must agree; anything else would be an error that nobody sees. */
function assertSame(next: ShardexIndex, label: Label): void {
  for (const count of ['postingCount', 'documentCount', 'shardCount', 'byteLength'] as const)
    if (next[count] !== label[count]) throw damaged(`the ${count}: ${next[count]} and ${label[count]}`);
}

function damaged(what: string): InvalidDeltaError {
  return new InvalidDeltaError(
    `A replica and its owner disagree on ${what}. Both threads must run the same version of the library.`,
  );
}

function sameVector(a: Float32Array, b: Float32Array): boolean {
  return a.every((component, i) => Object.is(component, b[i]));
}

function sameBits(a: Uint32Array | undefined, b: Uint32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

/** What comes in a message is plain objects; some of it becomes part of a version (I1). */
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
