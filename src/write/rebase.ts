import { ConflictError, type PostingKey } from '../errors.js';
import { compareKeys, keyOfRow } from '../version/posting.js';
import { sameVector } from '../version/row-block.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { Replay, type Row, replay, rowsOfDocument } from './replay.js';
import type { Touched } from './touched.js';

/**
 * Replays what a draft did to `base` on `current`, which others have published since (I3).
 *
 * Others touched a posting if it is not the same in `base` and `current`; this needs no record of their commits. Where
 * they touched one that the draft touched too, be it by removing or replacing its whole document, that is a conflict;
 * other changes of the same document are joined.
 *
 * Time: O(postings in the shards that hold the touched documents), besides routing what is added anew.
 *
 * @throws {@link ConflictError} with every overlap; nothing is made then.
 */
export function rebase(
  base: ShardexIndex,
  mine: ShardexIndex,
  current: ShardexIndex,
  touched: Touched,
): ShardexIndex {
  const overlaps: PostingKey[] = [];
  const changed = new Replay();
  for (const documentId of touched.documentIds()) {
    const before = rowsOfDocument(base, documentId);
    if (!sameShards(base, current, documentId)) {
      for (const [place, row] of changes(before, rowsOfDocument(current, documentId))) {
        if (touched.covers(documentId, place)) overlaps.push(keyOfRow(row.columns, row.row));
      }
    }
    const after = rowsOfDocument(mine, documentId);
    for (const [place, { block, row }] of changes(before, after)) {
      if (after.has(place)) changed.added.push(block, row);
      else changed.remove(documentId, place);
    }
  }
  if (overlaps.length > 0) throw conflict(base, current, overlaps);

  return replay(current, changed);
}

/** The error for postings that both sides touched; without any, for another version than the expected one. */
export function conflict(
  base: ShardexIndex,
  current: ShardexIndex,
  postings: readonly PostingKey[],
): ConflictError {
  const documents = [...new Set(postings.map(({ documentId }) => documentId))].sort();
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
      shards: [...shards].sort((a, b) => a - b),
    },
  );
}

/** What was added, removed or given another vector: the new row, or the old one where there is no new one. */
function changes(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): Map<string, Row> {
  const changed = new Map<string, Row>();
  for (const [place, row] of before) {
    const next = after.get(place);
    if (next === undefined) changed.set(place, row);
    else if (!sameVector(row.columns, row.row, next.columns, next.row)) changed.set(place, next);
  }
  for (const [place, row] of after) if (!before.has(place)) changed.set(place, row);
  return changed;
}

/** Whether two versions hold a document in the very same shard values; then it cannot differ. */
function sameShards(a: ShardexIndex, b: ShardexIndex, documentId: string): boolean {
  const inA = shardsOfDocument(a, documentId);
  const inB = shardsOfDocument(b, documentId);
  return inA.length === inB.length && inA.every((shard, i) => shard === inB[i]);
}
