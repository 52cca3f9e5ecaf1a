import { createIndex, type Posting, type PostingKey, search, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered, ofDocuments } from '../support/postings.js';
import { dyadicVector, gaussianVector, seeded, shuffled } from '../support/random.js';

const RANDOM = seeded(1);
const MANY = ofDocuments(50, 300, () => gaussianVector(RANDOM, 4));

describe('equal distances', () => {
  const tied: Posting[] = ['b', 'a', 'é', 'B', '10', '9', '😀', '！', '__proto__', 'a\u0000'].flatMap(
    (documentId) =>
      [3, 20, 100].flatMap((start) =>
        [7, 0].map((length) => ({ documentId, start, length, vector: [0, 1] })),
      ),
  );

  test('are ordered by documentId in code units, then start, then length (I10)', () => {
    const found = search(createIndex({ dimensions: 2 }, tied), [0, 1], { k: 100 });
    expect(found).toHaveLength(60);
    expect([...new Set(found.map(({ documentId }) => documentId))]).toEqual([
      '10',
      '9',
      'B',
      '__proto__',
      'a',
      'a\u0000',
      'b',
      'é',
      '😀',
      '！',
    ]);
    const ofA = found.filter(({ documentId }) => documentId === 'a');
    expect(ofA.map(({ start, length }) => [start, length])).toEqual([
      [3, 0],
      [3, 7],
      [20, 0],
      [20, 7],
      [100, 0],
      [100, 7],
    ]);
  });

  test('give the same results in whatever order the postings came, and in however many shards they lie', () => {
    const expected = search(createIndex({ dimensions: 2 }, tied), [0, 1], { k: 25 });
    for (let seed = 0; seed < 5; seed++) {
      let index = createIndex({ dimensions: 2, shardCapacity: 8 });
      const order = shuffled(seeded(seed), tied);
      for (let at = 0; at < order.length; at += 7) {
        index = update(index, (draft) => {
          draft.addPostings(order.slice(at, at + 7));
        });
      }
      expect(index.shardCount).toBeGreaterThan(5);
      expect(search(index, [0, 1], { k: 25, slopFactor: 'all' })).toEqual(expected);
    }
  });
});

describe('a filter', () => {
  const index = createIndex({ dimensions: 4, shardCapacity: 16 }, MANY);

  test('leaves min(k, matches) results, however rare the matches are', () => {
    for (const [matches, filter] of [
      [6, ({ documentId }: PostingKey) => documentId === 'd17'],
      [1, ({ documentId, start }: PostingKey) => documentId === 'd17' && start === 0],
      [0, () => false],
      [300, () => true],
    ] as const) {
      for (const k of [1, 3, 6, 7, 1000]) {
        const found = search(index, [1, 0, 0, 0], { k, slopFactor: 'all', filter });
        expect(found).toHaveLength(Math.min(k, matches));
        expect(found.every(filter)).toBe(true);
      }
    }
  });

  test('is given the keys as they were stored, of live postings only (I7)', () => {
    const seen = new Set<string>();
    const next = update(index, (draft) => {
      draft.removeDocument('d3');
      draft.addPosting({ documentId: 'd4', start: 0, length: 2, vector: [5, 5, 5, 5] });
    });
    search(next, [0, 0, 0, 1], {
      k: 1000,
      slopFactor: 'all',
      filter: (posting) => seen.size < seen.add(JSON.stringify(posting)).size,
    });
    const expected = MANY.filter(({ documentId }) => documentId !== 'd3').map(
      ({ documentId, start, length }) => JSON.stringify({ documentId, start, length }),
    );
    expect([...seen].sort()).toEqual(expected.sort());
  });

  test('that throws lets its error through, and leaves the version as it was (I1)', () => {
    const before = search(index, [1, 2, 3, 4], { k: 5 });
    const filter = () => {
      throw new RangeError('mine');
    };
    expect(() => search(index, [1, 2, 3, 4], { k: 5, filter })).toThrow(new RangeError('mine'));
    expect(search(index, [1, 2, 3, 4], { k: 5 })).toEqual(before);
  });
});

