// Limits of distance and of score: what is within them, all of it where the search is exact.
import fc from 'fast-check';
import {
  InvalidOptionError,
  type Metric,
  type SearchOptions,
  createIndex,
  search,
  searchExplained,
  searchMany,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { distanceAtScore } from '../../src/search/limit.js';
import { scoreOf } from '../../src/geometry/metric.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered, ofDocuments } from '../support/postings.js';
import { clusteredVectors, dyadicVector, gaussianVector, seeded } from '../support/random.js';
import { thrownBy } from '../support/thrown.js';

/** Few and many postings: with codes and without, in one shard and in many. */
const SIZES: [string, number, number, number][] = [
  ['a few short', 60, 3, 8],
  ['many', 3000, 24, 64],
];

describe.each(METRICS)('by %s', (metric) => {
  describe.each(SIZES)('of %s postings', (_, count, dimensions, shardCapacity) => {
    const random = seeded(7);
    const vectorOf = clusteredVectors(random, dimensions, 12, 0.7);
    // Every other one is exact in few bits, so that distances are equal to limits now and then.
    const postings = ofDocuments(Math.ceil(count / 5), count, (i) =>
      i % 2 === 0 ? vectorOf() : dyadicVector(random, dimensions, 2),
    );
    const index = update(createIndex({ dimensions, metric, shardCapacity }, postings), (draft) => {
      draft.removeDocument('d3');
    });
    const twin = new NaiveTwin({ dimensions, metric });
    for (const posting of postings) if (posting.documentId !== 'd3') twin.add(posting);
    const queries = [vectorOf(), dyadicVector(random, dimensions, 2), gaussianVector(random, dimensions)];

    test('an exact search finds all within a limit, and nothing else, up to k', () => {
      for (const query of queries) {
        const all = twin.search(query, { k: Infinity });
        const limits = [0, 4, all.length >> 1, all.length - 1].flatMap((i): Partial<SearchOptions>[] => [
          { maxDistance: all[i].distance },
          { minScore: all[i].score },
        ]);
        limits.push({ maxDistance: all[0].distance - 1 }, { minScore: 1 }, { minScore: 0 });
        for (const limit of limits) {
          for (const options of [
            { ...limit, k: Infinity },
            { ...limit, k: 20_000 },
            { ...limit, k: 3 },
            { ...limit, k: Infinity, distinct: 'document' },
            { ...limit, k: 7, filter: ({ start }: { start: number }) => start % 20 === 0 },
          ] satisfies SearchOptions[]) {
            const expected = twin.search(query, options);
            expect(search(index, query, { ...options, slopFactor: 'all' })).toEqual(expected);
            expect(search(index, query, { ...options, recall: 1 })).toEqual(expected);
            expect(searchMany(index, [query, query], { ...options, slopFactor: 'all' })).toEqual([
              expected,
              expected,
            ]);
          }
        }
      }
    });

    test('a search of some shards finds what those have within it; with a filter it goes on', () => {
      for (const query of queries) {
        const slopFactor = 2;
        const some = search(index, query, { k: 10_000, slopFactor });
        const maxDistance = some[some.length >> 1].distance;
        const within = some.filter(({ distance }) => distance <= maxDistance);
        expect(search(index, query, { k: Infinity, maxDistance, slopFactor })).toEqual(within);
        const filter = ({ start }: { start: number }): boolean => start % 20 === 0;
        const filtered = { k: Infinity, maxDistance, filter };
        expect(search(index, query, { ...filtered, slopFactor })).toEqual(twin.search(query, filtered));
      }
    });
  });
});

describe('a score as a limit', () => {
  test('stands for the greatest distance that has it, to the bit', () => {
    const metrics = fc.constantFrom<Metric>(...METRICS);
    const scores = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(1, 0.5, 1 - 2 ** -53, 2 ** -1074, 1e-308, 1e-30),
    );
    fc.assert(
      fc.property(metrics, scores, (metric, score) => {
        if (score === 0) return;
        const distance = distanceAtScore(metric, score);
        expect(scoreOf(metric, distance)).toBeGreaterThanOrEqual(score);
        const beyond = distance + Math.max(Math.abs(distance) * 2 ** -50, 2 ** -50);
        if (Number.isFinite(beyond) && beyond > distance && scoreOf(metric, beyond) >= score)
          // Only where no greater distance has a lower one.
          expect(scoreOf(metric, Number.MAX_VALUE)).toBeGreaterThanOrEqual(score);
      }),
      { numRuns: 500 },
    );
    for (const metric of METRICS) expect(distanceAtScore(metric, 0)).toBe(Infinity);
  });

  test('lets products pass that all score 1, where a distance tells them apart', () => {
    const index = createIndex(
      { dimensions: 1, metric: 'dot' },
      [40, 50, 60].map((x) => ({ documentId: `${x}`, vector: [x] })),
    );
    expect(search(index, [1], { k: 9, minScore: 1 }).map(({ similarity }) => similarity)).toEqual([
      60, 50, 40,
    ]);
    expect(search(index, [1], { k: 9, maxDistance: -50 }).map(({ similarity }) => similarity)).toEqual([
      60, 50,
    ]);
  });
});

