// Reads what filters compare with: copies and checks JSON values, and the regular expressions that may be given beside them.
import { InvalidFilterError } from '../../errors.js';
import { because, isArray, thrownText } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import type { JsonValue } from '../record.js';
import type { Test } from './condition.js';

/** How deep filters and what they compare with may be nested. */
export const MOST_DEPTH = 100;

/** Refuses something in a filter; `at` says where it is, as in `$or[1].year.$gt`. */
export function refuse(at: string, message: string): never {
  throw new InvalidFilterError(at === '' ? message : `${at}: ${message}`, at);
}

/** What to give in place of values that JSON does not have. */
const INSTEAD: Readonly<Record<string, string>> = {
  Date: 'Use what the metadata have: a number, as of getTime(), or a string, as of toISOString().',
  Map: 'Use a plain object.',
  Set: 'Use an array, and $in for any of its values.',
  RegExp: 'Use it as { field: /x/ }, in $in, $nin or $all, or as { $regex: /x/ }.',
};

/** A frozen copy of a value that a filter compares with. */
export function takeOperand(given: unknown, at: string, depth: number): JsonValue {
  if (depth > MOST_DEPTH) return refuse(at, `Filters may be nested ${MOST_DEPTH} deep.`);
  if (typeof given === 'string' || typeof given === 'boolean' || given === null) return given;
  if (typeof given === 'number') {
    if (Number.isFinite(given)) return given === 0 ? 0 : given;
    return refuse(at, `A filter compares with finite numbers, not ${show(given)}. Leave the bound out.`);
  }
  if (given === undefined)
    return refuse(at, 'A filter cannot compare with undefined. Use null or $exists, or leave the field out.');
  if (isArray(given))
    return Object.freeze(Array.from(given, (one, i) => takeOperand(one, `${at}[${i}]`, depth + 1)));
  if (isPlain(given)) return takeObject(given, at, depth);
  const instead = isRegExp(given) ? INSTEAD.RegExp : (INSTEAD[tagOf(given)] ?? '');
  return refuse(at, `A filter compares with JSON values, not ${show(given)}. ${instead}`.trimEnd());
}

function takeObject(given: object, at: string, depth: number): JsonValue {
  const copy = {};
  for (const [name, value] of fieldsOf(given, at)) {
    const taken = takeOperand(value, at === '' ? name : `${at}.${name}`, depth + 1);
    // Not by assignment: that of `__proto__` would set no field.
    Object.defineProperty(copy, name, { value: taken, enumerable: true });
  }
  return Object.freeze(copy);
}

/** The fields of an object, each read once. */
export function fieldsOf(given: object, at: string): [name: string, value: unknown][] {
  try {
    return Object.entries(given);
  } catch (error) {
    const text = `The filter could not be read: ${thrownText(error)}.`;
    throw because(new InvalidFilterError(at === '' ? text : `${at}: ${text}`, at), error);
  }
}

/** Whether it is an object of no class, of whichever realm. */
export function isPlain(given: unknown): given is object {
  if (typeof given !== 'object' || given === null || isArray(given)) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(given);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
}

/** Whether it is a regular expression, of whichever realm. */
export function isRegExp(given: unknown): given is RegExp {
  return tagOf(given) === 'RegExp';
}

function tagOf(given: unknown): string {
  try {
    return Object.prototype.toString.call(given).slice(8, -1);
  } catch {
    return '';
  }
}

/** A copy of a filter that was checked: what its owner does to it later does not show, and a thread can be sent it. */
export function copyOfFilter<T>(given: T): T {
  if (isArray(given)) return given.map(copyOfFilter) as T;
  if (isRegExp(given)) return new RegExp(given.source, given.flags) as T;
  if (!isPlain(given)) return given;
  const copy = {};
  for (const [name, value] of fieldsOf(given, ''))
    Object.defineProperty(copy, name, { value: copyOfFilter(value), enumerable: true });
  return copy as T;
}

/** A test by a regular expression. Flags that only say where a search goes on, `g` and `d`, are left out. */
export function regexTest(source: unknown, flags: unknown, at: string): Test {
  if (typeof source !== 'string')
    return refuse(at, `$regex must be a string or a RegExp, not ${show(source)}.`);
  if (typeof flags !== 'string') return refuse(at, `$options must be a string, not ${show(flags)}.`);
  const kept = [...new Set(flags)].filter((flag) => flag !== 'g' && flag !== 'd').sort();
  const unknown = kept.find((flag) => !'imsuv'.includes(flag));
  if (unknown !== undefined)
    return refuse(at, `Unknown option ${show(unknown)} of a regular expression; there are i, m, s, u and v.`);
  try {
    new RegExp(source, kept.join(''));
  } catch (error) {
    throw because(new InvalidFilterError(`${at}: ${thrownText(error)}.`, at), error);
  }
  return Object.freeze({ op: 'regex', source, flags: kept.join('') });
}
