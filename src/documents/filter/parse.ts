// Parses MongoDB's query language into conditions, and refuses whatever it does not have.
import { show } from '../../checks/show.js';
import { isArray } from '../../checks/given.js';
import {
  type Condition,
  DOCUMENT_ID,
  type FieldCondition,
  ITSELF,
  type Test,
  allOf,
  anyOf,
  notOf,
  textOf,
} from './condition.js';
import { compareValues } from '../value-order.js';
import type { JsonValue } from '../record.js';
import { MOST_DEPTH, fieldsOf, isPlain, isRegExp, refuse, regexTest, takeOperand } from './operand.js';

/** A filter, read and checked. */
export interface ParsedFilter {
  readonly condition: Condition;
  /** The same for filters that say the same: by it results are kept. */
  readonly text: string;
}

/**
 * Reads a filter.
 *
 * @throws {@link InvalidFilterError}
 */
export function parseFilter(filter: object): ParsedFilter {
  const condition = parseFields(filter, '', 0, false);
  return { condition, text: textOf(condition) };
}

type Path = FieldCondition['path'];

/** The operators that join filters. */
const JOINING: Readonly<Record<string, (parts: readonly Condition[]) => Condition>> = {
  $and: allOf,
  $or: anyOf,
  $nor: (parts) => notOf(anyOf(parts)),
};

/** The operators of a field, each with what its operand becomes. */
const OPERATORS: Readonly<
  Record<string, (path: Path, operand: unknown, at: string, depth: number) => Condition>
> = {
  $eq: (path, operand, at, depth) => compared(path, 'eq', operand, at, depth),
  $ne: (path, operand, at, depth) => notOf(compared(path, 'eq', operand, at, depth)),
  $gt: (path, operand, at, depth) => compared(path, 'gt', operand, at, depth),
  $gte: (path, operand, at, depth) => compared(path, 'gte', operand, at, depth),
  $lt: (path, operand, at, depth) => compared(path, 'lt', operand, at, depth),
  $lte: (path, operand, at, depth) => compared(path, 'lte', operand, at, depth),
  $in: oneOf,
  $nin: (path, operand, at, depth) => notOf(oneOf(path, operand, at, depth)),
  $exists(path, operand, at) {
    if (typeof operand !== 'boolean')
      return refuse(at, `$exists must be true or false, not ${show(operand)}.`);
    const exists = field(path, { op: 'exists' });
    return operand ? exists : notOf(exists);
  },
  $all(path, operand, at, depth) {
    const parts = list(operand, '$all', 'an array of values', at).map((one, i) => {
      const where = `${at}[${i}]`;
      if (isRegExp(one)) return field(path, regexTest(one.source, one.flags, where));
      return isPlain(one) && Object.hasOwn(one, '$elemMatch')
        ? parseOperators(path, one, where, depth + 1)
        : compared(path, 'eq', one, where, depth);
    });
    // Of no values MongoDB finds nothing, as if `$all: []` asked for what is not there.
    return parts.length === 0 ? anyOf([]) : allOf(parts);
  },
  $size(path, operand, at) {
    if (typeof operand !== 'number' || !Number.isSafeInteger(operand) || operand < 0)
      return refuse(at, `$size must be a whole number of at least 0, not ${show(operand)}.`);
    return field(path, { op: 'size', value: operand + 0 });
  },
  $elemMatch(path, operand, at, depth) {
    if (!isPlain(operand))
      return refuse(at, `$elemMatch must be a filter or an object of operators, not ${show(operand)}.`);
    const first = fieldsOf(operand, at).at(0);
    const isOfValues = first !== undefined && first[0].startsWith('$') && !Object.hasOwn(JOINING, first[0]);
    const of = isOfValues
      ? parseOperators(ITSELF, operand, at, depth + 1)
      : parseFields(operand, at, depth + 1, true);
    return field(path, { op: 'elemMatch', objects: !isOfValues, of });
  },
  $not(path, operand, at, depth) {
    if (isRegExp(operand)) return notOf(field(path, regexTest(operand.source, operand.flags, at)));
    if (!isPlain(operand) || fieldsOf(operand, at).length === 0)
      return refuse(
        at,
        `$not must be an object of operators or a RegExp, not ${show(operand)}. For a value use $ne.`,
      );
    return notOf(parseOperators(path, operand, at, depth + 1));
  },
};

