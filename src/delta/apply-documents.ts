import { RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLiveRow } from '../version/shard-rows.js';
import type { DraftState } from '../write/draft-state.js';
import type { SegmentChange, ShardChange } from './delta.js';

/**
 * Notes which documents a shard holds from now on, and which no more: `before` is what goes on as `shard`, if anything
 * does. Time: O(rows of the shard).
 */
export function moveDocuments(
  state: DraftState,
  before: Shard | undefined,
  shard: Shard,
  { segments }: ShardChange,
): void {
  const arriving = newRows(shard, segments);
  state.addToDocuments(arriving, shard.id);
  if (before === undefined) return;
  const perhaps = new Set<string>();
  eachDocument(leavingRows(before, segments), (documentId) => perhaps.add(documentId));
  eachDocument(arriving, (documentId) => perhaps.delete(documentId));
  if (perhaps.size > 0) state.dropFromDocuments(perhaps, shard.id);
}

/** The rows of a shard that were not there before. */
function newRows(shard: Shard, segments: readonly SegmentChange[]): RowList {
  const list = new RowList();
  segments.forEach(({ runs }, s) => {
    const { block } = shard.rows.segments[s];
    for (const { at, count } of runs) for (let i = 0; i < count; i++) list.push(block, at + i);
  });
  return list;
}

/** The rows of a shard that are buried or left out, in order. */
function leavingRows(before: Shard, segments: readonly SegmentChange[]): RowList {
  const list = new RowList();
  const buried = new Map(segments.map((change) => [change.keeps, change.buried]));
  before.rows.segments.forEach((segment, s) => {
    const rows = buried.get(s);
    if (rows !== undefined) for (const row of rows) list.push(segment.block, row);
    else
      eachLiveRow(segment, 0, (row) => {
        list.push(segment.block, row);
      });
  });
  return list;
}

function eachDocument(list: RowList, visit: (documentId: string) => unknown): void {
  for (let i = 0; i < list.length; i++) visit(columnsOf(list.blocks[i]).ids.at(list.rows[i]));
}
