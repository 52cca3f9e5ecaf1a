import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Bucket, Branch, entriesOf as bucketEntries } from '../../src/collections/bucket.js';
import { hashOf } from '../../src/collections/hash.js';
import { StringMap, StringMapDraft, bucketsOf } from '../../src/collections/string-map.js';
import { eachStringDifference } from '../../src/collections/string-map-difference.js';
import { type Numbers, opened, sameNumbers } from '../../src/collections/text-bucket.js';
import { integerBelow, seeded } from '../support/random.js';

function mapOf(entries: Iterable<readonly [string, Numbers]>, from = StringMap.empty()) {
  const draft = new StringMapDraft(from);
  for (const [key, value] of entries) draft.set(key, value);
  return draft.finish();
}

function entriesOf(map: StringMap): [string, Numbers | undefined][] {
  return [...map.keys()].map((key) => [key, map.get(key)]);
}

/** What lies where in a map. */
function layoutOf(map: StringMap): unknown[] {
  return bucketsOf(map).toArray();
}

/** The bucket as a text; none of these has opened up. */
function textOf(bucket: Bucket): string {
  if (typeof bucket !== 'string') throw new Error('The bucket has opened up.');
  return bucket;
}

/** Two texts after which a prefix has the same hash; found by chance, of some 80,000 texts. */
function twins(prefix: string): [string, string] {
  const random = seeded(prefix.length);
  const seen = new Map<number, string>();
  for (;;) {
    const text = String.fromCharCode(...Array.from({ length: 6 }, () => 0x61 + integerBelow(random, 26)));
    const hash = hashOf(prefix + text);
    const other = seen.get(hash);
    if (other !== undefined && other !== text) return [other, text];
    seen.set(hash, text);
  }
}

/** Texts of one hash, 2 to the power of `levels` of them: the hash of a text goes on from that of its beginning. */
function colliding(levels: number): string[] {
  let texts = [''];
  for (let level = 0; level < levels; level++) {
    const ends = twins(texts[0]);
    texts = texts.flatMap((text) => ends.map((end) => text + end));
  }
  return texts;
}

const COLLIDING = colliding(8);
/** So many that their bucket opens up. */
const MANY_COLLIDING = colliding(10);
const INHERITED = ['propertyIsEnumerable', 'propertyIsEnumerable.', '__proto__', 'constructor', 'toString'];

