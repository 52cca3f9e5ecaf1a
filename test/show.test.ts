import { expect, test } from 'vitest';
import { show } from '../src/checks/show.js';

class Chunk {
  readonly text = '';
}
function* numbers(): Generator<number> {
  yield 1;
}
async function* later(): AsyncGenerator<number> {
  yield await Promise.resolve(1);
}
const nothing = (): void => undefined;

/** Each value, and what a message says of it. */
const VALUES: [unknown, string][] = [
  ['a', '"a"'],
  ['', '""'],
  ['5', '"5"'],
  ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
  [null, 'null'],
  [undefined, 'undefined'],
  [true, 'true'],
  [5, '5'],
  [-1.5, '-1.5'],
  [-0, '-0'],
  [Number.NaN, 'NaN'],
  [7n, '7n'],
  [10n ** 60n, `1${'0'.repeat(39)}…n`],
  [Symbol('s'), 'Symbol(s)'],
  [nothing, 'a function'],
  [Chunk, 'a class'],
  [async () => Promise.resolve(), 'an async function'],
  [numbers, 'a generator function'],
  [later, 'a generator function'],
  [[1, 2], 'an array of 2'],
  [new Float64Array(2), 'a Float64Array of 2'],
  [new Int8Array(3), 'an Int8Array of 3'],
  [Buffer.from([1]), 'a Buffer of 1'],
  [new DataView(new ArrayBuffer(8)), 'a DataView of 8 bytes'],
  [new ArrayBuffer(8), 'an ArrayBuffer of 8 bytes'],
  [new SharedArrayBuffer(8), 'a SharedArrayBuffer of 8 bytes'],
  [new Date(0), 'the Date 1970-01-01T00:00:00.000Z'],
  [new Date(Number.NaN), 'an invalid Date'],
  [Promise.resolve(1), 'a promise'],
  [{ then: nothing }, 'a promise'],
  [new Map([[1, 2]]), 'a Map of 1'],
  [new Set(), 'a Set of 0'],
  [new WeakMap(), 'a WeakMap'],
  [/x/, 'a RegExp'],
  [new TypeError('no'), 'a TypeError, "no"'],
  [Object('boxed'), 'a String object'],
  [Object(1n), 'a BigInt object'],
  [numbers(), 'a generator'],
  [later(), 'an async generator'],
  [new Chunk(), 'a Chunk'],
  [{}, 'an object without keys'],
  [Object.create(null), 'an object without keys'],
  [{ dimensions: 3, toString: () => 'never called' }, 'an object with dimensions, toString'],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1 }, 'an object with a, b, c, d, …'],
];

test.each(VALUES)('%o is shown', (value, text) => {
  expect(show(value)).toBe(text);
});

test('what cannot be read is shown, too', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  const { proxy: list, revoke: revokeList } = Proxy.revocable([], {});
  revoke();
  revokeList();
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('mine');
      },
    },
  );
  for (const value of [proxy, list, throwing])
    expect(show(value)).toBe('an object that cannot be read, such as a revoked proxy');
});
