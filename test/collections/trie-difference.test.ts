import { Map as ImmutableMap } from 'immutable';
import { describe, expect, test, vi } from 'vitest';
import type * as stringMapModule from '../../src/collections/string-map.js';
import { StringMap, StringMapDraft } from '../../src/collections/string-map.js';
import { eachStringDifference } from '../../src/collections/string-map-difference.js';
import { eachDifference } from '../../src/collections/trie-difference.js';
import { integerBelow, seeded } from '../support/random.js';

/*
 * The differences of two persistent maps, found by walking the inner nodes of Immutable.js and, where those look
 * different from what is known of them, by comparing all entries.
 */

const inside = vi.hoisted(() => ({ hidden: false, reads: 0 }));

vi.mock('../../src/collections/string-map.js', async (original) => {
  const real = await original<typeof stringMapModule>();
  return {
    ...real,
    bucketsOf: (map: StringMap) => (inside.hidden ? withoutNodes(real.bucketsOf(map)) : real.bucketsOf(map)),
  };
});

/** The same list or map, by its public methods alone; counts what is read of it. */
function withoutNodes<T extends { readonly size: number; get(key: never): unknown }>(whole: T): T {
  return {
    size: whole.size,
    get: (key: never) => {
      inside.reads++;
      return whole.get(key);
    },
    [Symbol.iterator]: () => (whole as unknown as Iterable<unknown>)[Symbol.iterator](),
  } as unknown as T;
}

type Found = Map<unknown, readonly [unknown, unknown]>;

/** What differs, found by looking at every key. */
function naive<V>(a: ReadonlyMap<unknown, V>, b: ReadonlyMap<unknown, V>): Found {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return new Map(
    [...keys].flatMap((key) => (a.get(key) === b.get(key) ? [] : [[key, [a.get(key), b.get(key)]]])),
  );
}

function found(collect: (visit: (key: unknown, before: unknown, after: unknown) => void) => void): Found {
  const all: Found = new Map();
  collect((key, before, after) => {
    expect(all.has(key)).toBe(false);
    all.set(key, [before, after]);
  });
  return all;
}

/** Pairs of sets of entries: one grown out of the other by some changes, or of another size. */
const PAIRS = [0, 1, 2, 5, 33, 400, 3000].flatMap((size) =>
  [0, 1, 7, 500].map((changes) => {
    const random = seeded(size + changes);
    const before = new Map(Array.from({ length: size }, (_, i): [string, number] => [`key ${i}`, i]));
    const after = new Map<string, number>(before);
    for (let i = 0; i < changes; i++) {
      const key = `key ${integerBelow(random, 2 * size + 2)}`;
      if (integerBelow(random, 3) === 0) after.delete(key);
      else after.set(key, 10_000 + i);
    }
    return { size, changes, before, after };
  }),
);

function stringMapOf(
  entries: ReadonlyMap<string, number>,
  from: StringMap,
  old?: ReadonlyMap<string, number>,
): StringMap {
  const draft = new StringMapDraft(from);
  for (const [key, value] of entries) draft.set(key, value);
  for (const key of old?.keys() ?? []) if (!entries.has(key)) draft.set(key, undefined);
  return draft.finish();
}

describe.each(PAIRS)('of $size entries and after $changes changes', ({ before, after }) => {
  const [mapA, stringsA] = [ImmutableMap(before), stringMapOf(before, StringMap.empty())];
  const mapB = mapA.withMutations((map) => {
    for (const [key, value] of after) map.set(key, value);
    for (const key of before.keys()) if (!after.has(key)) map.delete(key);
  });
  const stringsB = stringMapOf(after, stringsA, before);
  const directions = [
    [naive(before, after), mapA, mapB, stringsA, stringsB],
    [naive(after, before), mapB, mapA, stringsB, stringsA],
  ] as const;

  test('all that differs is found once, whether nodes can be read or not', () => {
    for (const [expected, a, b] of directions) {
      expect(
        found((visit) => {
          eachDifference(a, b, visit);
        }),
      ).toEqual(expected);
      expect(
        found((visit) => {
          eachDifference(withoutNodes(a), withoutNodes(b), visit);
        }),
      ).toEqual(expected);
    }
  });

  test.each([false, true])('in string maps too (nodes hidden: %s)', (hidden) => {
    inside.hidden = hidden;
    inside.reads = 0;
    for (const [expected, , , a, b] of directions)
      expect(
        found((visit) => {
          eachStringDifference(a, b, visit);
        }),
      ).toEqual(expected);
    expect(inside.reads > 0).toBe(hidden && before.size + after.size > 0);
    inside.hidden = false;
  });
});

test('only hidden nodes make it compare entry by entry', () => {
  const map = ImmutableMap(Array.from({ length: 500 }, (_, i) => [i, i]));
  const next = map.set(7, -1);
  let visits = 0;
  const counting = Object.assign(withoutNodes(next), {
    _root: (next as unknown as { _root: unknown })._root,
  });
  inside.reads = 0;
  eachDifference(map, counting, () => visits++);
  expect([visits, inside.reads]).toEqual([1, 0]);
  eachDifference(map, withoutNodes(next), () => visits++);
  expect(visits).toBe(2);
  expect(inside.reads).toBeGreaterThanOrEqual(500);
});
