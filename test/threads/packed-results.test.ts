import fc from 'fast-check';
import type { SearchResult } from 'shardex';
import { expect, test } from 'vitest';
import { packResults, unpackResults } from '../../src/threads/pool/packed-results.js';

const result = fc.record(
  {
    documentId: fc.string(),
    start: fc.nat(0xffff_ffff),
    length: fc.nat(0xffff_ffff),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
    distance: fc.double({ noNaN: true }),
  },
  { noNullPrototype: true },
);
const component = fc.float({ noNaN: true });

const similar = fc
  .tuple(result, fc.double({ noNaN: true }))
  .map(([each, similarity]) => ({ ...each, similarity }));

/** Results of several searches, with vectors of one size or none. */
const several = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()).chain(([dimensions, isSimilar]) => {
  const vector = fc.array(component, { minLength: dimensions, maxLength: dimensions });
  const bare = isSimilar ? similar : result;
  const one =
    dimensions === 0
      ? bare
      : fc.tuple(bare, vector).map(([each, own]) => ({ ...each, vector: Float32Array.from(own) }));
  return fc.array(fc.array(one, { maxLength: 4 }), { maxLength: 5 });
});

test('results come out of a message as they went in', () => {
  fc.assert(
    fc.property(several, (results: SearchResult[][]) => {
      const there = structuredClone(packResults(results));
      expect(unpackResults(there)).toStrictEqual(results);
    }),
  );
});

test('a vector is the receiver’s own', () => {
  const own = { documentId: 'a', start: 0, length: 0, score: 1, distance: 0 };
  const results = [
    [
      { ...own, vector: Float32Array.of(1, 2) },
      { ...own, vector: Float32Array.of(3, 4) },
    ],
  ];
  const [[first, second]] = unpackResults(packResults(results));
  expect(second.vector?.buffer).not.toBe(first.vector?.buffer);
  first.vector?.fill(9);
  expect(second.vector).toEqual(Float32Array.of(3, 4));
});
