import { expect, test } from 'vitest';
import { bucketsFor, hashWords } from '../../src/delta/hash-chains.js';
import { KeyIndex } from '../../src/delta/key-index.js';

/** Keys of one document, all in one bucket of an index of them. */
function together(count: number): { documentIds: string[]; starts: number[]; lengths: number[] } {
  const starts: number[] = [];
  for (let start = 0; starts.length < count; start++)
    if ((hashWords(hashWords(0, start), 0) & (bucketsFor(count) - 1)) === 0) starts.push(start);
  return { documentIds: starts.map(() => 'a'), starts, lengths: starts.map(() => 0) };
}

test('keys that were chosen to meet in one bucket are found, in about the time of others', () => {
  const keys = together(1000);
  // Every key is looked for by its start, and each look at one is counted.
  let looks = 0;
  const starts = new Proxy(keys.starts, {
    get: (target, name) => {
      looks++;
      return Reflect.get(target, name) as unknown;
    },
  });
  const index = new KeyIndex({ ...keys, starts });
  keys.starts.forEach((start, at) => {
    expect(index.find('a', start, 0)).toBe(at);
    expect(index.find('a', start, 1)).toBe(-1);
    expect(index.find('b', start, 0)).toBe(-1);
  });
  expect(looks).toBeLessThan(100 * keys.starts.length);
});
