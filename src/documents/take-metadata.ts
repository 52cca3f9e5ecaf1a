// Takes metadata in: a frozen copy that is checked on the way, and shares what is as it was before.
import { isThenable } from '../checks/callbacks.js';
import { because, thrownText } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidMetadataError, ShardexError } from '../errors.js';
import { isDraft } from 'immer';
import type { JsonValue, Metadata } from './record.js';

/** How deep metadata may be nested, themselves included. */
export const MOST_DEPTH = 32;

/** Where in the metadata a value is, from the outermost on: the objects around it, and their names. */
interface Way {
  readonly path: string[];
  readonly around: object[];
}

/**
 * A frozen copy of metadata. What equals its counterpart in `before`, in value and order of names, is that one (`===`), down
 * to the whole. Time: O(what is not `===` to its counterpart).
 *
 * @throws {@link InvalidMetadataError} for what JSON cannot express, or would change without saying so.
 */
export function takeMetadata(given: unknown, before: Metadata | undefined, documentId: string): Metadata {
  if (given !== undefined && given === before) return before;
  const way: Way = { path: [], around: [] };
  const refuse: Refuse = (what) => {
    const path = way.path.join('.');
    const where = path === '' ? 'The metadata' : `The metadata at ${show(path)}`;
    return new InvalidMetadataError(`${where} of document ${show(documentId)} ${what}`, path, documentId);
  };
  try {
    if (isPlainObject(given)) return taken(given, before, way, refuse) as Metadata;
    const advice = adviceOn(given);
    throw refuse(
      `must be a plain object such as { year: 1995 }, not ${show(given)}.${advice && ` ${advice}`}`,
    );
  } catch (error) {
    if (error instanceof ShardexError) throw error;
    throw because(refuse(`could not be read: ${thrownText(error)}.`), error);
  }
}

type Refuse = (what: string) => InvalidMetadataError;

function taken(value: unknown, before: JsonValue | undefined, way: Way, refuse: Refuse): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  // Adding 0 turns −0 into 0, as JSON does.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (typeof value !== 'object' || isDraft(value)) throw refuse(unusable(value));
  // What was taken in before is frozen, so it is as it was.
  if (value === before) return before;
  if (way.around.includes(value))
    throw refuse('leads back to itself. Leave out the reference, or keep an id there.');
  if (way.around.length === MOST_DEPTH)
    throw refuse(`is nested deeper than ${MOST_DEPTH} levels. Flatten it, or keep it as a string of JSON.`);
  way.around.push(value);
  const copy = Array.isArray(value)
    ? takenArray(value, before, way, refuse)
    : takenObject(value, before, way, refuse);
  way.around.pop();
  return copy;
}

function takenArray(
  value: readonly unknown[],
  before: JsonValue | undefined,
  way: Way,
  refuse: Refuse,
): readonly JsonValue[] {
  const old: readonly JsonValue[] | undefined = isArray(before) ? before : undefined;
  const copy: JsonValue[] = [];
  let isOld = old?.length === value.length;
  for (let i = 0; i < value.length; i++) {
    way.path.push(String(i));
    if (!Object.hasOwn(value, i)) throw refuse('is a hole in an array. Put null there.');
    const element = taken(ownValue(value, i, refuse), old?.[i], way, refuse);
    way.path.pop();
    isOld &&= element === old?.[i];
    copy.push(element);
  }
  const extra = Object.keys(value).find((key) => !Object.hasOwn(copy, key));
  if (extra !== undefined)
    throw refuse(`is an array with a field, ${show(extra)}, which JSON would drop. Use an object for both.`);
  return isOld && old !== undefined ? old : Object.freeze(copy);
}

function takenObject(value: object, before: JsonValue | undefined, way: Way, refuse: Refuse): Metadata {
  if (!isPlainObject(value)) throw refuse(unusable(value));
  const symbol = Object.getOwnPropertySymbols(value).find((key) => isEnumerable(value, key));
  if (symbol !== undefined)
    throw refuse(`has a field named by a symbol, ${show(symbol)}. Name it by a string, or leave it out.`);
  const old = isPlainObject(before) ? before : undefined;
  const copy: Record<string, JsonValue> = {};
  let isOld = old !== undefined;
  let count = 0;
  const oldNames = old === undefined ? [] : Object.keys(old);
  for (const name of Object.keys(value)) {
    way.path.push(name);
    const given = ownValue(value, name, refuse);
    // As JSON does.
    if (given !== undefined) {
      const was = old !== undefined && Object.hasOwn(old, name) ? old[name] : undefined;
      const field = taken(given, was, way, refuse);
      isOld &&= field === was && oldNames[count] === name;
      count++;
      putField(copy, name, field);
    }
    way.path.pop();
  }
  return isOld && count === oldNames.length && old !== undefined ? old : Object.freeze(copy);
}

/** The value of an own property, which must not be computed: it could be another one the next time. */
function ownValue(object: object, name: PropertyKey, refuse: Refuse): unknown {
  const property = Object.getOwnPropertyDescriptor(object, name);
  if (property !== undefined && !('value' in property))
    throw refuse('is computed by a getter. Put the value itself there.');
  return property?.value;
}

/** Sets a field, whatever it is called: `__proto__` would set the prototype. */
export function putField(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function isEnumerable(object: object, key: PropertyKey): boolean {
  return Object.getOwnPropertyDescriptor(object, key)?.enumerable === true;
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether it is an object of no class, of whichever realm. */
function isPlainObject(value: unknown): value is Metadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isDraft(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
}

function unusable(value: unknown): string {
  const advice = adviceOn(value);
  return `is ${show(value)}, which JSON cannot express.${advice && ` ${advice}`}`;
}

/** What to put there instead. */
function adviceOn(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'Put null there, or leave the field out.';
    case 'number':
      return 'Put null there, or a string.';
    case 'bigint':
      return 'Put Number(value) there where that is exact, else String(value).';
    case 'symbol':
    case 'function':
      return 'Leave it out, or put a name there.';
    case 'object':
      return value === null ? '' : adviceOnObject(value);
    case 'string':
    case 'boolean':
      return 'Put it into a field of an object.';
  }
}

function adviceOnObject(value: object): string {
  if (isDraft(value)) return 'It is a draft: put a copy there, as current(draft) of immer makes one.';
  if (isThenable(value)) return 'Await it first.';
  if (Array.isArray(value)) return 'Put it into a field of an object.';
  if (ArrayBuffer.isView(value)) return 'Put Array.from(value) there; vectors belong into postings.';
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return 'Put value.toISOString() there, or value.getTime(): a frozen Date can still be set.';
    case '[object Map]':
      return 'Put Object.fromEntries(value) there.';
    case '[object Set]':
      return 'Put [...value] there.';
    case '[object RegExp]':
    case '[object URL]':
      return 'Put String(value) there.';
    case '[object String]':
    case '[object Number]':
    case '[object Boolean]':
      return 'Put value.valueOf() there.';
    default:
      return 'Put a plain object of its fields there, such as { ...value }.';
  }
}
