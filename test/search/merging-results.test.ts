import { createIndex, type Posting, search, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';

describe('results of several shards', () => {
  test('k = 2 of two shards are the two best, wherever they lie', () => {
    // Shards come in the order of their ids; the best postings are in the last one.
    const far: Posting[] = numbered(6, (i) => [-1, i / 100], 'far');
    const near: Posting[] = numbered(6, (i) => [1, i / 100], 'near');
    for (const order of [
      [...far, ...near],
      [...near, ...far],
    ]) {
      const index = createIndex({ dimensions: 2, shardCapacity: 8 }, order);
      expect(index.shardCount).toBe(2);
      const found = search(index, [1, 0], { k: 2 });
      expect(found.map(({ documentId }) => documentId)).toEqual(['near0', 'near1']);
      expect(found[0].score).toBe(1);
    }
  });

  test.each(METRICS)('are sorted and cut after all of them are known, by %s', (metric) => {
    const random = seeded(1);
    const options = { dimensions: 4, metric, shardCapacity: 8 };
    const all = numbered(300, () => gaussianVector(random, 4));
    const twin = new NaiveTwin(options);
    for (const posting of all) twin.add(posting);
    const index = createIndex(options, all);
    for (let i = 0; i < 20; i++) {
      const query = gaussianVector(random, 4);
      for (const k of [1, 2, 5]) {
        expect(search(index, query, { k, slopFactor: 'all' })).toEqual(twin.search(query, { k }));
      }
    }
  });

  test('hold a key once, with its newest vector, though it has moved to another shard', () => {
    const index = createIndex(
      { dimensions: 2, shardCapacity: 8 },
      numbered(16, (i) => [i < 8 ? -1 : 1, i / 100]),
    );
    const moved = update(index, (draft) => {
      draft.addPosting({ documentId: 'p3', vector: [1, 0] });
    });
    const found = search(moved, [1, 0], { k: 100, slopFactor: 'all' });
    expect(found.filter(({ documentId }) => documentId === 'p3')).toMatchObject([{ score: 1 }]);
    expect(found).toHaveLength(16);
  });

  test('tell postings apart that differ in length only', () => {
    const index = createIndex({ dimensions: 1 }, [
      { documentId: 'a', start: 0, length: 1, vector: [1] },
      { documentId: 'a', start: 0, length: 2, vector: [2] },
    ]);
    expect(search(index, [1], { k: 5 }).map(({ length }) => length)).toEqual([1, 2]);
  });

  test('keep the best posting of each document when documents are to be distinct', () => {
    const random = seeded(2);
    const options = { dimensions: 3, metric: 'euclidean', shardCapacity: 8 } as const;
    const all = Array.from({ length: 200 }, (_, i) => ({
      documentId: `d${i % 9}`,
      start: i,
      vector: gaussianVector(random, 3),
    }));
    const twin = new NaiveTwin(options);
    for (const posting of all) twin.add(posting);
    const found = search(createIndex(options, all), [0, 0, 0], {
      k: 20,
      slopFactor: 'all',
      distinct: 'document',
    });
    expect(found).toHaveLength(9);
    expect(found).toEqual(twin.search([0, 0, 0], { k: 20, distinct: 'document' }));
  });

  test('are not capped per shard: k may be larger than any of them holds', () => {
    const index = createIndex(
      { dimensions: 1, shardCapacity: 3000 },
      numbered(2500, (i) => [i + 1]),
    );
    expect(search(index, [1], { k: 10_000 })).toHaveLength(2500);
  });
});
