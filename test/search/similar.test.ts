// More like this, by brute force over the mean.
import {
  InvalidPostingError,
  createIndex,
  postings,
  search,
  searchExplained,
  similar,
  similarExplained,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { clusteredVectors, seeded } from '../support/random.js';

const DIMENSIONS = 12;

/** The mean of vectors, of their directions by cosine. */
function naiveMean(vectors: readonly Float32Array[], isCosine: boolean): number[] {
  return Array.from({ length: DIMENSIONS }, (_, j) =>
    vectors.reduce((sum, v) => {
      const norm = isCosine ? Math.hypot(...v) : 1;
      return sum + (norm === 0 ? 0 : v[j] / norm) / vectors.length;
    }, 0),
  );
}

describe.each(METRICS)('similar by %s', (metric) => {
  const vectorOf = clusteredVectors(seeded(3), DIMENSIONS, 40, 0.8);
  const all = ofDocuments(700, 4000, vectorOf);
  const index = createIndex({ dimensions: DIMENSIONS, metric, shardCapacity: 64 }, all);
  const twin = new NaiveTwin({ dimensions: DIMENSIONS, metric });
  for (const posting of all) twin.add(posting);
  const ids = ['d0', 'd17', 'd399', 'd699'];

  test('finds what is nearest to the mean of a document, without the document', () => {
    for (const id of ids) {
      const vectors = postings(index, id).map(({ vector }) => vector);
      const others = { filter: (posting: { documentId: string }) => posting.documentId !== id };
      const mean = naiveMean(vectors, metric === 'cosine');
      for (const distinct of ['document', 'posting'] as const) {
        const expected = twin.search(mean, { k: 9, distinct, ...others });
        const found = similar(index, id, { k: 9, distinct, slopFactor: 'all' });
        // By another sum for the mean, so to within its rounding.
        expect(found.map(({ documentId, start }) => [documentId, start])).toEqual(
          expected.map(({ documentId, start }) => [documentId, start]),
        );
        found.forEach(({ distance }, i) => {
          expect(Math.abs(distance - expected[i].distance)).toBeLessThan(
            1e-5 * (1 + Math.abs(expected[i].distance)),
          );
        });
      }
    }
  });

  test('explains what it did, with the same results', () => {
    for (const options of [{ k: 9 }, { k: 3, slopFactor: 2 }, { k: 5, distinct: 'posting' as const }]) {
      const explained = similarExplained(index, 'd17', options);
      expect(explained?.results).toEqual(similar(index, 'd17', options));
    }
    const byNumber = { k: 3, slopFactor: 2, distinct: 'document' } as const;
    const explained = similarExplained(index, 'd17', byNumber);
    const filter = ({ documentId }: { documentId: string }): boolean => documentId !== 'd17';
    expect(searchExplained(index, explained?.query ?? [], { ...byNumber, filter })).toEqual({
      results: explained?.results,
      explanation: explained?.explanation,
    });
    expect(similarExplained(index, 'd17', { k: 2, slopFactor: 'all' })?.explanation).toMatchObject({
      exact: true,
      rowsScanned: index.postingCount,
      shardsScanned: index.shardCount,
    });
    expect(similarExplained(index, 'nobody', { k: 2 })).toBeUndefined();
  });

  test('is by documents unless told otherwise, and takes the options of a search', () => {
    const found = similar(index, 'd17', { k: 20, slopFactor: 'all' });
    expect(new Set(found.map(({ documentId }) => documentId)).size).toBe(20);
    const filter = ({ documentId }: { documentId: string }): boolean => documentId.endsWith('7');
    const filtered = similar(index, 'd17', { k: 20, slopFactor: 'all', filter });
    expect(filtered).toHaveLength(20);
    expect(filtered.every((hit) => filter(hit) && hit.documentId !== 'd17')).toBe(true);
    expect(similar(index, 'd17', { k: 5, offset: 5, slopFactor: 'all' })).toEqual(found.slice(5, 10));
    const maxDistance = found[2].distance;
    expect(similar(index, 'd17', { k: Infinity, maxDistance, slopFactor: 'all' })).toEqual(found.slice(0, 3));
  });

  test('keeps its recall where the document itself fills what is near', () => {
    const [{ vector: centre }] = all;
    const many = Array.from({ length: 400 }, (_, i) => ({
      documentId: 'long',
      start: i,
      vector: Array.from(centre, (component, j) => component + (((i * 7 + j) % 11) - 5) / 100),
    }));
    const longer = update(index, (draft) => {
      draft.addPostings(many);
    });
    const truth = similar(longer, 'long', { k: 10, slopFactor: 'all' });
    const found = similar(longer, 'long', { k: 10, recall: 0.95 });
    const farthest = truth[9].distance;
    expect(found.filter(({ distance }) => distance <= farthest).length).toBeGreaterThanOrEqual(9);
    expect(found).toHaveLength(10);
  });
});

test('of an unknown document there is nothing, and an empty id is refused', () => {
  const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
  expect(similar(index, 'b', { k: 1 })).toEqual([]);
  expect(similar(index, 'a', { k: 1 })).toEqual([]);
  expect(() => similar(index, '', { k: 1 })).toThrow(InvalidPostingError);
  expect(search(index, [1], { k: 1 })).toHaveLength(1);
});
