// Which keys of a field index pass a test: ranges of them, so that no document has to be looked at.
import type { Range } from '../../collections/sorted-set.js';
import { type FieldKey, KINDS, compareFieldKeys, kindOf } from '../field-keys.js';
import type { JsonValue } from '../record.js';
import type { Test } from './condition.js';

/** The documents that pass a test, by the index of its field; exactly those. */
export interface KeyRanges {
  /** Those with a key in one of these ranges. */
  readonly ranges: readonly Range<FieldKey>[];
  /** Of which only keys count that pass this. */
  readonly check?: (key: FieldKey) => boolean;
  /** Those without any key as well: the field is missing. */
  readonly missing: boolean;
}

/** The ranges of a test; `undefined` where keys do not tell, as of arrays and objects. */
export function rangesOf(test: Test): KeyRanges | undefined {
  switch (test.op) {
    case 'eq':
      return oneOf([test.value]);
    case 'in':
      return oneOf(test.values);
    case 'gt':
    case 'lt':
      return test.value === null ? { ranges: [], missing: false } : compared(test.op, test.value);
    case 'gte':
    case 'lte':
      return test.value === null ? oneOf([null]) : compared(test.op, test.value);
    case 'exists':
      return { ranges: [kinds(KINDS.null, KINDS.boolean)], missing: false };
    case 'regex': {
      const expression = new RegExp(test.source, test.flags);
      const check = (key: FieldKey): boolean => expression.test(key as string);
      return { ranges: [kinds(KINDS.string, KINDS.string)], check, missing: false };
    }
    case 'size':
    case 'elemMatch':
      return undefined;
  }
}

/**
 * What passes two tests of one key; `undefined` where that is no range. Only of documents that have one key each: of an
 * array another element may pass the second test.
 */
export function bothOf(a: KeyRanges, b: KeyRanges): KeyRanges | undefined {
  if (a.missing || b.missing || a.ranges.length !== 1 || b.ranges.length !== 1) return undefined;
  const [[x], [y]] = [a.ranges, b.ranges];
  const range: Range<FieldKey> = {
    isBefore: (key) => x.isBefore(key) || y.isBefore(key),
    isBehind: (key) => x.isBehind(key) || y.isBehind(key),
  };
  const check = (key: FieldKey): boolean => a.check?.(key) !== false && b.check?.(key) !== false;
  const isChecked = a.check !== undefined || b.check !== undefined;
  return { ranges: [range], ...(isChecked && { check }), missing: false };
}

function compared(op: 'gt' | 'gte' | 'lt' | 'lte', value: JsonValue): KeyRanges | undefined {
  if (!isKey(value)) return undefined;
  const kind = kindOf(value);
  const isBefore = (key: FieldKey): boolean => {
    if (op === 'lt' || op === 'lte') return kindOf(key) < kind;
    const order = compareFieldKeys(key, value);
    return op === 'gt' ? order <= 0 : order < 0;
  };
  const isBehind = (key: FieldKey): boolean => {
    if (op === 'gt' || op === 'gte') return kindOf(key) > kind;
    const order = compareFieldKeys(key, value);
    return op === 'lt' ? order >= 0 : order > 0;
  };
  return { ranges: [{ isBefore, isBehind }], missing: false };
}

function oneOf(values: readonly JsonValue[]): KeyRanges | undefined {
  const ranges: Range<FieldKey>[] = [];
  let missing = false;
  for (const value of values) {
    if (!isKey(value)) return undefined;
    if (value !== null) {
      ranges.push({
        isBefore: (key) => compareFieldKeys(key, value) < 0,
        isBehind: (key) => compareFieldKeys(key, value) > 0,
      });
      continue;
    }
    missing = true;
    ranges.push(kinds(KINDS.missing, KINDS.null));
  }
  return { ranges, missing };
}

function isKey(value: JsonValue): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

function kinds(first: number, last: number): Range<FieldKey> {
  return { isBefore: (key) => kindOf(key) < first, isBehind: (key) => kindOf(key) > last };
}
