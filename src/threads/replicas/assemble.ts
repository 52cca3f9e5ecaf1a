/*
 * Builds the next version of a replica from a difference, without a draft: kept shards and segments are reused, new
 * segments refer to blocks in shared memory. `difference.ts` is its counterpart at the owner. A draft would take up
 * to a fifth longer.
 */

import { changedCalibration } from '../../calibration/change.js';
import { InvalidDeltaError } from '../../errors.js';
import { Lazy } from '../../collections/lazy.js';
import { changedTable } from '../../delta/changes.js';
import { bitCount } from '../../collections/bits.js';
import type { RowBlock } from '../../version/row-block.js';
import type { Documents } from '../../version/documents.js';
import { documentsIn } from '../../version/documents-draft.js';
import { Centroid, type Shard, type ShardId, matrixOf, sameComponents } from '../../version/shard.js';
import { type DeadBits, Segment, ShardRows, bytesOf, deadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { StringMapDraft } from '../../collections/string-map.js';
import type { Difference, Handle, VersionHeader, SentDocuments, SentSegment, SentShard } from './messages.js';

/**
 * Builds the version that a difference leads to, without reading a vector. A shard or segment that an earlier version
 * already has in the same state is taken from there, so that both share it (I4).
 *
 * Time: O(segments of the shards that differ + rows that are new to this thread + changed documents · log).
 *
 * @throws {@link InvalidDeltaError} if the result differs from the owner's version.
 */
export function assembleVersion(
  base: ShardexIndex,
  difference: Difference,
  shards: readonly SentShard[],
  blocks: ReadonlyMap<Handle, RowBlock>,
  earlier: ShardexIndex,
): ShardexIndex {
  const changed: ShardId[] = [];
  let { postingCount, byteLength } = base;
  const count = (rows: ShardRows, sign: 1 | -1): void => {
    postingCount += sign * rows.liveCount;
    byteLength += sign * bytesOf(rows);
  };
  const shardMap = base.shards.withMutations((map) => {
    for (const id of difference.gone) {
      const before = map.get(id);
      if (before === undefined) throw mismatch(`shard ${id}`);
      count(before.rows, -1);
      map.delete(id);
      changed.push(id);
    }
    for (const sent of shards) {
      const { id } = sent;
      const before = map.get(id);
      const old = before ?? base.shards.get(id) ?? earlier.shards.get(id);
      const shard = assembleShard(sent, old, blocks, base.config.dimensions);
      if (before !== undefined) count(before.rows, -1);
      count(shard.rows, 1);
      if (shard !== before) {
        map.set(id, shard);
        changed.push(id);
      }
    }
  });
  const index = nextVersion(base, difference, {
    postingCount,
    byteLength,
    shards: shardMap,
    documents: documentsAfter(base, shardMap, difference),
    changed,
  });
  assertSameCounts(index, difference.header);
  return index;
}

/** Parts of the version that depend on its shards. */
interface AssembledParts {
  readonly postingCount: number;
  readonly byteLength: number;
  readonly shards: ShardexIndex['shards'];
  readonly documents: ShardexIndex['documents'];
  readonly changed: readonly ShardId[];
}

function nextVersion(
  base: ShardexIndex,
  { header, chunks, calibration }: Difference,
  { postingCount, byteLength, shards, documents, changed }: AssembledParts,
): ShardexIndex {
  const { version, fingerprint, nextShardId, churn, owed } = header;
  // A shard that replaced one of the same id is both gone and sent.
  const sorted = changed.toSorted((a, b) => a - b);
  const ids = sorted.filter((id, i) => id !== sorted[i - 1]);
  return Object.freeze({
    config: base.config,
    version,
    fingerprint,
    postingCount,
    documentCount: documents.isMade ? documents.value.size : header.documentCount,
    shardCount: shards.size,
    byteLength,
    shards,
    documents,
    centroids:
      chunks === undefined
        ? base.centroids
        : changedTable(
            base.centroids,
            base.config.metric,
            chunks,
            (id) => (shards.get(id) as Shard).centroid,
          ),
    nextShardId,
    calibration: changedCalibration(base.calibration, calibration, () => mismatch('the calibration')),
    churn,
    owed: Object.freeze([...owed]),
    changed: Object.freeze({ since: base.fingerprint, ids: Object.freeze(ids) }),
  });
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

function keptSegment(earlier: readonly Segment[], place: number, id: ShardId): Segment {
  const segment = earlier.at(place);
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
  { documents }: Difference,
): Lazy<Documents> {
  return documents !== undefined && base.documents.isMade
    ? Lazy.of(movedDocuments(base.documents.value, documents))
    : documentsLater(shards);
}

// A separate function, so that its closure keeps only the argument alive.
function documentsLater(shards: ShardexIndex['shards']): Lazy<Documents> {
  return new Lazy(() => documentsIn(shards.values()));
}

/** Applies the changed entries to the documents map. */
function movedDocuments(base: Documents, { documentIds, entries }: SentDocuments): Documents {
  const documents = new StringMapDraft(base);
  documentIds.forEach((id, i) => {
    documents.set(id, entries[i]);
  });
  return documents.finish();
}

/** Compares the counts with the owner's, so that a difference between the two sides does not go unnoticed. */
function assertSameCounts(next: ShardexIndex, header: VersionHeader): void {
  for (const count of ['postingCount', 'documentCount', 'shardCount', 'byteLength'] as const)
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
