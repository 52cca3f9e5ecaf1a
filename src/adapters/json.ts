/*
 * Metadata and filters as frameworks give them, as the JSON values that an index takes: what `JSON.stringify` would write of
 * them. What that would lose without a word, such as a Map or NaN, stays as it is, and the index refuses it.
 */

/** A copy in which a Date is a string, and an object of a class one of its fields. Time: O(size of the value). */
export function asJson<T>(given: T): T {
  return copyOf(given, []) as T;
}

function copyOf(given: unknown, around: readonly object[]): unknown {
  if (typeof given !== 'object' || given === null || around.includes(given)) return given;
  const inside = [...around, given];
  if (Array.isArray(given)) return given.map((each) => copyOf(each, inside));
  const { toJSON } = given as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(given, '');
    // A Date that is none would become null.
    return json === null ? given : copyOf(json, inside);
  }
  if (Object.prototype.toString.call(given) !== '[object Object]') return given;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, copyOf(value, inside)]));
}
