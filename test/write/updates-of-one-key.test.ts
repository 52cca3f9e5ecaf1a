import { createIndex, postings, type ShardexIndex, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { contentsOf } from '../support/rows.js';
import { expectSound } from '../support/sound.js';

describe.each(METRICS)('updates of the same key, by %s,', (metric) => {
  const same = (index: ShardexIndex, vector: readonly number[]) =>
    update(index, (draft) => {
      draft.addPosting({ documentId: 'p0', vector });
    });

  test('leave one row, the newest, and everything else as it was', () => {
    const random = seeded(1);
    let index = createIndex(
      { dimensions: 2, metric },
      numbered(5, () => gaussianVector(random, 2)),
    );
    const others = [1, 2, 3, 4].map((i) => postings(index, `p${i}`));
    let vector: number[] = [];
    for (let i = 0; i < 100; i++) {
      vector = gaussianVector(random, 2, 10);
      index = same(index, vector);
      expect(index.postingCount).toBe(5);
      expectSound(index);
    }
    expect(postings(index, 'p0').map((posting) => posting.vector)).toEqual([Float32Array.from(vector)]);
    expect([1, 2, 3, 4].map((i) => postings(index, `p${i}`))).toEqual(others);
  });

  test('do not weigh in the centroids of a later split', () => {
    let index = createIndex(
      { dimensions: 2, metric, shardCapacity: 8, reassign: 0 },
      numbered(8, (i) => [1 + i / 10, 1 - i / 10]),
    );
    // Many times far away, in the end back where it was.
    for (let i = 0; i < 20; i++) index = same(index, [-500, 300 + i]);
    index = same(index, [1, 1]);
    index = update(index, (draft) => {
      draft.addPosting({ documentId: 'one too many', vector: [1.5, 0.5] });
    });
    expect(statistics(index)).toMatchObject({ shardCount: 2, postingCount: 9 });
    expectSound(index);
    for (const { rows, centroid } of index.shards.values()) {
      const live = contentsOf(rows, 2).map(({ vector }) =>
        metric === 'cosine' ? vector.map((x) => x / Math.hypot(...vector)) : vector,
      );
      const sum = [0, 1].map((i) => live.reduce((total, vector) => total + vector[i], 0));
      const scale = metric === 'cosine' ? Math.hypot(...sum) : live.length;
      const [x, y] = centroid.toArray();
      expect(x).toBeCloseTo(sum[0] / scale, 5);
      expect(y).toBeCloseTo(sum[1] / scale, 5);
    }
  });
});
