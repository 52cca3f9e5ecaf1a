import {
  createIndex,
  InvalidOptionError,
  type PostingKey,
  search,
  searchExplained,
  searchMany,
  type SearchOptions,
  statistics,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { CORPORA } from '../support/corpora.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { seeded } from '../support/random.js';
import { thrownBy } from '../support/thrown.js';

const D = 20;

describe.each(METRICS)('by %s', (metric) => {
  const vector = CORPORA.clustered(seeded(4), D);
  const options = { dimensions: D, metric, shardCapacity: 64 };
  const stored = ofDocuments(500, 5000, vector);
  const index = createIndex(options, stored);
  const twin = new NaiveTwin(options);
  for (const posting of stored) twin.add(posting);
  const queries = Array.from({ length: 5 }, vector);
  const WAYS: readonly Omit<SearchOptions, 'k'>[] = [{ slopFactor: 1 }, { slopFactor: 8 }, { recall: 0.8 }];
  const matching: readonly [string, (posting: PostingKey) => boolean][] = [
    ['one posting in all', ({ documentId, start }) => documentId === 'd77' && start === 30],
    ['one document', ({ documentId }) => documentId === 'd77'],
    ['a few documents', ({ documentId }) => documentId.startsWith('d7')],
    ['nothing', () => false],
    ['everything', () => true],
  ];

  test.each(matching)('a filter gets min(k, matches) results: %s', (_, filter) => {
    const matches = stored.filter(({ documentId, start = 0, length = 0 }) =>
      filter({ documentId, start, length }),
    ).length;
    for (const query of queries) {
      for (const way of WAYS) {
        for (const k of [1, 10, 300]) {
          const found = search(index, query, { k, filter, ...way });
          expect(found).toHaveLength(Math.min(k, matches));
          expect(found.every(filter)).toBe(true);
          // No worse than the true nearest, and the very same where there are no more than those.
          const truth = twin.search(query, { k, filter });
          found.forEach((hit, i) => {
            expect(hit.distance).toBeGreaterThanOrEqual(truth[i].distance);
          });
          if (matches <= k) expect(found).toEqual(truth);
        }
      }
    }
  });

  test('distinct documents get min(k, documents) results', () => {
    for (const way of WAYS) {
      for (const k of [1, 100, 500, 501]) {
        const found = search(index, queries[0], { k, distinct: 'document', ...way });
        expect(found).toHaveLength(Math.min(k, 500));
        expect(new Set(found.map(({ documentId }) => documentId)).size).toBe(found.length);
      }
    }
  });

  test('a search for a recall gets min(k, postings) results', () => {
    expect(search(index, queries[0], { k: 5001, recall: 0.5 })).toHaveLength(5000);
    expect(search(index, queries[0], { k: 600, recall: 0.5 })).toHaveLength(600);
  });

  test('what a search did is told', () => {
    const exact = searchExplained(index, queries[0], { k: 3, slopFactor: 'all' }).explanation;
    expect(exact.exact).toBe(true);
    expect(exact.shardsScanned).toBe(index.shardCount);
    expect(exact.rowsScanned).toBe(5000);
    const { results, explanation } = searchExplained(index, queries[0], { k: 3, slopFactor: 5 });
    expect(results).toEqual(search(index, queries[0], { k: 3, slopFactor: 5 }));
    expect(explanation.shardsScanned).toBe(5);
    expect(explanation.shardsRanked).toBe(index.shardCount);
    expect(explanation.rowsScanned).toBeLessThanOrEqual(5 * 64);
    expect(explanation.rowsMeasured).toBeLessThanOrEqual(explanation.rowsScanned);
    expect(explanation.exact).toBe(false);
    const wide = searchExplained(index, queries[0], { k: 3, recall: 0.99 }).explanation;
    const narrow = searchExplained(index, queries[0], { k: 3, recall: 0.6 }).explanation;
    expect(wide.shardsScanned).toBeGreaterThan(narrow.shardsScanned);
    expect(wide.exact).toBe(false);
    const { calibration } = statistics(index);
    expect(calibration).toMatchObject({ sampleSize: 625, age: 0 });
    expect(calibration?.standardError).toBeGreaterThan(0);
    expect(Object.isFrozen(calibration)).toBe(true);
    expect(exact.expected).toBeUndefined();
    expect(explanation.expected).toBeUndefined();
    expect(wide.expected?.recall).toBeGreaterThan(0.98);
    expect(narrow.expected?.recall).toBeGreaterThan(0.59);
    expect(narrow.expected?.recall).toBeLessThan(wide.expected?.recall ?? 0);
    expect(wide.expected?.sampleSize).toBeLessThanOrEqual(625);
    expect(wide.expected?.sampleSize).toBeGreaterThanOrEqual(48);
  });
});

test('what cannot be asked for is refused', () => {
  const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
  const refused = (options: object): unknown => thrownBy(() => search(index, [1], options as SearchOptions));
  for (const recall of [0, -1, 1.01, Number.NaN, '0.9', null])
    expect(refused({ k: 1, recall })).toBeInstanceOf(InvalidOptionError);
  expect(refused({ k: 1, recall: 0.9, slopFactor: 4 })).toBeInstanceOf(InvalidOptionError);
  for (const queries of [undefined, 3, null, {}])
    expect(thrownBy(() => searchMany(index, queries as never, { k: 1 }))).toBeInstanceOf(InvalidOptionError);
});