describe('with a recall', () => {
  const dimensions = 16;
  const count = 12_000;
  describe.each(METRICS)('by %s', (metric) => {
    const random = seeded(5);
    const vectorOf = clusteredVectors(random, dimensions, 150, 1);
    const index = createIndex(
      { dimensions, metric, shardCapacity: 64 },
      numbered(count, () => vectorOf()),
    );
    const queries = Array.from({ length: 60 }, vectorOf);
    const exact = queries.map((query) => search(index, query, { k: 3000, slopFactor: 'all' }));

    test.each([
      [3, Infinity],
      [40, Infinity],
      [300, Infinity],
      [1500, Infinity],
      [300, 100],
      [5, 100],
    ])('its share is found of all that is within a limit: of %i, up to %i', (matches, k) => {
      let [shares, shards] = [0, 0];
      queries.forEach((query, q) => {
        const maxDistance = exact[q][matches - 1].distance;
        const { results, explanation } = searchExplained(index, query, { k, maxDistance, recall: 0.95 });
        const truth = exact[q].slice(0, Math.min(k, matches));
        expect(results.every(({ distance }) => distance <= maxDistance)).toBe(true);
        shares +=
          results.filter(({ distance }) => distance <= truth[truth.length - 1].distance).length /
          truth.length;
        shards += explanation.shardsScanned / index.shardCount;
      });
      expect(shares / queries.length).toBeGreaterThan(0.93);
      // Not by looking everywhere.
      if (matches <= 40) expect(shards / queries.length).toBeLessThan(0.6);
    });

    test('a filter gets its share of what is within a limit, also a rare one', () => {
      let share = 0;
      queries.forEach((query, q) => {
        const maxDistance = exact[q][499].distance;
        const filter = ({ documentId }: { documentId: string }): boolean =>
          Number(documentId.slice(1)) % 50 === 0;
        const truth = exact[q].slice(0, 500).filter(filter);
        const found = search(index, query, { k: Infinity, maxDistance, filter, recall: 0.95 });
        expect(found.every(({ distance }) => distance <= maxDistance)).toBe(true);
        share += truth.length === 0 ? 1 : found.length / truth.length;
      });
      expect(share / queries.length).toBeGreaterThan(0.93);
    });

    test('many queries find what each finds alone', () => {
      const options = { k: Infinity, maxDistance: exact[0][99].distance, recall: 0.9 };
      expect(searchMany(index, queries, options)).toEqual(
        queries.map((query) => search(index, query, options)),
      );
    });
  });
});

describe('what is no limit', () => {
  const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
  test.each<[string, Partial<SearchOptions>]>([
    ['maxDistance', { maxDistance: Infinity }],
    ['maxDistance', { maxDistance: Number.NaN }],
    ['maxDistance', { maxDistance: '1' as never }],
    ['minScore', { minScore: 1.1 }],
    ['minScore', { minScore: -0.1 }],
    ['minScore', { minScore: Number.NaN }],
    ['minScore', { minScore: 0.5, maxDistance: 1 }],
    ['k', { k: Infinity }],
    ['k', { k: 10_001 }],
    ['k', { k: 0.5, maxDistance: 1 }],
    ['k', { k: -Infinity, maxDistance: 1 }],
    ['k', { k: Number.NaN, maxDistance: 1 }],
  ])('is refused: %s of %o', (option, options) => {
    const error = thrownBy(() => search(index, [1], { k: 1, ...options }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });
});
