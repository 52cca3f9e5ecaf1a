// Makes a writer's changes again on a newer version, or says where they conflict.
import { isWithin } from '../documents/extent.js';
import { ConflictError, type PostingKey, type RecordField } from '../errors.js';
import { compareKeys, keyOfRow } from '../version/posting.js';
import { sameVector } from '../version/row-block.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { ReplaySet, type Row, type RowsByExtent, replay, rowsOfDocuments, shardsIn } from './replay.js';
import { rebasedRecords } from './rebase-records.js';
import type { WriteSet } from './write-set.js';

/**
 * Makes a draft's changes to `base` again on `current`, which others have published since (I3).
 *
 * Two sides conflict if one changed a posting that the other touched. To touch it is to write it, even as it was, or to remove
 * or replace it, alone or with its document. Other changes are merged, even in one document.
 *
 * Comparing `base` and `current` tells what others changed. A posting that is gone tells that they removed or replaced its
 * whole document, unless a write set in `recorded` has just that posting. What they touched without changing it is in
 * `recorded` alone, and counts too: so it does not matter which side commits first.
 *
 * Time: O(postings in the shards that hold the touched documents + commits recorded), and routing the postings added.
 *
 * @throws {@link ConflictError} with every overlap.
 */
export function rebase(
  base: ShardexIndex,
  mine: ShardexIndex,
  current: ShardexIndex,
  writeSet: WriteSet,
  recorded: Iterable<WriteSet>,
): ShardexIndex {
  const byMe: string[] = [];
  const byOthers: string[] = [];
  for (const documentId of writeSet.documentIds()) {
    if (!sameShards(base, mine, documentId)) byMe.push(documentId);
    if (!sameShards(base, current, documentId)) byOthers.push(documentId);
  }
  const either = new Set([...byMe, ...byOthers]);
  const before = rowsOfDocuments(shardsIn(base), either);
  const [after, now] = [rowsOfDocuments(shardsIn(mine), byMe), rowsOfDocuments(shardsIn(current), byOthers)];
  const shared = writeSet.sharedWith(recorded);
  const overlaps: PostingKey[] = [];
  const changed = new ReplaySet();
  const { fields, records } = rebasedRecords(base, mine, current, writeSet, shared);
  for (const [documentId, record] of records) changed.records.set(documentId, record);
  const [mineDiffer, othersDiffer] = [new Set(byMe), new Set(byOthers)];
  for (const documentId of either) {
    const old = before(documentId);
    const mineNow = mineDiffer.has(documentId) ? after(documentId) : old;
    const theirs = othersDiffer.has(documentId) ? now(documentId) : old;
    const myChanges = changes(old, mineNow);
    // If one side gave the document a text, a posting that the other added may reach beyond it.
    const isBeyond = beyond(changed, current, documentId);
    const overlap = new Map<string, Row>();
    for (const [extent, row] of changes(old, theirs))
      if (writeSet.covers(documentId, extent) || (theirs.has(extent) && isBeyond(row)))
        overlap.set(extent, row);
    const whole = hasLost(old, theirs, (extent) => isCovered(shared, documentId, extent));
    for (const [extent, row] of myChanges) {
      if (whole || isCovered(shared, documentId, extent) || (mineNow.has(extent) && isBeyond(row)))
        overlap.set(extent, row);
      else if (mineNow.has(extent)) changed.added.push(row.block, row.row);
      else changed.remove(documentId, extent);
    }
    for (const { columns, row } of overlap.values()) overlaps.push(keyOfRow(columns, row));
  }
  if (overlaps.length > 0 || fields.length > 0) throw conflict(base, current, overlaps, fields);

  return current === base ? mine : replay(current, changed);
}

/** Whether one of the write sets has a posting. */
export function isCovered(
  shared: ReadonlyMap<string, readonly WriteSet[]>,
  documentId: string,
  extent: string,
): boolean {
  return shared.get(documentId)?.some((other) => other.covers(documentId, extent)) === true;
}

/** Returns a test of whether a row reaches beyond the text that its document is to have. */
function beyond(changed: ReplaySet, current: ShardexIndex, documentId: string): (row: Row) => boolean {
  const { records } = changed;
  const record = records.has(documentId) ? records.get(documentId) : current.records.get(documentId);
  return ({ columns, row }) => !isWithin(record?.text, keyOfRow(columns, row));
}

/** Makes the error for what both sides touched; for none, that the current version is not the expected one. */
export function conflict(
  base: ShardexIndex,
  current: ShardexIndex,
  postings: readonly PostingKey[],
  fields: readonly RecordField[] = [],
): ConflictError {
  const documents = [...new Set([...postings, ...fields].map(({ documentId }) => documentId))].sort();
  const shards = new Set(
    documents.flatMap((documentId) => shardsOfDocument(current, documentId).map(({ id }) => id)),
  );
  const named = documents.slice(0, 5).map((documentId) => JSON.stringify(documentId));
  const more = documents.length > 5 ? ` and ${documents.length - 5} more` : '';
  const what =
    documents.length > 0
      ? `both changed document ${named.join(', ')}${more}`
      : 'the current version is not the expected one';
  return new ConflictError(
    `Version ${base.version} was the base, but version ${current.version} has been published since, and ${what}. Nothing was published; read the current version and make the change again.`,
    {
      baseVersion: base.version,
      currentVersion: current.version,
      documents,
      postings: [...postings].sort(compareKeys),
      fields,
      shards: [...shards].sort((a, b) => a - b),
    },
  );
}

/** Lists the postings added, removed or given another vector: each with its new row, or the old one if it was removed. */
export function changes(before: RowsByExtent, after: RowsByExtent): Map<string, Row> {
  const changed = new Map<string, Row>();
  for (const [extent, row] of before) {
    const next = after.get(extent);
    if (next === undefined) changed.set(extent, row);
    else if (!sameVector(row.columns, row.row, next.columns, next.row)) changed.set(extent, next);
  }
  for (const [extent, row] of after) if (!before.has(extent)) changed.set(extent, row);
  return changed;
}

/** Whether a posting is gone that nobody touched by itself: its document was removed or replaced. */
function hasLost(before: RowsByExtent, after: RowsByExtent, isTouched: (extent: string) => boolean): boolean {
  if (before === after) return false;
  for (const extent of before.keys()) if (!after.has(extent) && !isTouched(extent)) return true;
  return false;
}

/** Whether two versions hold a document in the very same shard objects; then it cannot differ. */
function sameShards(a: ShardexIndex, b: ShardexIndex, documentId: string): boolean {
  const inA = shardsOfDocument(a, documentId);
  const inB = shardsOfDocument(b, documentId);
  return inA.length === inB.length && inA.every((shard, i) => shard === inB[i]);
}
