/*
 * The documents map while a decoded delta is applied: such a delta does not say which shards a document is in, so
 * that follows here from the rows that come and go.
 */

import { RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLiveRow } from '../version/shard-rows.js';
import type { DraftState } from '../write/draft-state.js';
import type { SegmentChange, ShardChange } from './changes.js';

/**
 * Updates the documents map for one shard: adds the documents of new rows, and drops those that it no longer holds.
 * `before` is the shard that goes on as `shard`, if any. Time: O(rows of the shard).
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
  const maybeGone = new Set<string>();
  eachDocument(lostRows(before, segments), (documentId) => maybeGone.add(documentId));
  eachDocument(arriving, (documentId) => maybeGone.delete(documentId));
  if (maybeGone.size > 0) state.dropFromDocuments(maybeGone, shard.id);
}

/** Lists the rows that a shard gains. */
function newRows(shard: Shard, segments: readonly SegmentChange[]): RowList {
  const list = new RowList();
  segments.forEach(({ runs }, s) => {
    const { block } = shard.rows.segments[s];
    for (const { at, count } of runs) for (let i = 0; i < count; i++) list.push(block, at + i);
  });
  return list;
}

/** Lists the rows that a shard loses, in order: buried ones, and those of segments that it no longer has. */
function lostRows(before: Shard, segments: readonly SegmentChange[]): RowList {
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