describe('vectors', () => {
  test('come only if asked for, as copies that share no memory (I1)', () => {
    const index = createIndex({ dimensions: 4 }, MANY);
    for (const { vector } of search(index, [1, 0, 0, 0], { k: 5 })) expect(vector).toBeUndefined();
    expect(search(index, [1, 0, 0, 0], { k: 1, includeVector: false })[0]).not.toHaveProperty('vector');
    const found = search(index, [1, 0, 0, 0], { k: 300, includeVector: true, slopFactor: 'all' });
    for (const { documentId, start, vector } of found) {
      const given = MANY.find((posting) => posting.documentId === documentId && posting.start === start);
      expect(vector).toEqual(Float32Array.from(given?.vector ?? []));
      expect(vector?.buffer).toBeInstanceOf(ArrayBuffer);
      expect(vector?.buffer.byteLength).toBe(16);
    }
    for (const { vector } of found) vector?.fill(Number.NaN);
    const again = search(index, [1, 0, 0, 0], { k: 300, includeVector: true, slopFactor: 'all' });
    expect(again.every(({ vector }) => vector?.every(Number.isFinite))).toBe(true);
  });
});

describe('scores and distances', () => {
  test('are finite, in range, never −0, and go the same way', () => {
    const random = seeded(3);
    for (const metric of METRICS) {
      const index = createIndex(
        { dimensions: 2, metric },
        numbered(100, () => dyadicVector(random, 2, 4)),
      );
      for (const query of [[0, 0], [-0, -0], [1, 1], dyadicVector(random, 2), [3e38, -3e38], [1e-45, 0]]) {
        const found = search(index, query, { k: 100, slopFactor: 'all' });
        expect(found).toHaveLength(100);
        for (let i = 0; i < 100; i++) {
          const { score, distance } = found[i];
          expect(Number.isFinite(distance) && score >= 0 && score <= 1).toBe(true);
          expect(Object.is(score, -0) || Object.is(distance, -0)).toBe(false);
          if (i === 0) continue;
          expect(distance).toBeGreaterThanOrEqual(found[i - 1].distance);
          expect(score).toBeLessThanOrEqual(found[i - 1].score);
        }
      }
    }
  });

  // Far products of 32-bit floats all score 1 or 0; their distances still tell them apart.
  test('that saturate do not spoil the order', () => {
    const index = createIndex(
      { dimensions: 1, metric: 'dot' },
      numbered(20, (i) => [100 * (i + 1)]),
    );
    const found = search(index, [1], { k: 20, slopFactor: 'all' });
    expect(new Set(found.slice(0, 19).map(({ score }) => score))).toEqual(new Set([1]));
    expect(found.map(({ distance }) => -distance)).toEqual(
      Array.from({ length: 20 }, (_, i) => 100 * (20 - i)),
    );
  });

  test('find a stored vector at distance 0, though it was given in 64-bit floats', () => {
    for (const metric of ['cosine', 'euclidean'] as const) {
      const index = createIndex({ dimensions: 3, metric }, [{ documentId: 'a', vector: [0.1, 0.2, 0.3] }]);
      for (const query of [[0.1, 0.2, 0.3], Float32Array.of(0.1, 0.2, 0.3)]) {
        expect(search(index, query, { k: 1 })[0]).toMatchObject({ distance: 0, score: 1 });
      }
    }
  });
});

describe('the same call', () => {
  test('gives the same bytes each time, whatever was searched before (I10)', () => {
    const index = createIndex({ dimensions: 4, shardCapacity: 8 }, MANY);
    const options = { k: 17, slopFactor: 3, includeVector: true } as const;
    const first = search(index, [1, -1, 0.5, 0], options);
    search(index, [0, 0, 0, 0], { k: 1 });
    expect(search(index, [1, -1, 0.5, 0], options)).toEqual(first);
    expect(search(index, Float32Array.of(1, -1, 0.5, 0), options)).toEqual(first);
  });

  test('leaves the query and the options as they were', () => {
    const index = createIndex({ dimensions: 4 }, MANY);
    const query = Object.freeze([0.1, 0.2, 0.3, 0.4]);
    const options = Object.freeze({ k: 2 });
    expect(search(index, query, options)).toHaveLength(2);
  });
});

test('an empty index has no results', () => {
  for (const slopFactor of ['all', 'auto', 1, 5] as const) {
    expect(search(createIndex({ dimensions: 2 }), [1, 2], { k: 5, slopFactor })).toEqual([]);
  }
});
