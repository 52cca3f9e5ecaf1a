// Brings others' commits into a long draft: the reverse of a rebase, for `ingest`.
import type { PostingKey } from '../errors.js';
import type { Steps } from '../collections/steps.js';
import { isWithin } from '../documents/extent.js';
import { differingShards } from '../version/changed-shards.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { type Columns, columnsOf, sameVector } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';
import { type Missed, caughtUpRecords } from './catch-up-records.js';
import { changes, conflict, isCovered } from './rebase.js';
import { ReplaySet, type Row, extentAt, replayInto, rowsOfDocuments, shardsIn } from './replay.js';
import type { WriteSet } from './write-set.js';

/** Keys looked up in one step. */
const LOOKUPS = 256;

export type { Missed };

/**
 * Replays on a draft what others have published since it last caught up.
 *
 * It is the reverse of `rebase()`, by the same rule of conflict (I3), for a draft that is far larger than what others change.
 * A draft without changes is only compared.
 *
 * Time: O(rows of the shards that others changed + documents that they touched).
 *
 * @throws {@link ConflictError} with every overlap.
 */
export function* catchUp(
  state: DraftState,
  missed: Missed,
  writeSet: WriteSet,
  isChanged: boolean,
): Steps<void> {
  const { base, known, current, recorded } = missed;
  const before = new Map<string, Row>();
  const after = new Map<string, Row>();
  for (const id of differingShards(known.shards, current.shards)) {
    collect(known.shards.get(id), before);
    yield;
    collect(current.shards.get(id), after);
    yield;
  }
  const overlaps = new Map<string, PostingKey>();
  const shared = writeSet.sharedWith(recorded);
  const theirs = new ReplaySet();
  const lost = new Set<string>();
  let looked = 0;
  for (const [key, { columns, row }] of before) {
    if (looked++ % LOOKUPS === 0) yield;
    const documentId = columns.ids.at(row);
    const now = after.get(key);
    // They removed or replaced the whole document, unless they touched just this posting.
    if (
      now === undefined &&
      writeSet.has(documentId) &&
      !isCovered(shared, documentId, extentAt(columns, row))
    )
      lost.add(documentId);
    if (now !== undefined && sameVector(columns, row, now.columns, now.row)) {
      after.delete(key);
    } else if (writeSet.covers(documentId, extentAt(columns, row))) {
      overlaps.set(key, keyOfRow(columns, row));
      after.delete(key);
    } else if (now === undefined) {
      theirs.remove(documentId, extentAt(columns, row));
    }
  }
  // `after` now has the rows that are new or have another vector.
  for (const [key, { block, columns, row }] of after) {
    if (looked++ % LOOKUPS === 0) yield;
    if (writeSet.covers(columns.ids.at(row), extentAt(columns, row)))
      overlaps.set(key, keyOfRow(columns, row));
    else theirs.added.push(block, row);
  }
  yield;
  const { fields, withNewText } = caughtUpRecords(state, missed, writeSet, shared, theirs);
  const suspects = new Set([...lost, ...shared.keys(), ...withNewText]);
  const [was, is] = [
    rowsOfDocuments(shardsIn(base), suspects),
    rowsOfDocuments((id) => state.shardsOfDocument(id).map((shard) => state.shard(shard)), suspects),
  ];
  const isBeyond = (documentId: string, columns: Columns, row: number): boolean => {
    const { records } = theirs;
    const record = records.has(documentId) ? records.get(documentId) : state.record(documentId);
    return !isWithin(record?.text, keyOfRow(columns, row));
  };
  for (const documentId of suspects) {
    for (const [extent, { columns, row }] of changes(was(documentId), is(documentId))) {
      // A change that is not in the draft's write set is one of others that it has taken over.
      if (!writeSet.covers(documentId, extent)) continue;
      const isMet = lost.has(documentId) || isCovered(shared, documentId, extent);
      if (!isMet && !(withNewText.has(documentId) && isBeyond(documentId, columns, row))) continue;
      const { start, length } = keyOfRow(columns, row);
      overlaps.set(keyText(documentId, start, length), { documentId, start, length });
    }
  }
  for (let i = 0; i < theirs.added.length; i++) {
    const columns = columnsOf(theirs.added.blocks[i]);
    const key = keyOfRow(columns, theirs.added.rows[i]);
    if (writeSet.has(key.documentId) && isBeyond(key.documentId, columns, theirs.added.rows[i]))
      overlaps.set(keyText(key.documentId, key.start, key.length), key);
  }
  if (overlaps.size > 0 || fields.length > 0) throw conflict(base, current, [...overlaps.values()], fields);
  if (isChanged) yield* replayInto(state, theirs);
}

/** Adds the live rows of a shard by key; none if there is no shard. */
function collect(shard: Shard | undefined, into: Map<string, Row>): void {
  if (shard === undefined) return;
  eachLive(shard.rows, (columns, row, { block }) => {
    into.set(keyText(columns.ids.at(row), columns.starts[row], columns.lengths[row]), {
      block,
      columns,
      row,
    });
  });
}
