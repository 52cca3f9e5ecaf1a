import { createIndex, statistics, update, verify } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin, naiveCosineDistance, naiveSquaredL2 } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import {
  clusteredVectors,
  dyadicVector,
  gaussianVector,
  integerBelow,
  pick,
  type Random,
  seeded,
} from '../support/random.js';
import { contentsOf } from '../support/rows.js';
import { expectSameContents, expectSound } from '../support/sound.js';

const D = 3;

const KINDS: Record<string, (random: Random) => () => number[]> = {
  gaussian: (random) => () => gaussianVector(random, D),
  clustered: (random) => clusteredVectors(random, D, 5, 0.3),
  dyadic: (random) => () => dyadicVector(random, D),
};

describe.each(METRICS)("with reassign 'strict', by %s,", (metric) => {
  test.each(Object.keys(KINDS))(
    'every posting is in its nearest shard after any history (I6): %s',
    (kind) => {
      const random = seeded(1);
      const vector = KINDS[kind](random);
      const options = { dimensions: D, metric, shardCapacity: 8, reassign: 'strict' } as const;
      const measure = metric === 'cosine' ? naiveCosineDistance : naiveSquaredL2;
      const twin = new NaiveTwin(options);
      let index = createIndex(options);
      for (let step = 0; step < 40; step++) {
        index = update(index, (draft) => {
          const added = numbered(1 + integerBelow(random, 25), vector, `s${step}-`);
          draft.addPostings(added);
          for (const posting of added) twin.add(posting);
          const ids = twin.documentIds();
          for (let i = integerBelow(random, 30); i > 0; i--) {
            const id = pick(random, ids);
            draft.removeDocument(id);
            twin.removeDocument(id);
          }
          // And some move.
          for (const { documentId } of twin.all().slice(0, 4)) {
            const posting = { documentId, vector: vector() };
            draft.addPosting(posting);
            twin.add(posting);
          }
        });
        const found = verify(index);
        expect([...found]).toEqual([]);
        expect([found.placementChecked, found.misplacedShare]).toEqual([index.postingCount, 0]);
      }
      expectSameContents(index, twin);
      expect(index.shardCount).toBeGreaterThan(8);
      // The same, without the checker: no centroid is nearer than the one of its own shard.
      const centroids = [...index.shards.values()].map(({ centroid }) => centroid.toArray());
      for (const { rows, centroid } of index.shards.values()) {
        for (const posting of contentsOf(rows, D)) {
          const least = Math.min(...centroids.map((other) => measure(other, posting.vector)));
          expect(measure(centroid.toArray(), posting.vector)).toBe(least);
        }
      }
    },
  );
});

describe.each(METRICS)('how far a split looks, by %s', (metric) => {
  const grown = (reassign: number | 'strict') => {
    const random = seeded(2);
    let index = createIndex({ dimensions: D, metric, shardCapacity: 16, reassign });
    for (let batch = 0; batch < 40; batch++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(25, () => gaussianVector(random, D), `b${batch}-`));
      });
    }
    expectSound(index);
    expect(index.shardCount).toBeGreaterThan(60);
    return verify(index, { placement: 'all' }).misplacedShare;
  };

  test('decides how many postings are left in another shard than their nearest', () => {
    const [none, near, strict] = [grown(0), grown(64), grown('strict')];
    expect(strict).toBe(0);
    expect(near).toBeLessThan(0.01);
    expect(none).toBeGreaterThan(near);
  });
});

describe('centroids', () => {
  test('stay where they are while their shard lives, whatever is added to it or removed (I6)', () => {
    let index = createIndex(
      { dimensions: 1, metric: 'euclidean', shardCapacity: 64 },
      numbered(10, (i) => [i]),
    );
    const [{ id, centroid }] = index.shards.values();
    for (let i = 0; i < 30; i++) {
      index = update(index, (draft) => {
        draft.addPosting({ documentId: `far${i}`, vector: [1000 + i] });
        draft.removeDocument(`p${i}`);
      });
    }
    expect(statistics(index).shardCount).toBe(1);
    expect(index.shards.get(id)?.centroid).toBe(centroid);
    expectSound(index);
  });

  test('are the mean of what a split puts there', () => {
    const index = createIndex(
      { dimensions: 2, metric: 'euclidean', shardCapacity: 8 },
      numbered(12, (i) => (i < 6 ? [i, 0] : [100 + i, 4])),
    );
    const centroids = [...index.shards.values()].map(({ centroid }) => [...centroid.toArray()]);
    expect(centroids.sort(([a], [b]) => a - b)).toEqual([
      [2.5, 0],
      [108.5, 4],
    ]);
  });
});
