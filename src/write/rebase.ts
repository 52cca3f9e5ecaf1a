import { ConflictError, type PostingKey } from '../errors.js';
import { compareKeys, keyOfRow, keyText } from '../version/posting.js';
import { type Columns, type RowBlock, RowList, sameVector } from '../version/row-block.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { addRows } from './add.js';
import { bury } from './bury.js';
import { DraftState } from './draft-state.js';
import type { Touched } from './index-draft.js';
import { settle } from './rebalance.js';
import { stageRows } from './staging.js';

/**
 * Replays what a draft did to `base` on `current`, which others have published since (I3).
 *
 * Others touched a document if it is not the same in `base` and `current`; this needs no record of their commits.
 * Where they did, changes of different posting keys of the document are joined; the same key changed by both, or a
 * document that the draft removed or replaced as a whole, is a conflict.
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
  const documents: string[] = [];
  const keys: PostingKey[] = [];
  const removed = new Set<string>();
  const shrinking = new Set<string>();
  const added: Row[] = [];
  for (const [documentId, whole] of touched) {
    const before = rowsOfDocument(base, documentId);
    const ours = changes(before, rowsOfDocument(mine, documentId));
    if (!sameShards(base, current, documentId)) {
      const theirs = changes(before, rowsOfDocument(current, documentId));
      const both = [...ours.keys()].filter((key) => theirs.has(key));
      if (theirs.size > 0 && (whole || both.length > 0)) {
        documents.push(documentId);
        for (const key of both) keys.push(keyOfChange(theirs.get(key) as Change));
      }
    }
    for (const [key, { after }] of ours) {
      if (after !== undefined) {
        added.push(after);
      } else {
        removed.add(key);
        shrinking.add(documentId);
      }
    }
  }
  if (documents.length > 0) throw conflict(base, current, documents, keys);

  const state = new DraftState(current);
  for (const documentId of shrinking) {
    for (const shard of state.shardsOfDocument(documentId)) {
      const { documentIds } = bury(
        state,
        shard,
        (columns, row) => columns.documentIds[row] === documentId && removed.has(keyTextAt(columns, row)),
      );
      state.dropFromDocuments(documentIds, shard);
    }
  }
  const rows = new RowList();
  for (const { block, row } of added) rows.push(block, row);
  addRows(state, stageRows(rows, current.config.dimensions));
  settle(state);
  return state.finish();
}

/** The error for changes that overlap, or for any change where replaying is not wanted or not possible. */
export function conflict(
  base: ShardexIndex,
  current: ShardexIndex,
  documents: readonly string[],
  postings: readonly PostingKey[],
): ConflictError {
  const shards = new Set(
    documents.flatMap((documentId) => shardsOfDocument(current, documentId).map(({ id }) => id)),
  );
  const named = documents
    .slice(0, 5)
    .map((documentId) => JSON.stringify(documentId))
    .join(', ');
  const more = documents.length > 5 ? ` and ${documents.length - 5} more` : '';
  const what =
    documents.length > 0
      ? `both changed document ${named}${more}`
      : 'the current version is not the expected one';
  return new ConflictError(
    `Version ${base.version} was the base, but version ${current.version} has been published since, and ${what}. Nothing was published; read the current version and make the change again.`,
    {
      baseVersion: base.version,
      currentVersion: current.version,
      documents: [...documents].sort(),
      postings: [...postings].sort(compareKeys),
      shards: [...shards].sort((a, b) => a - b),
    },
  );
}

interface Row {
  readonly block: RowBlock;
  readonly columns: Columns;
  readonly row: number;
}

/** A posting that is not the same before and after; one of the two is there. */
interface Change {
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

function rowsOfDocument(index: ShardexIndex, documentId: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const shard of shardsOfDocument(index, documentId)) {
    eachLive(shard.rows, (columns, row, { block }) => {
      if (columns.documentIds[row] === documentId) rows.set(keyTextAt(columns, row), { block, columns, row });
    });
  }
  return rows;
}

function changes(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): Map<string, Change> {
  const changed = new Map<string, Change>();
  for (const [key, row] of before) {
    const next = after.get(key);
    if (next === undefined || !sameVector(row.columns, row.row, next.columns, next.row)) {
      changed.set(key, { before: row, after: next });
    }
  }
  for (const [key, row] of after) if (!before.has(key)) changed.set(key, { before: undefined, after: row });
  return changed;
}

/** Whether two versions hold a document in the very same shard values; then it cannot differ. */
function sameShards(a: ShardexIndex, b: ShardexIndex, documentId: string): boolean {
  const inA = shardsOfDocument(a, documentId);
  const inB = shardsOfDocument(b, documentId);
  return inA.length === inB.length && inA.every((shard, i) => shard === inB[i]);
}

function keyTextAt(columns: Columns, row: number): string {
  return keyText(columns.documentIds[row], columns.starts[row], columns.lengths[row]);
}

function keyOfChange({ before, after }: Change): PostingKey {
  const { columns, row } = (after ?? before) as Row;
  return keyOfRow(columns, row);
}
