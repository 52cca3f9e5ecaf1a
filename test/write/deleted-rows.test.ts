import { createIndex, postings, search, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

describe.each(METRICS)('deleted postings are in no result, by %s:', (metric) => {
  test('not even where all that live are as far away as can be', () => {
    const index = createIndex({ dimensions: 2, metric }, [
      { documentId: 'gone', vector: [1, 0] },
      { documentId: 'opposite', vector: [-1, 0] },
      { documentId: 'far', vector: [-100, 1] },
    ]);
    const after = update(index, (draft) => {
      draft.removeDocument('gone');
    });
    for (const slopFactor of [1, 'auto', 'all'] as const) {
      const found = search(after, [1, 0], { k: 10, slopFactor, includeVector: true });
      expect(found.map(({ documentId }) => documentId).sort()).toEqual(['far', 'opposite']);
      expect(found.every(({ vector }) => vector?.every(Number.isFinite))).toBe(true);
    }
    expect(search(after, [1, 0], { k: 10, filter: ({ documentId }) => documentId === 'gone' })).toEqual([]);
  });

  test('whichever rows are deleted, in whatever order', () => {
    const random = seeded(1);
    let index = createIndex(
      { dimensions: 3, metric, shardCapacity: 16 },
      numbered(100, () => gaussianVector(random, 3)),
    );
    for (let i = 0; i < 100; i += 3) {
      index = update(index, (draft) => {
        draft.removeDocument(`p${i}`);
      });
      const found = search(index, gaussianVector(random, 3), { k: 100, slopFactor: 'all' });
      expect(found).toHaveLength(index.postingCount);
      expect(
        found.some(
          ({ documentId }) => Number(documentId.slice(1)) % 3 === 0 && Number(documentId.slice(1)) <= i,
        ),
      ).toBe(false);
    }
    expect(statistics(index).postingCount).toBe(66);
    expectSound(index);
  });

  test('and deleting what was updated brings nothing older back, and hides nothing else', () => {
    const index = createIndex({ dimensions: 1, metric }, [{ documentId: 'kept', vector: [1] }]);
    const after = update(index, (draft) => {
      for (const value of [1, 2, 3]) draft.addPosting({ documentId: 'a', vector: [value] });
      draft.removeDocument('a');
    });
    expect(search(after, [2], { k: 5 }).map(({ documentId }) => documentId)).toEqual(['kept']);
    expect(postings(after, 'a')).toEqual([]);
    // The key is free again.
    const again = update(after, (draft) => {
      draft.addPosting({ documentId: 'a', vector: [5] });
    });
    expect(postings(again, 'a').map(({ vector }) => [...vector])).toEqual([[5]]);
    expectSound(again);
  });
});
