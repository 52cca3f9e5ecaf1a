import { describe, expect, test } from 'vitest';
import { NaiveTwin } from './naive-twin.js';

// The oracle of the other tests, against numbers worked out by hand.
describe('the naive twin', () => {
  test('finds by cosine, a zero vector at cosine 0', () => {
    const twin = new NaiveTwin({ dimensions: 2 });
    twin.add({ documentId: 'same', vector: [3, 0] });
    twin.add({ documentId: 'square', vector: [0, 2] });
    twin.add({ documentId: 'opposite', vector: [-1, 0] });
    twin.add({ documentId: 'zero', vector: [0, 0] });
    expect(twin.search([1, 0], { k: 10 })).toEqual([
      { documentId: 'same', start: 0, length: 0, distance: 0, score: 1, similarity: 1 },
      { documentId: 'square', start: 0, length: 0, distance: 1, score: 0.5, similarity: 0 },
      { documentId: 'zero', start: 0, length: 0, distance: 1, score: 0.5, similarity: 0 },
      { documentId: 'opposite', start: 0, length: 0, distance: 2, score: 0, similarity: -1 },
    ]);
  });

  test('finds by distance and by product', () => {
    const euclidean = new NaiveTwin({ dimensions: 2, metric: 'euclidean' });
    const dot = new NaiveTwin({ dimensions: 2, metric: 'dot' });
    for (const twin of [euclidean, dot]) twin.add({ documentId: 'a', vector: [3, 4] });
    expect(euclidean.search([0, 0], { k: 1 })[0]).toMatchObject({ distance: 5, score: 1 / 6 });
    expect(dot.search([0, 1], { k: 1 })[0]).toMatchObject({ distance: -4, score: 1 / (1 + Math.exp(-4)) });
    expect(dot.search([4, -3], { k: 1 })[0]).toMatchObject({ distance: 0, score: 0.5 });
  });

  test('breaks ties by documentId in code units, start and length', () => {
    const twin = new NaiveTwin({ dimensions: 1 });
    for (const [documentId, start, length] of [
      ['b', 0, 0],
      ['é', 0, 0],
      ['B', 0, 0],
      ['a', 10, 0],
      ['a', 9, 5],
      ['a', 9, 4],
    ] as const) {
      twin.add({ documentId, start, length, vector: [1] });
    }
    const found = twin.search([1], { k: 9 }).map((r) => [r.documentId, r.start, r.length]);
    expect(found).toEqual([
      ['B', 0, 0],
      ['a', 9, 4],
      ['a', 9, 5],
      ['a', 10, 0],
      ['b', 0, 0],
      ['é', 0, 0],
    ]);
  });

  test('replaces by key, removes by document, filters, and gives each document once if asked', () => {
    const twin = new NaiveTwin({ dimensions: 1, metric: 'euclidean' });
    twin.add({ documentId: 'a', vector: [5] });
    twin.add({ documentId: 'a', vector: [1] });
    twin.add({ documentId: 'a', start: 1, vector: [2] });
    twin.add({ documentId: 'b', vector: [3] });
    const copy = twin.clone();
    const ids = (options: Parameters<NaiveTwin['search']>[1]) =>
      twin.search([0], options).map(({ documentId }) => documentId);
    expect(ids({ k: 3 })).toEqual(['a', 'a', 'b']);
    expect(ids({ k: 3, distinct: 'document' })).toEqual(['a', 'b']);
    expect(ids({ k: 3, filter: ({ start }) => start === 1 })).toEqual(['a']);
    expect(twin.removeDocument('a')).toBe(2);
    expect(twin.removeDocument('a')).toBe(0);
    expect([twin.size, copy.size]).toEqual([1, 3]);
    twin.replaceDocument('b', [{ documentId: 'b', start: 7, vector: [0.1] }]);
    expect(twin.postings('b')).toEqual([
      { documentId: 'b', start: 7, length: 0, vector: Float32Array.of(0.1) },
    ]);
  });
});