/** A filter's fields and joining operators; `inside` an element of an array `documentId` is a field as any other. */
function parseFields(given: unknown, at: string, depth: number, inside: boolean): Condition {
  if (depth > MOST_DEPTH) return refuse(at, `Filters may be nested ${MOST_DEPTH} deep.`);
  if (!isPlain(given))
    return refuse(at, `A filter must be an object such as { year: { $gte: 1990 } }, not ${show(given)}.`);
  const parts = fieldsOf(given, at).map(([name, value]) => {
    const where = at === '' ? name : `${at}.${name}`;
    if (!name.startsWith('$'))
      return parseField(!inside && name === 'documentId' ? DOCUMENT_ID : name, value, where, depth);
    const join = Object.hasOwn(JOINING, name) ? JOINING[name] : unknownOperator(name, where, JOINING);
    const filters = list(value, name, 'an array of filters', where);
    if (filters.length === 0) return refuse(where, `${name} must be an array of at least one filter.`);
    return join(filters.map((one, i) => parseFields(one, `${where}[${i}]`, depth + 1, inside)));
  });
  return allOf(parts);
}

/** What is asked of one field: a value, a regular expression or operators. */
function parseField(path: Path, given: unknown, at: string, depth: number): Condition {
  if (given === undefined)
    return refuse(at, 'The value is undefined. Leave the field out, or use null or $exists.');
  if (isRegExp(given)) return field(path, regexTest(given.source, given.flags, at));
  if (isPlain(given) && Object.keys(given).some((name) => name.startsWith('$')))
    return parseOperators(path, given, at, depth + 1);
  return compared(path, 'eq', given, at, depth);
}

function parseOperators(path: Path, given: object, at: string, depth: number): Condition {
  if (depth > MOST_DEPTH) return refuse(at, `Filters may be nested ${MOST_DEPTH} deep.`);
  const operators = fieldsOf(given, at);
  const parts = operators.map(([name, operand]) => {
    const where = `${at}.${name}`;
    if (operand === undefined)
      return refuse(where, `${name} is undefined. Leave it out, or give it a value.`);
    if (name === '$regex' || name === '$options') return parseRegex(path, given, at);
    const parse = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : unknownOperator(name, where, OPERATORS);
    return parse(path, operand, where, depth);
  });
  return allOf(parts);
}

/** `$regex` with its `$options`. */
function parseRegex(path: Path, given: object, at: string): Condition {
  const { $regex, $options } = given as { readonly $regex?: unknown; readonly $options?: unknown };
  const where = `${at}.$regex`;
  if ($regex === undefined) return refuse(`${at}.$options`, '$options goes with $regex.');
  if (!isRegExp($regex)) return field(path, regexTest($regex, $options ?? '', where));
  if ($options === undefined) return field(path, regexTest($regex.source, $regex.flags, where));
  return refuse(where, 'A RegExp has its own flags: leave $options out.');
}

function unknownOperator(name: string, at: string, known: object): never {
  if (!name.startsWith('$'))
    return refuse(at, `A field and operators cannot stand in one object: ${show(name)} is no operator.`);
  const others = known === JOINING ? OPERATORS : JOINING;
  const names = [...Object.keys(known), ...(known === OPERATORS ? ['$regex', '$options'] : [])];
  const isElsewhere = Object.hasOwn(others, name) || (known === JOINING && /^\$(regex|options)$/.test(name));
  const what = isElsewhere ? `${name} cannot stand` : `Unknown operator ${show(name)}`;
  const where = known === JOINING ? 'beside fields' : 'in a field';
  return refuse(
    at,
    `${what}${isElsewhere ? ` ${where}` : ''}; the operators ${where} are ${names.join(', ')}.`,
  );
}

function compared(
  path: Path,
  op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte',
  operand: unknown,
  at: string,
  depth: number,
): Condition {
  return field(path, { op, value: takeOperand(operand, at, depth + 1) });
}

/** `$in`: any of some values and regular expressions. */
function oneOf(path: Path, operand: unknown, at: string, depth: number): Condition {
  const name = at.slice(at.lastIndexOf('$'));
  const given = list(operand, name, 'an array of values', at);
  const tests: Test[] = [];
  const values: JsonValue[] = [];
  given.forEach((one, i) => {
    const where = `${at}[${i}]`;
    if (isRegExp(one)) tests.push(regexTest(one.source, one.flags, where));
    else values.push(takeOperand(one, where, depth + 1));
  });
  if (values.length > 0) tests.push({ op: 'in', values: Object.freeze(values.sort(compareValues)) });
  return anyOf(tests.map((test) => field(path, test)));
}

function field(path: Path, test: Test): Condition {
  return Object.freeze({ is: 'field', path, test: Object.freeze(test) });
}

function list(given: unknown, name: string, what: string, at: string): readonly unknown[] {
  return isArray(given) ? Array.from(given) : refuse(at, `${name} must be ${what}, not ${show(given)}.`);
}
