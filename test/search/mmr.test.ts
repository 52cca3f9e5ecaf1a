// Maximal marginal relevance, against the formula written out.
import fc from 'fast-check';
import {
  InvalidOptionError,
  InvalidVectorError,
  type Metric,
  type SearchResult,
  createIndex,
  mmr,
  search,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { naiveDistance, naiveScore } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { dyadicVector, gaussianVector, seeded } from '../support/random.js';
import { thrownBy } from '../support/thrown.js';

const DIMENSIONS = 5;

function likeness(metric: Metric, a: ArrayLike<number>, b: ArrayLike<number>): number {
  const distance = naiveDistance(metric, a, b);
  if (metric === 'euclidean') return naiveScore(metric, distance);
  return metric === 'cosine' ? 1 - distance : -distance + 0;
}

/** The formula, looking at all pairs each time. */
function naiveMmr(
  metric: Metric,
  query: readonly number[],
  hits: readonly SearchResult[],
  lambda: number,
  k: number,
): SearchResult[] {
  const rounded = Float32Array.from(query);
  const chosen: SearchResult[] = [];
  const vectorOf = (hit: SearchResult): Float32Array => hit.vector as Float32Array;
  while (chosen.length < Math.min(k, hits.length)) {
    const values = hits.map((hit) => {
      if (chosen.includes(hit)) return -Infinity;
      const likest = Math.max(...chosen.map((other) => likeness(metric, vectorOf(other), vectorOf(hit))));
      const relevance = likeness(metric, rounded, vectorOf(hit));
      return lambda * relevance - (1 - lambda) * (chosen.length === 0 ? 0 : likest);
    });
    chosen.push(hits[values.indexOf(Math.max(...values))]);
  }
  return chosen;
}

describe.each(METRICS)('mmr by %s', (metric) => {
  const random = seeded(1);
  const all = ofDocuments(30, 120, (i) =>
    i % 3 === 0 ? dyadicVector(random, DIMENSIONS, 2) : gaussianVector(random, DIMENSIONS),
  );
  const index = createIndex({ dimensions: DIMENSIONS, metric, shardCapacity: 16 }, all);

  test('chooses as the formula says, with vectors that come along and with those of the index', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(0, 0.3, 0.5, 0.9, 1),
        fc.integer({ min: 1, max: 25 }),
        (seed, lambda, k) => {
          const query = dyadicVector(seeded(seed), DIMENSIONS, 2);
          const hits = search(index, query, { k: 20, slopFactor: 'all', includeVector: true });
          const expected = naiveMmr(metric, query, hits, lambda, k);
          expect(mmr(index, hits, { lambda, k })).toEqual(expected);
          const bare = search(index, query, { k: 20, slopFactor: 'all' });
          expect(mmr(index, bare, { lambda, k })).toEqual(expected.map((hit) => bare[hits.indexOf(hit)]));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('gives the very hits, all of them where no k is given, and with lambda 1 in their order', () => {
    const hits = search(index, [1, 0, 0, 0, 0], { k: 10, slopFactor: 'all' });
    const chosen = mmr(index, hits, { lambda: 0.5 });
    expect(new Set(chosen)).toEqual(new Set(hits));
    expect(chosen[0]).toBe(hits[0]);
    expect(mmr(index, hits, { lambda: 1 })).toEqual(hits);
    expect(mmr(index, new Set(hits), { lambda: 1 })).toEqual(hits);
    expect(mmr(index, [], {})).toEqual([]);
  });
});

test('what is no result of this version is refused, and so are unusable options', () => {
  const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
  const hits = search(index, [1], { k: 1 });
  const gone = update(index, (draft) => void draft.removeDocument('a'));
  const bad: [string, () => unknown][] = [
    ['hits', () => mmr(gone, hits)],
    ['hits', () => mmr(index, 5 as never)],
    ['hits', () => mmr(index, [null as never])],
    ['hits', () => mmr(index, [{ documentId: 'a' } as never])],
    ['hits', () => mmr(index, [{ ...hits[0], distance: Number.NaN }])],
    ['lambda', () => mmr(index, hits, { lambda: 1.5 })],
    ['lambda', () => mmr(index, hits, { lambda: Number.NaN })],
    ['k', () => mmr(index, hits, { k: 0 })],
  ];
  for (const [option, call] of bad) {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  }
  expect(() => mmr(index, [{ ...hits[0], vector: new Float32Array(2) }])).toThrow(InvalidVectorError);
});
