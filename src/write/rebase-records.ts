// Rebases records field by field, or says which fields both sides touched.
import { type Field, changedFields, mergedRecord, overlaps } from '../documents/fields.js';
import type { DocumentRecord } from '../documents/record.js';
import type { RecordField } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { WriteSet } from './write-set.js';

/** The write sets that have a document, by document. */
export type SharedWriteSets = ReadonlyMap<string, readonly WriteSet[]>;

/** The records of a rebase. */
export interface RebasedRecords {
  /** Fields that one side changed and the other touched, sorted by document. */
  readonly fields: readonly RecordField[];
  /** The records to set on the current version: those without such fields. */
  readonly records: ReadonlyMap<string, DocumentRecord | undefined>;
}

const NOTHING: RebasedRecords = { fields: [], records: new Map() };

/**
 * Rebases the records of a draft by the rule for postings: sides conflict if one changed a field that the other touched.
 * Time: O(records touched).
 */
export function rebasedRecords(
  base: ShardexIndex,
  mine: ShardexIndex,
  current: ShardexIndex,
  writeSet: WriteSet,
  shared: SharedWriteSets,
): RebasedRecords {
  if (mine.records === base.records && current.records === base.records) return NOTHING;
  const fields: RecordField[] = [];
  const records = new Map<string, DocumentRecord | undefined>();
  for (const documentId of writeSet.recordIds()) {
    const was = base.records.get(documentId);
    const [my, theirs] = [mine.records.get(documentId), current.records.get(documentId)];
    const byMe = changedFields(was, my);
    const met = changedFields(was, theirs).filter((field) => writeSet.coversField(documentId, field));
    met.push(...byMe.filter((field) => isFieldCovered(shared, documentId, field)));
    if (met.length > 0) fields.push(...namedFields(documentId, met));
    else if (byMe.length > 0) records.set(documentId, withBothChanges(documentId, was, my, theirs));
  }
  return { fields: fields.sort((a, b) => (a.documentId < b.documentId ? -1 : 1)), records };
}

/** Merges what two sides made of a record, if they changed none of the same fields. */
export function withBothChanges(
  documentId: string,
  base: DocumentRecord | undefined,
  mine: DocumentRecord | undefined,
  theirs: DocumentRecord | undefined,
): DocumentRecord | undefined {
  return mergedRecord(documentId, base, theirs, mine, ({ theirs: value }) => value);
}

/** Whether one of the write sets has a field of a document. */
export function isFieldCovered(shared: SharedWriteSets, documentId: string, field: Field): boolean {
  return shared.get(documentId)?.some((other) => other.coversField(documentId, field)) === true;
}

/** Names fields as errors do, each once. A field is left out if a part of it is there. */
export function namedFields(documentId: string, fields: readonly Field[]): RecordField[] {
  const inner = fields.filter(
    (field) => !fields.some((other) => other.length > field.length && overlaps(field, other)),
  );
  const named = new Map(inner.map((field) => [JSON.stringify(field), namedField(documentId, field)]));
  return [...named.values()];
}

/** Names a field as errors do. */
export function namedField(documentId: string, [part, ...names]: Field): RecordField {
  return Object.freeze({ documentId, part, path: part === 'text' ? 'text' : names.join('.') });
}
