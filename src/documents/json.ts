// JSON values: what metadata and the operands of filters are made of.

/** A JSON value, deeply read-only. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject;

/** An array of JSON values. */
export type JsonArray = readonly JsonValue[];

/** An object of JSON values; `__proto__` and `constructor` are names as any other. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Whether it is an object, and no array. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it is an array. */
export function isList(value: JsonValue | undefined): value is JsonArray {
  return Array.isArray(value);
}
