import { createIndex, search, type ShardexIndex, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { probeOf } from '../../src/geometry/metric.js';
import { rankShards } from '../../src/version/centroid-table.js';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

describe.each(METRICS)('centroids stay finite after deletes, by %s:', (metric) => {
  function expectRouted(index: ShardexIndex): void {
    expectSound(index);
    for (const { centroid } of index.shards.values()) {
      expect(centroid.toArray().every(Number.isFinite)).toBe(true);
      const ranked = rankShards(index.centroids, metric, probeOf(centroid.toArray()), index.shardCount);
      expect(ranked.map(({ id }) => id).sort((a, b) => a - b)).toEqual(
        [...index.shards.keys()].sort((a, b) => a - b),
      );
      expect(ranked.every(({ value }) => Number.isFinite(value))).toBe(true);
    }
  }

  test('one row lives, one is deleted', () => {
    const index = createIndex({ dimensions: 2, metric }, [
      { documentId: 'a', vector: [1, 2] },
      { documentId: 'b', vector: [3, 4] },
    ]);
    const after = update(index, (draft) => {
      draft.removeDocument('b');
    });
    expectRouted(after);
    expect(search(after, [1, 2], { k: 5 }).map(({ documentId }) => documentId)).toEqual(['a']);
  });

  test('every shard loses rows, down to the last one, and is added to all the while', () => {
    const random = seeded(1);
    let index = createIndex(
      { dimensions: 3, metric, shardCapacity: 8 },
      numbered(64, () => gaussianVector(random, 3)),
    );
    for (let i = 0; i < 64; i++) {
      index = update(index, (draft) => {
        draft.removeDocument(`p${i}`);
        if (i % 4 === 0) draft.addPosting({ documentId: `n${i}`, vector: gaussianVector(random, 3) });
      });
      expectRouted(index);
    }
    expect(index.postingCount).toBe(16);
  });

  test('and the next add still finds the nearest shard', () => {
    const index = createIndex(
      { dimensions: 2, metric, shardCapacity: 8 },
      numbered(12, (i) => (i < 6 ? [10 + i / 100, 0] : [0, 10 + i / 100])),
    );
    const after = update(index, (draft) => {
      draft.removeDocuments(['p0', 'p6']);
      draft.addPosting({ documentId: 'new', vector: [0, 11] });
    });
    expect(after.documents.value.get('new')).toBe(after.documents.value.get('p7'));
    expectRouted(after);
  });
});
