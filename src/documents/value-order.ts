// The order of JSON values that filters and field indexes go by: MongoDB's, first by type, then by value.
import { isList, isObject } from './json.js';
import type { Metadata, JsonValue } from './record.js';

/** The types in their order; a comparison in a filter holds only within one of them. */
export const NULL = 0;
export const NUMBER = 1;
export const STRING = 2;
export const OBJECT = 3;
export const ARRAY = 4;
export const BOOLEAN = 5;

/** Which type a value is of, as a number in the order of types. */
export function typeRank(value: JsonValue): number {
  if (typeof value === 'number') return NUMBER;
  if (typeof value === 'string') return STRING;
  if (typeof value === 'boolean') return BOOLEAN;
  return value === null ? NULL : isList(value) ? ARRAY : OBJECT;
}

/**
 * Compares any two values: below 0 where the first comes first, 0 where they are equal. Strings go by UTF-16 code units, as
 * ids do; objects field by field, in the order of their fields, by type, name and value; arrays element by element.
 */
export function compareValues(a: JsonValue, b: JsonValue): number {
  if (a === b) return 0;
  const rank = typeRank(a) - typeRank(b);
  if (rank !== 0) return rank;
  if (isList(a) && isList(b)) {
    const shared = Math.min(a.length, b.length);
    for (let i = 0; i < shared; i++) {
      const order = compareValues(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (isObject(a) && isObject(b)) return compareObjects(a, b);
  return (a as string) < (b as string) ? -1 : 1;
}

function compareObjects(a: Metadata, b: Metadata): number {
  const [namesA, namesB] = [Object.keys(a), Object.keys(b)];
  const shared = Math.min(namesA.length, namesB.length);
  for (let i = 0; i < shared; i++) {
    const [nameA, nameB] = [namesA[i], namesB[i]];
    const [valueA, valueB] = [a[nameA], b[nameB]];
    const rank = typeRank(valueA) - typeRank(valueB);
    if (rank !== 0) return rank;
    if (nameA !== nameB) return nameA < nameB ? -1 : 1;
    const order = compareValues(valueA, valueB);
    if (order !== 0) return order;
  }
  return namesA.length - namesB.length;
}
