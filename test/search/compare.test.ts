// What entered, left and moved, against a comparison of two plain searches.
import fc from 'fast-check';
import {
  InvalidIndexError,
  InvalidVectorError,
  type SearchResult,
  compareSearch,
  createIndex,
  search,
  update,
} from 'shardex';
import { expect, test } from 'vitest';
import { ofDocuments } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';

const random = seeded(2);
const before = createIndex(
  { dimensions: 3, shardCapacity: 16 },
  ofDocuments(40, 200, () => gaussianVector(random, 3)),
);

test('what is told leads from the results before to those after', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom('posting', 'document'), (seed, distinct) => {
      const own = seeded(seed);
      const after = update(before, (draft) => {
        draft.removeDocument(`d${Math.floor(own() * 40)}`);
        draft.addPostings(ofDocuments(40, 60, () => gaussianVector(own, 3)));
      });
      const queries = Array.from({ length: 4 }, () => gaussianVector(own, 3));
      const options = { k: 12, distinct, slopFactor: 'all' } as const;
      const keyOf = ({ documentId, start, length }: SearchResult): string =>
        distinct === 'document' ? documentId : JSON.stringify([documentId, start, length]);
      const comparisons = compareSearch(before, after, queries, options);
      expect(comparisons).toHaveLength(4);
      comparisons.forEach(({ entered, left, moved, unmoved }, q) => {
        const [was, is] = [before, after].map((index) => search(index, queries[q], options));
        const [old, fresh] = [was, is].map((results) => results.map(keyOf));
        expect(left.map(({ result }) => result)).toEqual(was.filter((hit) => !fresh.includes(keyOf(hit))));
        expect(entered.map(({ result }) => result)).toEqual(is.filter((hit) => !old.includes(keyOf(hit))));
        for (const { rank, result } of entered) expect(is[rank - 1]).toEqual(result);
        for (const { rank, result } of left) expect(was[rank - 1]).toEqual(result);
        for (const each of moved) {
          expect(each.from).not.toBe(each.to);
          expect(was[each.from - 1]).toEqual(each.before);
          expect(is[each.to - 1]).toEqual(each.after);
          expect(keyOf(each.before)).toBe(keyOf(each.after));
        }
        expect(unmoved).toBe(fresh.filter((key, i) => old[i] === key).length);
        expect(entered.length + moved.length + unmoved).toBe(is.length);
      });
    }),
    { numRuns: 40 },
  );
});

test('of one version with itself nothing differs; queries may come in one buffer', () => {
  function* reused(): Iterable<Float32Array> {
    const buffer = new Float32Array(3);
    for (let i = 0; i < 3; i++) {
      buffer.fill(0);
      buffer[i] = 1;
      yield buffer;
    }
  }
  for (const comparison of compareSearch(before, before, reused(), { k: 5 }))
    expect(comparison).toEqual({ entered: [], left: [], moved: [], unmoved: 5 });
});

test('both have to be versions, and take the queries', () => {
  const other = createIndex({ dimensions: 2 });
  expect(() => compareSearch(before, {} as never, [], { k: 1 })).toThrow(InvalidIndexError);
  expect(() => compareSearch(before, other, [[1, 2, 3]], { k: 1 })).toThrow(InvalidVectorError);
});
