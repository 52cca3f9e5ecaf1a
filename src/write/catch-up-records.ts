// Brings the records that others changed into a long draft, or says which fields both sides touched.
import { changedRecords } from '../documents/changed-records.js';
import { changedFields } from '../documents/fields.js';
import type { RecordField } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { DraftState } from './draft-state.js';
import { type SharedWriteSets, isFieldCovered, namedFields, withBothChanges } from './rebase-records.js';
import type { ReplaySet } from './replay.js';
import type { WriteSet } from './write-set.js';

/** The commits that a draft has to catch up with. */
export interface Missed {
  /** The version that the draft was made from. */
  readonly base: ShardexIndex;
  /** The version up to which it has caught up. */
  readonly known: ShardexIndex;
  readonly current: ShardexIndex;
  /** The write sets of the commits since `known`. */
  readonly recorded: readonly WriteSet[];
}

/**
 * Adds the records that others changed to `theirs`, the changes to replay on the draft. Returns the fields that both sides
 * touched, and the documents that the draft touched and others gave another text.
 * Time: O(records that others changed + records that both touched).
 */
export function caughtUpRecords(
  state: DraftState,
  { base, known, current }: Missed,
  writeSet: WriteSet,
  shared: SharedWriteSets,
  theirs: ReplaySet,
): { readonly fields: readonly RecordField[]; readonly withNewText: ReadonlySet<string> } {
  const fields: RecordField[] = [];
  const withNewText = new Set<string>();
  for (const { documentId, before, after } of changedRecords(known.records, current.records)) {
    const met = changedFields(before, after).filter((field) => writeSet.coversField(documentId, field));
    fields.push(...namedFields(documentId, met));
    if (writeSet.has(documentId) && before?.text !== after?.text) withNewText.add(documentId);
    theirs.records.set(documentId, withBothChanges(documentId, before, after, state.record(documentId)));
  }
  for (const documentId of shared.keys()) {
    const mine = changedFields(base.records.get(documentId), state.record(documentId));
    // A change that is not in the draft's write set is one of others that it has taken over.
    const met = mine.filter(
      (field) => writeSet.coversField(documentId, field) && isFieldCovered(shared, documentId, field),
    );
    fields.push(...namedFields(documentId, met));
  }
  return { fields, withNewText };
}
