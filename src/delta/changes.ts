/*
 * The structural part of a delta: what turns the base into the next version, shard by shard. `between.ts` finds it,
 * `compose.ts` joins two, `encode.ts` and `decode.ts` carry it as bytes, `apply.ts` carries it out.
 *
 * An example: shard 1 holds rows 0, 1, 2 in one block. A commit moves row 1 to shard 2, whose block has 5 rows, and adds
 * a posting there. Then shard 1 has one segment { keeps: 0, buried: [1], runs: [] }, and shard 2 has
 * { keeps: 0, buried: [], runs: [{ at: 5, count: 1, from: { shard: 1, segment: 0 }, row: 1 },
 *                               { at: 6, count: 1, from: block, row: 6 }] }.
 * Only the written row needs its vector on the way to another machine; the moved one is copied from the base there.
 */

import type { CalibrationChange } from '../calibration/change.js';
import type { Lazy } from '../collections/lazy.js';
import type { DocumentRecord } from '../documents/record.js';
import type { CentroidTable } from '../version/centroid-table.js';
import type { ChangedDocuments } from '../version/documents.js';
import type { RowBlock } from '../version/row-block.js';
import { type Centroid, type Shard, type ShardId, sameCentroid } from '../version/shard.js';
import type { Segment } from '../version/shard-rows.js';

/** A segment of the base, as the source of moved rows. */
export interface BaseSegment {
  readonly shard: ShardId;
  readonly segment: number;
}

/** Consecutive live rows that a segment gains: written anew, from a block, or moved from a segment of the base. */
export interface Run {
  /** The first of its rows in the segment. */
  readonly at: number;
  readonly count: number;
  readonly from: RowBlock | BaseSegment;
  /** The first row in the source. */
  readonly row: number;
}

/** The origin of one segment: what it keeps of the base, and what it gains. */
export interface SegmentChange {
  /** Index, in the base's shard, of the segment that it extends; −1 for a new block. */
  readonly keeps: number;
  /** Rows that its block can hold. */
  readonly capacity: number;
  readonly visible: number;
  /** Rows that are live in the base's segment and dead in this one, ascending. */
  readonly buried: readonly number[];
  /** The live rows that are not the base's own, ascending. Rows in no run are dead (I7). */
  readonly runs: readonly Run[];
  /** The finished segment, if this process has it: then no row is copied. */
  readonly segment?: Segment;
}

/** A shard that is new, if it has a centroid, or whose rows changed. Deltas and messages have types of their own for both. */
export interface ChangedShard<C, S> {
  readonly id: ShardId;
  readonly centroid: C | undefined;
  readonly segments: readonly S[];
}

/** A changed shard of a delta. */
export type ShardChange = ChangedShard<Centroid, SegmentChange>;

/** A chunk of the centroid table: one of the base's, by its index, or a new one, by its shards. */
export type ChunkChange = number | readonly ShardId[];

/** A record that is new, changed or gone. */
export interface RecordChange {
  readonly documentId: string;
  /** Whether the base has one. */
  readonly existed: boolean;
  /** The record of the base, if this process has it. */
  readonly before: DocumentRecord | undefined;
  /** The record of the next version; missing if it is gone. */
  readonly after: DocumentRecord | undefined;
}

/** The changes beside the rows of shards, the same for deltas and replicas. */
export interface RootChanges {
  /** Shards of the base that are gone or replaced, ascending. */
  readonly gone: readonly ShardId[];
  /** The centroid table; missing if the base's stays. */
  readonly chunks: readonly ChunkChange[] | undefined;
  /** The calibration, which a replica does not compute itself. */
  readonly calibration: CalibrationChange;
}

/** The part of a delta that makes the next version out of the base. */
export interface Changes extends RootChanges {
  readonly dimensions: number;
  readonly nextShardId: ShardId;
  /** Ascending by id. */
  readonly shards: readonly ShardChange[];
  /** The next version's count of changes. */
  readonly churn: number;
  /** Comparisons that the next version leaves to later commits; see `ShardexIndex.owed`. */
  readonly owed: readonly ShardId[];
  /** The records that differ, ascending by document. */
  readonly records: readonly RecordChange[];
  /** The new entries of the documents map. If missing, as in a decoded delta, they are derived from the rows. */
  readonly documents?: Lazy<ChangedDocuments>;
}

/** Whether rows are written anew rather than moved within the base. */
export function isBlock(from: RowBlock | BaseSegment): from is RowBlock {
  return 'capacity' in from;
}

/** Visits all written rows by runs: `count` rows of a block, from `first` on. */
export function eachWrittenRun(
  shards: readonly ShardChange[],
  visit: (block: RowBlock, first: number, count: number) => void,
): void {
  for (const { segments } of shards) {
    for (const { runs } of segments)
      for (const { from, row, count } of runs) if (isBlock(from)) visit(from, row, count);
  }
}

/** Lists all written rows, in order. */
export function* writtenRows(shards: readonly ShardChange[]): Generator<[RowBlock, number]> {
  const runs: [RowBlock, number, number][] = [];
  eachWrittenRun(shards, (...run) => runs.push(run));
  for (const [block, first, count] of runs)
    for (let row = first; row < first + count; row++) yield [block, row];
}

/** Whether a shard goes on: its rows may differ. Otherwise one shard is gone, and another one new under its id. */
export function goesOn(before: Shard, after: Shard): boolean {
  return sameCentroid(before.centroid, after.centroid);
}

/** Describes one centroid table in terms of another; `undefined` if they are the same. */
export function chunkChanges(a: CentroidTable, b: CentroidTable): readonly ChunkChange[] | undefined {
  if (a === b) return undefined;
  const indexes = new Map(a.chunks.map((chunk, at) => [chunk, at]));
  return b.chunks.map((chunk) => indexes.get(chunk) ?? chunk.ids);
}
