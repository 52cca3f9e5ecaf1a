// Hits of parts, merged, against one search of the whole.
import fc from 'fast-check';
import { InvalidOptionError, createIndex, mergeHits, search } from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';

const vector = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 2 });

describe('mergeHits', () => {
  test('of parts of an index is a search of the whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(vector, fc.nat(3)), { minLength: 1, maxLength: 40 }),
        vector,
        fc.constantFrom(1, 3, 10, Infinity),
        fc.constantFrom('cosine' as const, 'euclidean' as const, 'dot' as const),
        (rows, query, k, metric) => {
          const postings = rows.map(([values], i) => ({
            documentId: `d${i % 7}`,
            start: i,
            // By cosine, nothing has no direction.
            vector: values.every((value) => value === 0) ? [1, 1] : values,
          }));
          const asked = query.every((value) => value === 0) ? [1, 0] : query;
          const part = (p: number) => postings.filter((_, i) => rows[i][1] === p);
          const options = { dimensions: 2, metric };
          const most = Math.min(k, 10_000);
          const whole = search(createIndex(options, postings), asked, { k: most, slopFactor: 'all' });
          const lists = [0, 1, 2, 3].map((p) =>
            search(createIndex(options, part(p)), asked, { k: most, slopFactor: 'all' }),
          );
          expect(mergeHits(lists, { k })).toEqual(whole);
        },
      ),
    );
  });

  test('has a posting once, where it is nearest; hits come as they were given', () => {
    const far = { documentId: 'a', start: 0, length: 1, distance: 2, from: 'one' };
    const near = { ...far, distance: 1, from: 'other' };
    const other = { ...far, start: 1, distance: 1.5 };
    expect(mergeHits([[far, other], [near]], { k: 5 })).toEqual([near, other]);
    expect(mergeHits(new Set([[far], [near]]), { k: 1 })[0]).toBe(near);
    expect(mergeHits([], { k: 3 })).toEqual([]);
  });

  test('refuses what is no list of hits', () => {
    const hit = { documentId: 'a', start: 0, length: 1, distance: 2 };
    const wrong: [unknown, unknown][] = [
      [7, { k: 1 }],
      [[7], { k: 1 }],
      [[[{ documentId: 'a' }]], { k: 1 }],
      [[[{ ...hit, distance: NaN }]], { k: 1 }],
      [[[hit]], { k: 0 }],
      [[[hit]], undefined],
      [[[hit]], { k: 1, limit: 2 }],
    ];
    for (const [lists, options] of wrong)
      expect(thrownBy(() => mergeHits(lists as (typeof hit)[][], options as { k: number }))).toBeInstanceOf(
        InvalidOptionError,
      );
  });
});
