// The keys by which an index of a field knows a document: the values that the field's path leads to, in MongoDB's order.
import { eachAt } from './field-path.js';
import type { JsonValue, Metadata } from './record.js';

/**
 * A key of a field index: a value as it is, but for objects and arrays, which are all {@link NESTED}. A document without
 * any key has metadata that lack the field, or no metadata.
 */
export type FieldKey = string | number | boolean | null | symbol;

/** The key of a document in which the path ends in an empty array, or in one without objects: the field is not even missing. */
export const NOWHERE = Symbol('nowhere');

/** The key of a document in which some of the objects in an array lack the field, and others do not. */
export const MISSING = Symbol('missing');

/** The key of documents in which the field is an object or an array, whichever. */
export const NESTED = Symbol('nested');

/** The keys of a document, each once. */
export function keysOf(metadata: Metadata | undefined, parts: readonly string[]): readonly FieldKey[] {
  if (metadata === undefined) return NO_KEYS;
  const keys = new Set<FieldKey>();
  eachAt(metadata, parts, false, (value) => {
    keys.add(keyOf(value));
    return false;
  });
  if (keys.size === 0) return JUST_NOWHERE;
  if (keys.size === 1 && keys.has(MISSING)) return NO_KEYS;
  return [...keys];
}

const NO_KEYS: readonly FieldKey[] = Object.freeze([]);
const JUST_NOWHERE: readonly FieldKey[] = Object.freeze([NOWHERE]);

function keyOf(value: JsonValue | undefined): FieldKey {
  if (value === undefined) return MISSING;
  return typeof value === 'object' && value !== null ? NESTED : value;
}

/** The kinds of keys, in their order. */
export const KINDS = {
  nowhere: 0,
  missing: 1,
  null: 2,
  number: 3,
  string: 4,
  nested: 5,
  boolean: 6,
} as const;

/** Which kind a key is of, as a number in the order of kinds. */
export function kindOf(key: FieldKey): number {
  if (typeof key === 'number') return KINDS.number;
  if (typeof key === 'string') return KINDS.string;
  if (typeof key === 'boolean') return KINDS.boolean;
  if (key === null) return KINDS.null;
  return key === NESTED ? KINDS.nested : key === MISSING ? KINDS.missing : KINDS.nowhere;
}

/** The order of keys: by kind, then by value. */
export function compareFieldKeys(a: FieldKey, b: FieldKey): number {
  if (a === b) return 0;
  const kind = kindOf(a) - kindOf(b);
  return kind !== 0 ? kind : (a as string) < (b as string) ? -1 : 1;
}
