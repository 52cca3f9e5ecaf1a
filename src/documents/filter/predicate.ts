// Compiles conditions into predicates on documents.
import { type Visit, eachAt, partsOf } from '../field-path.js';
import { isList } from '../json.js';
import type { Metadata, JsonValue } from '../record.js';
import { ARRAY, OBJECT, compareValues, typeRank } from '../value-order.js';
import {
  type Comparison,
  type Condition,
  DOCUMENT_ID,
  type FieldCondition,
  ITSELF,
  type Test,
} from './condition.js';

/** Whether a document passes: by its id and its metadata, or `undefined` where it has none. */
export type Predicate = (documentId: string, metadata: Metadata | undefined) => boolean;

/** What a condition says of a value, in a document of some id. */
type Check = (value: JsonValue | undefined, documentId: string) => boolean;

/** Says of one value whether it passes; `undefined` stands for a field that is missing. */
type ValueTest = (value: JsonValue | undefined, documentId: string) => boolean;

/** Makes the predicate of a condition. It takes what the condition says: O(conditions) a document, and no memory. */
export function predicateOf(condition: Condition): Predicate {
  const check = checkOf(condition);
  return (documentId, metadata) => check(metadata, documentId);
}

/** Makes the test of one value, which is what indexes keep, of a condition's test. */
export function valueTestOf(test: Test): (value: JsonValue | undefined) => boolean {
  const passes = testOf(test);
  return (value) => passes(value, '');
}

function checkOf(condition: Condition): Check {
  if (condition.is === 'field') return fieldCheck(condition);
  if (condition.is === 'not') {
    const check = checkOf(condition.of);
    return (value, id) => !check(value, id);
  }
  const checks = condition.of.map(checkOf);
  if (condition.is === 'all') {
    return (value, id) => {
      for (const check of checks) if (!check(value, id)) return false;
      return true;
    };
  }
  return (value, id) => {
    for (const check of checks) if (check(value, id)) return true;
    return false;
  };
}

function fieldCheck({ path, test }: FieldCondition): Check {
  const passes = testOf(test);
  if (path === ITSELF) return passes;
  if (path === DOCUMENT_ID) return (_, id) => passes(id, id);
  // These are about an array itself, not about its elements.
  const whole = test.op === 'size' || test.op === 'elemMatch';
  const parts = partsOf(path);
  if (parts.length > 1 || path in Object.prototype || whole) {
    return (root, id) => {
      const visit: Visit = (value) => passes(value, id);
      return eachAt(root, parts, whole, visit);
    };
  }
  // The common case, without a walk: no array can be a document, but an element of one may be one.
  return (root, id) => {
    if (typeof root !== 'object' || root === null || isList(root))
      return eachAt(root, parts, false, (one) => passes(one, id));
    const value = root[path];
    if (isList(value)) for (const element of value) if (passes(element, id)) return true;
    return passes(value, id);
  };
}

function testOf(test: Test): ValueTest {
  switch (test.op) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return comparison(test.op, test.value);
    case 'in':
      return membership(test.values);
    case 'exists':
      return (value) => value !== undefined;
    case 'regex': {
      const expression = new RegExp(test.source, test.flags);
      return (value) => typeof value === 'string' && expression.test(value);
    }
    case 'size': {
      const { value: size } = test;
      return (value) => isList(value) && value.length === size;
    }
    case 'elemMatch': {
      const { objects } = test;
      const check = checkOf(test.of);
      return (value, id) => {
        if (!isList(value)) return false;
        for (const one of value)
          if ((!objects || (typeof one === 'object' && one !== null)) && check(one, id)) return true;
        return false;
      };
    }
  }
}

function comparison(op: Comparison, operand: JsonValue): ValueTest {
  // A missing field is equal to null, and no more and no less than it.
  if (operand === null)
    return op === 'gt' || op === 'lt' ? () => false : (value) => value === undefined || value === null;
  const rank = typeRank(operand);
  if (rank === OBJECT || rank === ARRAY) {
    const holds = HOLDS[op];
    return (value) => value !== undefined && typeRank(value) === rank && holds(compareValues(value, operand));
  }
  const type = typeof operand;
  switch (op) {
    case 'eq':
      return (value) => value === operand;
    case 'gt':
      return (value) => typeof value === type && (value as number) > (operand as number);
    case 'gte':
      return (value) => typeof value === type && (value as number) >= (operand as number);
    case 'lt':
      return (value) => typeof value === type && (value as number) < (operand as number);
    case 'lte':
      return (value) => typeof value === type && (value as number) <= (operand as number);
  }
}

/** What the order of a value and an operand has to be. */
const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function membership(values: readonly JsonValue[]): ValueTest {
  const plain = new Set<JsonValue | undefined>(values);
  if (plain.has(null)) plain.add(undefined);
  const nested = values.filter((value) => typeof value === 'object' && value !== null);
  if (nested.length === 0) return (value) => plain.has(value);
  return (value) =>
    typeof value === 'object' && value !== null
      ? nested.some((one) => compareValues(value, one) === 0)
      : plain.has(value);
}
