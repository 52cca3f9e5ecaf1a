// What a dotted path leads to in a document, as MongoDB follows it: through objects, and through the objects in arrays.
import { isList, isObject } from './json.js';
import type { JsonValue } from './record.js';

/** Gets a value that a path leads to, or `undefined` where a field is missing; `true` ends the walk. */
export type Visit = (value: JsonValue | undefined) => boolean;

/** The names in a dotted path. */
export function partsOf(path: string): readonly string[] {
  return path.split('.');
}

/**
 * A field of an object, an element of an array by its number, and `undefined` where there is none. What an object inherits
 * is no field.
 */
export function fieldIn(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  if (isList(value) && name === 'length') return undefined;
  return (value as Readonly<Record<string, JsonValue>>)[name];
}

/**
 * Visits all that a path leads to, until a visit is `true`, and returns whether one was. Of an array at the end of the path
 * each element is visited, then the array itself, unless `whole`. An array on the way leads to its objects, and by a
 * number in the path to that element, which is visited as it is. Arrays in arrays are passed over.
 */
export function eachAt(
  root: JsonValue | undefined,
  parts: readonly string[],
  whole: boolean,
  visit: Visit,
): boolean {
  return follow(root, 0);

  function follow(from: JsonValue | undefined, at: number): boolean {
    const value = fieldIn(from, parts[at]);
    if (at + 1 < parts.length) {
      if (isList(value)) return followList(value, at + 1);
      return isObject(value) ? follow(value, at + 1) : visit(undefined);
    }
    if (!whole && isList(value)) for (const element of value) if (visit(element)) return true;
    return visit(value);
  }

  function followList(list: readonly JsonValue[], at: number): boolean {
    for (let i = 0; i < list.length; i++) {
      const element = list[i];
      if (isObject(element) && follow(element, at)) return true;
      if (parts[at] !== String(i)) continue;
      if (at + 1 === parts.length) {
        if (visit(element)) return true;
      } else if (isList(element)) {
        if (followList(element, at + 1)) return true;
      } else if (isObject(element) && follow(element, at + 1)) return true;
    }
    return false;
  }
}
