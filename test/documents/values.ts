// Values that metadata may be, and that they may not.
import * as fc from 'fast-check';
import type { JsonValue, Metadata } from 'shardex';

/** Names that an object, a path or a joined text would confuse. */
export const ODD_NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toJSON',
  'length',
  '0',
  '',
  'a.b',
  '\ud83d',
] as const;

const name = fc.oneof(fc.constantFrom('a', 'b', 'c', ...ODD_NAMES), fc.string({ maxLength: 3 }));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const text = fc.string({ unit: 'binary', maxLength: 6 });

const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    text,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    objectOf(tie('value')),
  ),
}));

/** An object whose fields are its own, whatever they are called. */
function objectOf(field: fc.Arbitrary<JsonValue>): fc.Arbitrary<Metadata> {
  return fc
    .uniqueArray(fc.tuple(name, field), { maxLength: 4, selector: ([key]) => key })
    .map((entries) => JSON.parse(jsonOfEntries(entries)) as Metadata);
}

function jsonOfEntries(entries: readonly (readonly [string, JsonValue])[]): string {
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${JSON.stringify(field)}`).join()}}`;
}

/** Metadata of any form. */
export const metadata = objectOf(value);

class Film {
  year = 1995;
}

const circle: Record<string, unknown> = {};
circle.self = circle;

/** What no metadata may have, each with the path at which it is found and a word of what to put there instead. */
export const REFUSED: readonly (readonly [what: string, given: unknown, path: string, instead: string])[] = [
  ['a Date', { at: new Date(0) }, 'at', 'toISOString'],
  ['a Date in an array', { a: [{ at: new Date(Number.NaN) }] }, 'a.0.at', 'getTime'],
  ['a Map', { tags: new Map([['a', 1]]) }, 'tags', 'Object.fromEntries'],
  ['a Set', { tags: new Set(['a']) }, 'tags', '[...value]'],
  ['an instance of a class', { film: new Film() }, 'film', 'plain object'],
  ['an object with a prototype', { film: Object.create({ year: 1995 }) as unknown }, 'film', 'plain object'],
  ['a function', { f: () => 1 }, 'f', 'Leave it out'],
  ['a symbol', { s: Symbol('s') }, 's', 'Leave it out'],
  ['a bigint', { n: 1n }, 'n', 'String(value)'],
  ['NaN', { n: { n: Number.NaN } }, 'n.n', 'null'],
  ['an infinite number', { n: [1, -Infinity] }, 'n.1', 'null'],
  ['undefined in an array', { a: [undefined] }, 'a.0', 'null'],
  ['a hole in an array', { a: Object.assign([], { length: 2 }) as unknown }, 'a.0', 'null'],
  ['an array with a field', { a: Object.assign([1], { more: 1 }) }, 'a', 'object'],
  ['a typed array', { v: new Float32Array(2) }, 'v', 'Array.from'],
  ['bytes', { v: new ArrayBuffer(2) }, 'v', 'plain object'],
  ['a promise', { later: Promise.resolve(1) }, 'later', 'Await'],
  ['a string in an object', { s: Object('s') as unknown }, 's', 'valueOf'],
  ['a circle', { a: circle }, 'a.self', 'id'],
  ['a getter', Object.defineProperty({}, 'g', { get: () => 1, enumerable: true }), 'g', 'the value itself'],
  ['a symbol for a name', { [Symbol('s')]: 1 }, '', 'string'],
  ['a revoked proxy', { p: revoked() }, 'p', 'could not be read'],
  ['33 levels', nested(33), Array(32).fill('a').join('.'), 'Flatten'],
  ['an array for all', [1], '', 'field of an object'],
  ['a string for all', 'heat', '', 'plain object'],
  ['null for all', null, '', 'plain object'],
  ['a Date for all', new Date(0), '', 'toISOString'],
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An object in an object, so many times. */
export function nested(levels: number): object {
  let outer: object = {};
  for (let level = 1; level < levels; level++) outer = { a: outer };
  return outer;
}
