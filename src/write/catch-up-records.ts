// The records of a catch-up: what others made of them, joined with what the draft did, and the fields that both touched.
import { changedRecords } from '../documents/changed-records.js';
import { changedFields } from '../documents/fields.js';
import type { RecordField } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { DraftState } from './draft-state.js';
import { type SharedWriteSets, isFieldCovered, joinedRecord, namedFields } from './rebase-records.js';
import type { ReplaySet } from './replay.js';
import type { WriteSet } from './write-set.js';

/** What a draft has to catch up with. */
export interface Missed {
  /** The version that the draft was made from. */
  readonly base: ShardexIndex;
  /** The version up to which it has caught up. */
  readonly known: ShardexIndex;
  readonly current: ShardexIndex;
  /** What was touched by the commits since `known`. */
  readonly recorded: readonly WriteSet[];
}

/**
 * Puts the records that others changed among what is to be replayed on the draft. Returns the fields that both sides touched,
 * and the documents that the draft touched and others gave another text. Time: O(records changed or touched by both).
 */
export function caughtUpRecords(
  state: DraftState,
  { base, known, current }: Missed,
  writeSet: WriteSet,
  shared: SharedWriteSets,
  theirs: ReplaySet,
): { readonly fields: readonly RecordField[]; readonly retold: ReadonlySet<string> } {
  const fields: RecordField[] = [];
  const retold = new Set<string>();
  for (const { documentId, before, after } of changedRecords(known.records, current.records)) {
    const met = changedFields(before, after).filter((field) => writeSet.coversField(documentId, field));
    fields.push(...namedFields(documentId, met));
    if (writeSet.has(documentId) && before?.text !== after?.text) retold.add(documentId);
    theirs.records.set(documentId, joinedRecord(documentId, before, after, state.record(documentId)));
  }
  for (const documentId of shared.keys()) {
    const mine = changedFields(base.records.get(documentId), state.record(documentId));
    // What the draft did not touch is what others did, which was taken over.
    const met = mine.filter(
      (field) => writeSet.coversField(documentId, field) && isFieldCovered(shared, documentId, field),
    );
    fields.push(...namedFields(documentId, met));
  }
  return { fields, retold };
}
