// Pages of results: of one version they have each result once.
import {
  InvalidOptionError,
  type SearchOptions,
  type SearchResult,
  createIndex,
  search,
  searchExplained,
  searchMany,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { clusteredVectors, seeded } from '../support/random.js';
import { thrownBy } from '../support/thrown.js';

const DIMENSIONS = 16;

function keyOf({ documentId, start, length }: SearchResult): string {
  return `${documentId} ${start} ${length}`;
}

describe.each(METRICS)('pages by %s', (metric) => {
  const random = seeded(11);
  const vectorOf = clusteredVectors(random, DIMENSIONS, 80, 1);
  const postings = ofDocuments(1500, 6000, vectorOf);
  const index = createIndex({ dimensions: DIMENSIONS, metric, shardCapacity: 64 }, postings);
  const twin = new NaiveTwin({ dimensions: DIMENSIONS, metric });
  for (const posting of postings) twin.add(posting);
  const queries = Array.from({ length: 6 }, vectorOf);
  const even = ({ start }: { start: number }): boolean => start % 20 === 0;

  test('of an exact search are parts of the whole', () => {
    for (const query of queries) {
      for (const rest of [{}, { distinct: 'document' as const }, { filter: even }, { maxDistance: 1e9 }]) {
        for (const offset of [0, 1, 7, 500, 5990, 7000]) {
          const options = { k: 12, offset, ...rest };
          expect(search(index, query, { ...options, slopFactor: 'all' })).toEqual(
            twin.search(query, options),
          );
        }
      }
    }
  });

  test('behind each other have each result once, in every way to search, and first come those without an offset', () => {
    const ways: Partial<SearchOptions>[] = [
      { recall: 0.8 },
      { recall: 0.5 },
      { slopFactor: 2 },
      { slopFactor: 2, filter: even },
      { slopFactor: 1, distinct: 'document' },
      { recall: 0.7, distinct: 'document' },
      { recall: 0.7, filter: even },
      { recall: 0.6, maxDistance: 1e9 },
    ];
    for (const query of queries.slice(0, 3)) {
      for (const way of ways) {
        const k = 5;
        const seen: SearchResult[] = [];
        for (let offset = 0; offset < 120; offset += k) {
          const page = search(index, query, { k, offset, ...way });
          expect(page).toEqual([...page].sort((a, b) => a.distance - b.distance));
          expect(searchMany(index, [query], { k, offset, ...way })).toEqual([page]);
          seen.push(...page);
        }
        // So few shards may have no more.
        if (way.slopFactor === undefined || way.filter !== undefined) expect(seen).toHaveLength(120);
        expect(new Set(seen.map(keyOf)).size).toBe(seen.length);
        expect(seen.slice(0, k)).toEqual(search(index, query, { k, ...way }));
        if (way.distinct === 'document')
          expect(new Set(seen.map(({ documentId }) => documentId)).size).toBe(seen.length);
      }
    }
  });

  test('come to an end where there is nothing more, and all of them together have all', () => {
    const few = createIndex({ dimensions: DIMENSIONS, metric }, postings.slice(0, 23));
    const [query] = queries;
    const pages = [0, 5, 10, 15, 20, 25, 500].map((offset) => search(few, query, { k: 5, offset }));
    expect(pages.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3, 0, 0]);
    expect(pages.flat()).toEqual(search(few, query, { k: 23 }));
  });

  test('cost at most a few times what one search of all up to their end does', () => {
    const work = (options: SearchOptions): number =>
      queries.reduce((sum, query) => sum + searchExplained(index, query, options).explanation.rowsScanned, 0);
    expect(work({ k: 10, offset: 150 })).toBeLessThan(5 * work({ k: 160 }));
  });
});

test('an offset that is none is refused, and so is one beyond 10,000 without a limit', () => {
  const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
  for (const offset of [-1, 0.5, Number.NaN, Infinity, '1' as never, 9_991]) {
    const error = thrownBy(() => search(index, [1], { k: 10, offset }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: 'offset' });
  }
  expect(search(index, [1], { k: 10, offset: 9_990 })).toEqual([]);
  expect(search(index, [1], { k: 10, offset: 50_000, minScore: 0.1 })).toEqual([]);
});
