// Reciprocal rank fusion, against the sum written out.
import fc from 'fast-check';
import { InvalidOptionError, type SearchResult, createIndex, fuse, search } from 'shardex';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';

interface Named {
  readonly documentId: string;
  readonly nth: number;
}

const lists = fc.array(
  fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 10 })
    .map((ids) => ids.map((documentId, nth): Named => ({ documentId, nth }))),
  { maxLength: 4 },
);

describe('fuse', () => {
  test('adds up weight / (constant + rank) over the lists, a key once in each', () => {
    fc.assert(
      fc.property(
        lists,
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(0, 1, 60),
        (given, all, constant) => {
          const weights = all.slice(0, given.length);
          const scores = new Map<string, number>();
          given.forEach((list, l) => {
            [...new Set(list.map(({ documentId }) => documentId))].forEach((id, i) => {
              scores.set(id, (scores.get(id) ?? 0) + weights[l] / (constant + i + 1));
            });
          });
          const fused = fuse(given, { weights, constant });
          expect(new Map(fused.map(({ hit, score }) => [hit.documentId, score]))).toEqual(scores);
          expect(fused.map(({ score }) => score)).toEqual([...scores.values()].sort((a, b) => b - a));
          for (const { hit, ranks } of fused) {
            expect(ranks).toHaveLength(given.length);
            // The hit is the first one of the first list that has it.
            const first = given.findIndex((list) =>
              list.some(({ documentId }) => documentId === hit.documentId),
            );
            expect(hit).toBe(given[first].find(({ documentId }) => documentId === hit.documentId));
          }
        },
      ),
    );
  });

  test('tells postings apart where all hits are of postings, and documents where some are not', () => {
    const index = createIndex({ dimensions: 2 }, [
      { documentId: 'a', start: 0, vector: [1, 0] },
      { documentId: 'a', start: 5, vector: [1, 0.1] },
      { documentId: 'b', vector: [0, 1] },
    ]);
    const [one, other] = [
      [1, 0],
      [0, 1],
    ].map((query) => search(index, query, { k: 3 }));
    expect(fuse([one, other])).toHaveLength(3);
    const mixed = fuse([one, [{ documentId: 'b', text: 'x' }]]);
    expect(mixed.map(({ hit, ranks }) => [hit.documentId, ranks])).toEqual([
      ['b', [2, 1]],
      ['a', [1, undefined]],
    ]);
    expectTypeOf(mixed[0].hit).toEqualTypeOf<
      SearchResult | { readonly documentId: 'b'; readonly text: 'x' }
    >();
  });

  test('goes by any key; a number is not its digits', () => {
    const fused = fuse([[{ id: 1 }, { id: '1' }], [{ id: 1 }]], { key: ({ id }) => id });
    expect(fused.map(({ hit, ranks }) => [hit.id, ranks])).toEqual([
      [1, [1, 1]],
      ['1', [2, undefined]],
    ]);
  });

  test('refuses what it cannot join', () => {
    const hits = [{ documentId: 'a' }];
    const bad: [string, () => unknown][] = [
      ['lists', () => fuse(5 as never)],
      ['lists', () => fuse([5 as never])],
      ['lists', () => fuse([[{ id: 'a' }]])],
      ['lists', () => fuse([[null]])],
      ['weights', () => fuse([hits], { weights: [1, 1] })],
      ['weights', () => fuse([hits], { weights: [-1] })],
      ['weights', () => fuse([hits], { weights: 1 as never })],
      ['constant', () => fuse([hits], { constant: -1 })],
      ['constant', () => fuse([hits], { constant: Number.NaN })],
      ['key', () => fuse([hits], { key: () => undefined as never })],
      ['key', () => fuse([hits], { key: 'documentId' as never })],
    ];
    for (const [option, call] of bad) {
      const error = thrownBy(call);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option });
    }
  });
});
