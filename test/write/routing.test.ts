import { createIndex, InvalidVectorError, search, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

describe('every good posting finds a shard:', () => {
  test('in an index without any shard', () => {
    const index = update(createIndex({ dimensions: 1 }), (draft) => {
      draft.addPosting({ documentId: 'first', vector: [1] });
    });
    expect(index.shardCount).toBe(1);
  });

  test.each(METRICS)('where the nearest shard is full, and all the others too, by %s', (metric) => {
    let index = createIndex({ dimensions: 2, metric, shardCapacity: 8 });
    for (let i = 0; i < 200; i++) {
      // Always the same place, so always the shard that is full.
      index = update(index, (draft) => {
        draft.addPosting({ documentId: `p${i}`, vector: [1, 1 + (i % 3) / 1000] });
      });
      expect(index.postingCount).toBe(i + 1);
      expect(statistics(index).shardSize.most).toBeLessThanOrEqual(8);
    }
    expectSound(index);
  });

  test('where its shard was emptied, of which nothing is left to attract it', () => {
    const index = createIndex(
      { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
      numbered(12, (i) => [i < 6 ? 0.1 : 100]),
    );
    const emptied = update(index, (draft) => {
      draft.removeDocuments(['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    });
    expect(emptied.shardCount).toBe(1);
    const next = update(emptied, (draft) => {
      draft.addPosting({ documentId: 'near the origin', vector: [0] });
    });
    expect(next.shardCount).toBe(1);
    expect(search(next, [0], { k: 1, slopFactor: 1 })[0].documentId).toBe('near the origin');
  });
});

test('no NaN or infinity gets in', () => {
  const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 1] }]);
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    for (const vector of [[bad, 1], Float32Array.of(1, bad)]) {
      expect(() =>
        update(index, (draft) => {
          draft.addPosting({ documentId: 'b', vector });
        }),
      ).toThrow(InvalidVectorError);
      expect(() => search(index, vector, { k: 1 })).toThrow(InvalidVectorError);
    }
  }
});

test('equally near shards are taken in the order of their ids (I10)', () => {
  const random = seeded(1);
  const index = createIndex(
    { dimensions: 2, metric: 'euclidean', shardCapacity: 8, reassign: 0 },
    numbered(64, () => [1, 2]),
  );
  expect(index.shardCount).toBeGreaterThan(8);
  const inFirst = search(index, gaussianVector(random, 2), { k: 100, slopFactor: 1 });
  const least = Math.min(...index.shards.keys());
  expect(inFirst).toHaveLength(index.shards.get(least)?.rows.liveCount ?? -1);
  expect(inFirst.every(({ documentId }) => index.documents.value.get(documentId) === least)).toBe(true);
});
