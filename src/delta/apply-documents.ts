/*
 * The documents map while a decoded delta is applied: such a delta does not say which shards a document is in, so
 * that follows here from the rows that come and go.
 */

import { WantedIds } from '../collections/id-column.js';
import type { Documents } from '../version/documents.js';
import { DocumentsDraft } from '../version/documents-draft.js';
import { RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive, eachLiveRow, liveRows } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { Changes, SegmentChange, ShardChange } from './changes.js';

/**
 * Updates the documents map for shards that are gone, and for the new state of changed shards; with `only`, for no other
 * documents.
 *
 * Time: O(rows of the shards that are gone or made · log documents).
 */
export function documentsByRows(
  base: ShardexIndex,
  before: Documents,
  changes: Changes,
  made: readonly Shard[],
  only?: ReadonlySet<string>,
): Documents {
  const documents = new DocumentsDraft(before);
  const gone = new Set(changes.gone);
  for (const id of gone) {
    const { rows } = base.shards.get(id) as Shard;
    eachDocument(liveRows(rows), only, (documentId) => {
      documents.drop(documentId, id);
    });
  }
  made.forEach((shard, i) => {
    const old = gone.has(shard.id) ? undefined : base.shards.get(shard.id);
    moveDocuments(documents, old, shard, changes.shards[i], only);
  });
  return documents.finish();
}

/** Updates the documents map for one shard. `before` is the shard that goes on as `shard`, if any. */
function moveDocuments(
  documents: DocumentsDraft,
  before: Shard | undefined,
  shard: Shard,
  { segments }: ShardChange,
  only: ReadonlySet<string> | undefined,
): void {
  const arriving = newRows(shard, segments);
  eachDocument(arriving, only, (documentId) => {
    documents.note(documentId, shard.id);
  });
  if (before === undefined) return;
  const left = new Set<string>();
  eachDocument(lostRows(before, segments), only, (documentId) => left.add(documentId));
  eachDocument(arriving, only, (documentId) => left.delete(documentId));
  if (left.size === 0) return;
  // Documents with another row in the shard stay.
  const wanted = new WantedIds(left);
  eachLive(shard.rows, ({ ids }, row) => {
    const stays = wanted.idAt(ids, row);
    if (stays !== undefined) left.delete(stays);
    return left.size === 0;
  });
  for (const documentId of left) documents.drop(documentId, shard.id);
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

function eachDocument(
  list: RowList,
  only: ReadonlySet<string> | undefined,
  visit: (documentId: string) => unknown,
): void {
  for (let i = 0; i < list.length; i++) {
    const documentId = columnsOf(list.blocks[i]).ids.at(list.rows[i]);
    if (only?.has(documentId) !== false) visit(documentId);
  }
}
