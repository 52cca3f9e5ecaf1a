/*
 * Merges the records of two sides field by field; conflicts have the path of their field, and are decided one by one.
 */

import { isArray } from '../checks/given.js';
import { show } from '../checks/show.js';
import { changedRecords } from '../documents/changed-records.js';
import { isWithin } from '../documents/extent.js';
import { type FieldConflict, mergedRecord } from '../documents/fields.js';
import type { DocumentRecord, JsonValue } from '../documents/record.js';
import { assertText } from '../documents/take-document.js';
import { InvalidOptionError, type MergeConflict, type RecordConflict } from '../errors.js';
import { keyOfRow, postingOfRow } from '../version/posting.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { namedField } from '../write/rebase-records.js';
import { type ReplaySet, type Row, rowAt, rowsOfDocuments, shardsIn } from '../write/replay.js';
import { extentText } from '../write/write-set.js';

/** Decides a conflict. */
type Decide = (conflict: RecordConflict) => unknown;

/** The merge of the records of two sides. */
export class RecordMerge {
  /** Fields that both sides changed in different ways, sorted by document. */
  readonly conflicts: readonly RecordConflict[];
  readonly #ours: ShardexIndex;
  readonly #theirs: ShardexIndex;
  readonly #base: ShardexIndex;

  constructor(ours: ShardexIndex, theirs: ShardexIndex, base: ShardexIndex) {
    this.#ours = ours;
    this.#theirs = theirs;
    this.#base = base;
    const conflicts: RecordConflict[] = [];
    this.merged((conflict) => {
      conflicts.push(conflict);
      return 'ours';
    });
    this.conflicts = conflicts;
  }

  /** The merged records that differ from ours. Time: O(records that theirs changed). */
  merged(decide: Decide): ReadonlyMap<string, DocumentRecord | undefined> {
    const records = new Map<string, DocumentRecord | undefined>();
    for (const { documentId, before, after } of changedRecords(this.#base.records, this.#theirs.records)) {
      const ours = this.#ours.records.get(documentId);
      const record = mergedRecord(documentId, before, ours, after, (conflict) =>
        resolved(documentId, conflict, decide),
      );
      if (record !== ours) records.set(documentId, record);
    }
    return records;
  }
}

function resolved(documentId: string, conflict: FieldConflict, decide: Decide): JsonValue | undefined {
  const { field, base, ours, theirs } = conflict;
  const named = Object.freeze({ ...namedField(documentId, field), base, ours, theirs });
  const resolution = decide(named);
  switch (resolution) {
    case 'ours':
    case 'theirs':
    case 'base':
      return conflict[resolution];
    case 'remove':
      return undefined;
    default:
      if (
        typeof resolution !== 'object' ||
        resolution === null ||
        isArray(resolution) ||
        !('value' in resolution)
      )
        throw new InvalidOptionError(
          'onConflict',
          `onConflict must return 'ours', 'theirs', 'base', 'remove' or { value } for a field, not ${show(resolution)}.`,
        );
      if (field[0] === 'text') assertText(resolution.value);
      return resolution.value as JsonValue;
  }
}

/**
 * Postings that would reach beyond the text of their document after the merge, as conflicts.
 *
 * These may be postings that the merge adds, or ours if their document gets another text. Time: O(rows added + rows of the
 * shards that hold documents with other records).
 */
export function beyondTexts(ours: ShardexIndex, { added, removed, records }: ReplaySet): MergeConflict[] {
  const textOf = (documentId: string): string | undefined =>
    (records.has(documentId) ? records.get(documentId) : ours.records.get(documentId))?.text;
  const beyond: MergeConflict[] = [];
  const check = ({ columns, row }: Row, side: 'ours' | 'theirs'): void => {
    const key = keyOfRow(columns, row);
    if (isWithin(textOf(key.documentId), key)) return;
    const { vector } = postingOfRow(columns, row, ours.config.dimensions);
    const none = { base: undefined, ours: undefined, theirs: undefined };
    beyond.push(Object.freeze({ ...key, ...none, [side]: vector }));
  };
  for (let i = 0; i < added.length; i++) check(rowAt(added.blocks[i], added.rows[i]), 'theirs');
  const retold = [...records.keys()].filter((id) => textOf(id) !== ours.records.get(id)?.text);
  const rows = rowsOfDocuments(shardsIn(ours), retold);
  for (const documentId of retold) {
    for (const row of rows(documentId).values()) {
      const { start, length } = keyOfRow(row.columns, row.row);
      if (removed.get(documentId)?.has(extentText(start, length)) !== true) check(row, 'ours');
    }
  }
  return beyond;
}
