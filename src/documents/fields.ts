// The fields of a record: what two records differ in, and what becomes of a record that two sides changed.
import type { JsonValue, DocumentRecord, Metadata } from './record.js';
import { recordLike } from './record.js';
import { putField, takeMetadata } from './take-metadata.js';

/** A field of a record: `['text']`, or `['metadata', …]` with the names that lead to it. An array is one field. */
export type Field = readonly ['text'] | readonly ['metadata', ...string[]];

/** Whether two fields are the same one, or one of them is a part of the other. */
export function overlaps(a: Field, b: Field): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((name, i) => name === long[i]);
}

/** Lists the fields in which two records differ. Time: O(what is not `===` in both). */
export function changedFields(
  before: DocumentRecord | undefined,
  after: DocumentRecord | undefined,
): Field[] {
  if (before === after) return [];
  const fields: Field[] = before?.text === after?.text ? [] : [['text']];
  addChanged(before?.metadata, after?.metadata, ['metadata'], fields);
  return fields;
}

function addChanged(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  field: readonly ['metadata', ...string[]],
  to: Field[],
): void {
  if (same(before, after)) return;
  const known = to.length;
  if (isObject(before) && isObject(after)) {
    for (const name of namesOf(before, after))
      addChanged(valueAt(before, name), valueAt(after, name), [...field, name], to);
  }
  // Also where only the order of its names is another one.
  if (to.length === known) to.push(field);
}

/** A field that two sides gave different values; `undefined` stands for none. */
export interface FieldConflict {
  readonly field: Field;
  readonly base: JsonValue | undefined;
  readonly ours: JsonValue | undefined;
  readonly theirs: JsonValue | undefined;
}

type Decide = (conflict: FieldConflict) => JsonValue | undefined;

/**
 * Merges what two sides made of a record, field by field: takes what only one of them changed, and what both changed alike;
 * of the rest it asks. It shares with ours what equals that.
 */
export function mergedRecord(
  documentId: string,
  base: DocumentRecord | undefined,
  ours: DocumentRecord | undefined,
  theirs: DocumentRecord | undefined,
  decide: Decide,
): DocumentRecord | undefined {
  const text = merged(base?.text, ours?.text, theirs?.text, ['text'], decide);
  const metadata = merged(base?.metadata, ours?.metadata, theirs?.metadata, ['metadata'], decide);
  const taken = metadata === undefined ? undefined : takeMetadata(metadata, ours?.metadata, documentId);
  return recordLike(ours, text as string | undefined, taken);
}

function merged(
  base: JsonValue | undefined,
  ours: JsonValue | undefined,
  theirs: JsonValue | undefined,
  field: Field,
  decide: Decide,
): JsonValue | undefined {
  if (same(ours, theirs) || same(base, theirs)) return ours;
  if (same(base, ours)) return theirs;
  if (field[0] !== 'metadata' || !isObject(ours) || !isObject(theirs))
    return decide({ field, base, ours, theirs });
  const before = isObject(base) ? base : {};
  const fields: Record<string, JsonValue> = {};
  for (const name of namesOf(ours, theirs)) {
    const values = [valueAt(before, name), valueAt(ours, name), valueAt(theirs, name)] as const;
    const value = merged(...values, [...field, name], decide);
    if (value !== undefined) putField(fields, name, value);
  }
  return fields;
}

/** Whether two values are equal, down to the order of names. */
function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

function isObject(value: JsonValue | undefined): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namesOf(a: Metadata, b: Metadata): Set<string> {
  return new Set([...Object.keys(a), ...Object.keys(b)]);
}

/** An own field, since every object has a `constructor`. */
function valueAt(object: Metadata, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
