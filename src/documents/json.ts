// Which kind of JSON value a value is.
import type { JsonValue, Metadata } from './record.js';

/** Whether it is an object, and no array. */
export function isObject(value: JsonValue | undefined): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it is an array. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