const key = fc.oneof(
  fc.nat(300).map((i) => `key ${i}`),
  fc.constantFrom(...COLLIDING),
  // Long ones of one hash, and such as share most of their bits.
  fc.nat(40).map((i) => `${'a'.repeat(50 * i)}${COLLIDING[i]}`),
  fc.tuple(fc.constantFrom(...COLLIDING), fc.nat(60)).map(([text, n]) => text + 'x'.repeat(20 * n)),
  fc.constantFrom(...INHERITED),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
/** One or several numbers, of one digit or of more. */
const number = fc.oneof(
  fc.nat(9),
  fc.nat(),
  fc.maxSafeNat().map((n) => Math.floor(n / 2)),
  fc.constantFrom(63, 64, 127, 128, 16_383),
);
const numbers: fc.Arbitrary<Numbers> = fc.oneof(
  { arbitrary: fc.nat(9), weight: 4 },
  { arbitrary: number, weight: 2 },
  fc.uniqueArray(number, { minLength: 2, maxLength: 70 }).map((list) => list.sort((a, b) => a - b)),
);
const step = fc.record({ key, value: fc.option(numbers, { nil: undefined, freq: 3 }) });
/** Many steps to a draft, with all of the map taken out between some of them. */
const histories = fc.array(
  fc.record({ steps: fc.array(step, { maxLength: 200, size: 'max' }), clear: fc.nat(6).map((n) => n === 0) }),
  { maxLength: 6 },
);

describe('a map of strings', () => {
  test('is what a plain one is, whatever happens to it, and leaves earlier ones alone', () => {
    fc.assert(
      fc.property(histories, (drafts) => {
        const model = new Map<string, Numbers>();
        let map = StringMap.empty();
        const earlier: [StringMap, [string, Numbers | undefined][]][] = [];
        for (const { steps, clear } of drafts) {
          const draft = new StringMapDraft(map);
          const take = (at: string, value: Numbers | undefined) => {
            draft.set(at, value);
            if (value === undefined) model.delete(at);
            else model.set(at, value);
            expect(draft.get(at)).toEqual(value);
          };
          if (clear) for (const at of [...model.keys()]) take(at, undefined);
          for (const { key: at, value } of steps) take(at, value);
          map = draft.finish();
          expect(map.size).toBe(model.size);
          expect(new Map(entriesOf(map))).toEqual(model);
          expect([...map.keys()]).toHaveLength(model.size);
          // The same entries lie in the same places, however they came there.
          expect(layoutOf(map)).toEqual(layoutOf(mapOf([...model].reverse())));
          earlier.push([map, entriesOf(map)]);
        }
        for (const [old, entries] of earlier) expect(entriesOf(old)).toEqual(entries);
      }),
      { numRuns: 60 },
    );
  });

  test('tells keys of one hash apart', () => {
    const keys = COLLIDING;
    expect(new Set(keys)).toHaveProperty('size', 256);
    expect(new Set(keys.map(hashOf)).size).toBe(1);
    const map = mapOf(keys.map((text, i) => [text, i]));
    expect(map.size).toBe(256);
    keys.forEach((text, i) => {
      expect(map.get(text)).toBe(i);
    });
    const odd = keys.filter((_, i) => i % 2 === 1);
    const draft = new StringMapDraft(map);
    for (const text of odd) draft.set(text, undefined);
    expect(new Set(draft.finish().keys())).toEqual(new Set(keys.filter((_, i) => i % 2 === 0)));
  });

  /** How many texts and characters are looked at or written. */
  function workOf(change: () => unknown): number {
    const read = vi.spyOn(String.prototype, 'charCodeAt');
    const starts = vi.spyOn(String.prototype, 'startsWith');
    change();
    const work = read.mock.calls.length + starts.mock.calls.length;
    read.mockRestore();
    starts.mockRestore();
    return work;
  }

  const longest = (map: StringMap): number =>
    Math.max(
      ...bucketsOf(map).map((bucket) => {
        const texts = [bucket];
        let most = 0;
        for (let at = texts.pop(); at !== undefined; at = texts.pop()) {
          if (at instanceof Branch) texts.push(at.low, at.high);
          else most = Math.max(most, at.length);
        }
        return most;
      }),
    );

  // A bucket for each of the ways in which keys can be made to meet: one hash, and the low bits of one.
  const alike = Array.from({ length: 100_000 }, (_, i) => `u${i.toString(36)}`)
    .filter((text) => (hashOf(text) & 63) === 0)
    .slice(0, 1024);

  test.each([
    ['of one hash', MANY_COLLIDING],
    ['of hashes with the same low bits', alike],
    [
      'of one hash, long and alike but for their ends',
      MANY_COLLIDING.slice(0, 256).map((text) => 'x'.repeat(400) + text),
    ],
  ])('takes in keys %s in about the time of ordinary ones, and takes them out again', (_, keys) => {
    const ordinary = keys.map((text, i) => `${i}`.padEnd(text.length, 'q'));
    const [map, other] = [keys, ordinary].map((all) => mapOf(all.map((text, i) => [text, i])));
    expect(longest(map)).toBeLessThanOrEqual(2048);
    const [work, usual] = [keys, ordinary].map((all) => workOf(() => mapOf(all.map((text, i) => [text, i]))));
    // A text is looked through up to three times as far as one of ordinary ones is on average.
    expect(work).toBeLessThan(40 * usual);
    const perChange = [map, other].map((each, at) =>
      workOf(() => mapOf([[[keys, ordinary][at][77], 5]], each)),
    );
    expect(perChange[0]).toBeLessThan(40 * perChange[1]);
    keys.forEach((text, i) => {
      expect(map.get(text)).toBe(i);
    });
    const rest = keys.slice(0, 10);
    const less = mapOf(
      keys.slice(10).map((text) => [text, undefined as never]),
      map,
    );
    expect(layoutOf(less)).toEqual(layoutOf(mapOf(rest.map((text, i) => [text, i]))));
    // A difference looks at the parts that differ.
    const next = mapOf([[keys[5], 99_999]], map);
    const found: unknown[] = [];
    const looked = workOf(() => {
      eachStringDifference(map, next, (...difference) => found.push(difference));
    });
    expect(found).toEqual([[keys[5], 5, 99_999]]);
    expect(looked).toBeLessThan(work / 10);
  });

  test('grows and shrinks without a look at each key of a bucket that has opened up', () => {
    // The keys of one hash and one ordinary key, which comes and goes where their bucket is parted and put together.
    const keys = MANY_COLLIDING.slice(0, 600);
    for (let size = keys.length; size < keys.length + 20; size++) {
      const more = Array.from({ length: size - keys.length }, (_, i) => `more ${i}`);
      const map = mapOf([...keys, ...more].map((text, i) => [text, i]));
      expect(workOf(() => mapOf([['one more', 1]], map))).toBeLessThan(4000);
    }
  });

  test('a key that is longer than a bucket may be, and one that begins like others, are keys as any', () => {
    const keys = ['x', 'y'].flatMap((end) => [1, 5000, 10_000].map((n) => 'a'.repeat(n) + end));
    const all = [...keys, ...MANY_COLLIDING.slice(0, 600)];
    const map = mapOf(all.map((text, i) => [text, i]));
    all.forEach((text, i) => {
      expect(map.get(text)).toBe(i);
      expect(map.get(text + 'z')).toBeUndefined();
    });
    expect([...map.keys()].sort()).toEqual([...all].sort());
    expect(bucketsOf(map).flatMap((bucket) => bucketEntries(bucket)).size).toBe(2 * all.length);
  });

  test('finds nothing in an empty one, nor what every object inherits', () => {
    for (const map of [StringMap.empty(), mapOf([['a', 1]])]) {
      for (const text of ['', 'b', ...INHERITED]) expect(map.get(text)).toBeUndefined();
    }
  });

  test('has a byte for each character of a key, and some 3 more for an entry, where all characters have one', () => {
    const map = mapOf(Array.from({ length: 1000 }, (_, i) => [`key ${i}`, i]));
    for (const bucket of bucketsOf(map).map(textOf)) {
      const keys = opened(bucket).filter((each) => typeof each === 'string');
      expect(/^[\0-\xff]*$/.test(bucket)).toBe(true);
      expect(bucket.length - keys.join('').length).toBeLessThanOrEqual(3 * keys.length);
    }
  });

  test('finds keys longer than a digit, and those that look like what lies between keys', () => {
    const keys = [1, 2, 127, 128, 129, 300, 70_000].flatMap((n) => [
      'a'.repeat(n),
      '\u0001'.repeat(n),
      '𝄞'.repeat(n),
    ]);
    const map = mapOf(keys.map((text, i) => [text, i]));
    keys.forEach((text, i) => {
      expect(map.get(text)).toBe(i);
    });
    expect(new Set(map.keys())).toEqual(new Set(keys));
  });

  test('keeps its buckets small, for keys that differ in little', () => {
    for (const keys of [
      (i: number) => `document ${i}`,
      (i: number) => String.fromCharCode(i),
      (i: number) => 'a'.repeat(i % 100) + 'b'.repeat(i / 100),
    ]) {
      const map = mapOf(Array.from({ length: 10_000 }, (_, i) => [keys(i), i]));
      expect(map.size).toBe(10_000);
      expect(bucketsOf(map).size).toBe(Math.ceil(10_000 / 10));
      // 10 on average, 20 in one that is next to be split, and what chance adds to that.
      expect(Math.max(...bucketsOf(map).map((bucket) => bucketEntries(bucket).length / 2))).toBeLessThan(64);
    }
  });

  test('shares all buckets with the one before but those that changed', () => {
    const random = seeded(3);
    let map = mapOf(Array.from({ length: 20_000 }, (_, i) => [`d${i}`, i]));
    for (let i = 0; i < 200; i++) {
      const draft = new StringMapDraft(map);
      draft.set(`d${integerBelow(random, 40_000)}`, integerBelow(random, 3) === 0 ? undefined : 50_000 + i);
      const next = draft.finish();
      const old = new Set<unknown>(bucketsOf(map));
      // The one of the key, and where the number of buckets changes the two that this one was or becomes.
      expect(bucketsOf(next).filter((bucket) => !old.has(bucket)).size).toBeLessThanOrEqual(3);
      map = next;
    }
  });
});

describe('a draft of a map', () => {
  test('is the map itself until something is set', () => {
    const map = mapOf([['a', 1]]);
    const draft = new StringMapDraft(map);
    draft.get('a');
    expect(draft.finish()).toBe(map);
    draft.set('a', 2);
    const next = draft.finish();
    expect(next).not.toBe(map);
    expect(draft.finish()).toBe(next);
  });

  test('goes on after it was finished, and does not change what it gave', () => {
    const draft = new StringMapDraft(StringMap.empty());
    draft.set('a', 1);
    const first = draft.finish();
    draft.set('a', 2);
    draft.set('b', 3);
    const second = draft.finish();
    expect(entriesOf(first)).toEqual([['a', 1]]);
    expect(new Map(entriesOf(second))).toEqual(new Map([['a', 2], ['b', 3]])); // prettier-ignore
  });

  test('that takes out what was never there finishes as an equal map', () => {
    for (const map of [StringMap.empty(), mapOf([['a', 1]])]) {
      const draft = new StringMapDraft(map);
      draft.set('b', undefined);
      expect(layoutOf(draft.finish())).toEqual(layoutOf(map));
    }
  });
});

describe('the difference of two maps', () => {
  type Difference = [string, Numbers | undefined, Numbers | undefined];

  function differenceOf(a: StringMap, b: StringMap): Difference[] {
    const found: Difference[] = [];
    eachStringDifference(a, b, (key, before, after) => found.push([key, before, after]));
    return found.sort(([x], [y]) => (x < y ? -1 : 1));
  }

  function compared(a: StringMap, b: StringMap): Difference[] {
    const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
    return keys
      .map((key): Difference => [key, a.get(key), b.get(key)])
      .filter(([, was, is]) => !sameNumbers(was, is));
  }

  test('is what comparing every key finds, between any two of many', () => {
    fc.assert(
      fc.property(histories, (drafts) => {
        const draft = new StringMapDraft(StringMap.empty());
        const maps = [draft.finish()];
        for (const { steps } of drafts) {
          for (const { key: at, value } of steps) draft.set(at, value);
          maps.push(draft.finish());
        }
        for (const a of maps) for (const b of maps) expect(differenceOf(a, b)).toEqual(compared(a, b));
      }),
      { numRuns: 40 },
    );
  });

  // At these sizes a level or a node is added to the list of buckets, or the last one is just full.
  test.each([300, 320, 330, 640, 10_230, 10_240, 10_250, 10_560, 10_570])(
    'is found around %i entries',
    (size) => {
      const map = mapOf(Array.from({ length: size }, (_, i) => [`d${i}`, i]));
      for (const more of [1, 9, 10, 11, 320, 330, 900]) {
        const greater = mapOf(
          Array.from({ length: more }, (_, i) => [`more ${i}`, i]),
          map,
        );
        const changed = mapOf([['d7', 77_777]], greater); // prettier-ignore
        for (const [a, b] of [
          [map, greater],
          [greater, map],
          [map, changed],
          [greater, changed],
        ])
          // prettier-ignore
          expect(differenceOf(a, b)).toEqual(compared(a, b));
        const draft = new StringMapDraft(changed);
        for (let i = 0; i < more; i++) draft.set(`more ${i}`, undefined);
        expect(differenceOf(map, draft.finish())).toEqual([['d7', 7, 77_777]]);
      }
    },
  );

  test('does not look at what is shared', () => {
    const map = mapOf(Array.from({ length: 20_000 }, (_, i) => [`d${i}`, i]));
    const next = mapOf([['d7', 77_777]], map); // prettier-ignore
    const old = new Set(bucketsOf(next).map(textOf));
    expect(
      bucketsOf(map)
        .map(textOf)
        .count((bucket) => !old.has(bucket)),
    ).toBe(1);
    const read = vi.spyOn(String.prototype, 'charCodeAt');
    const found = differenceOf(map, next);
    const texts = new Set(read.mock.contexts.map(String));
    read.mockRestore();
    expect(found).toEqual([['d7', 7, 77_777]]);
    expect(texts.size).toBe(2);
    for (const text of texts)
      expect([old.has(text), bucketsOf(map).map(textOf).includes(text)]).not.toEqual([true, true]);
  });
});
