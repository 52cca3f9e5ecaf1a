/*
 * Copies of few matching rows, side by side: where they are spread over many shards, to fetch each of them from there takes ten
 * times as long as to measure it. A version appends what is new, and shares the rest with the versions before.
 */
import type { Map as ImmutableMap } from 'immutable';
import { newList } from '../../collections/new-list.js';
import { ROW_OVERHEAD, RowBlock, claimRows, columnsOf, copyRow } from '../../version/row-block.js';
import type { Shard, ShardId } from '../../version/shard.js';
import { Segment, deadBits, eachLive } from '../../version/shard-rows.js';

/** Room for what later versions append. */
const SPARE = 1 / 4;

/** Rows of a shard, from one place to before another. */
type Span = readonly [from: number, to: number];

/** Copies of the rows of some shards. */
export interface PackedRows {
  /** In which rows that a later version has no more are dead. */
  readonly segment: Segment;
  readonly spans: ReadonlyMap<ShardId, Span>;
}

/** Bytes that so many rows take. */
export function packedBytes(rows: number, dimensions: number): number {
  return Math.ceil(rows * (1 + SPARE)) * (4 * dimensions + ROW_OVERHEAD);
}

/** Copies the live rows of shards. Time: O(rows · dimensions). */
export function packRows(
  shards: ImmutableMap<ShardId, Shard>,
  rowCount: number,
  dimensions: number,
): PackedRows {
  const block = new RowBlock(Math.ceil(rowCount * (1 + SPARE)) + 1, dimensions, false);
  const none: PackedRows = { segment: new Segment(block, 0, 0), spans: new Map() };
  return repackRows(none, shards, shards.keys(), rowCount) as PackedRows;
}

/**
 * The same after some shards have changed: their rows are copied anew behind the others. `undefined` where there is no room for
 * that, or another version has taken it.
 */
export function repackRows(
  { segment, spans }: PackedRows,
  shards: ImmutableMap<ShardId, Shard>,
  ids: Iterable<ShardId>,
  rowCount: number,
): PackedRows | undefined {
  const { block } = segment;
  const next = new Map(spans);
  const changed = [...ids];
  let wanted = 0;
  for (const id of changed) wanted += shards.get(id)?.rows.liveCount ?? 0;
  if (!claimRows(block, segment.visible, wanted)) return undefined;
  const to = columnsOf(block);
  let end = segment.visible;
  const gone: Span[] = [];
  for (const id of changed) {
    const [from, was] = [end, next.get(id)];
    if (was !== undefined) gone.push(was);
    const shard = shards.get(id);
    if (shard !== undefined)
      eachLive(shard.rows, (columns, row) => {
        copyRow(columns, row, to, end++);
      });
    if (end > from) next.set(id, [from, end]);
    else next.delete(id);
  }
  return { segment: new Segment(block, end, rowCount, deadAfter(segment, gone, end)), spans: next };
}

/** The bits of a segment's dead rows after some spans have died, for `end` rows; none where all are live. */
function deadAfter(segment: Segment, gone: readonly Span[], end: number): number[] | undefined {
  const before = deadBits(segment);
  if (before === undefined && gone.length === 0) return undefined;
  const bits = before?.slice() ?? newList<number>();
  while (bits.length < (end + 31) >>> 5) bits.push(0);
  for (const [from, to] of gone) for (let row = from; row < to; row++) bits[row >>> 5] |= 1 << (row & 31);
  return bits;
}
