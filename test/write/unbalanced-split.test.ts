import { createIndex, search, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussian, seeded } from '../support/random.js';
import { allPostings, expectSound } from '../support/sound.js';

const CAPACITY = 100;

describe.each(METRICS)('a split of unequal clusters, by %s,', (metric) => {
  test.each([
    [80, 10],
    [90, 11],
    [100, 1],
    [101, 1],
    [60, 60],
    [1, 150],
  ])('of %i and %i postings loses none and overflows nothing', (many, few) => {
    const random = seeded(many);
    const cluster = (i: number) =>
      i < many ? [10 + gaussian(random), gaussian(random)] : [gaussian(random), 50 + gaussian(random)];
    const all = numbered(many + few, cluster);
    let index = createIndex({ dimensions: 2, metric, shardCapacity: CAPACITY });
    for (const posting of all) {
      index = update(index, (draft) => {
        draft.addPosting(posting);
      });
      expect(statistics(index).shardSize.most).toBeLessThanOrEqual(CAPACITY);
    }
    expect(allPostings(index).map(({ documentId }) => documentId)).toEqual(
      all.map(({ documentId }) => documentId).sort(),
    );
    expect(search(index, [1, 1], { k: 1000, slopFactor: 'all' })).toHaveLength(many + few);
    expectSound(index);
  });

  test('of one posting that is far from all the others goes on as long as it must', () => {
    // Each outlier is ten times as far away as the one before: 2-means would split off one at a time.
    let index = createIndex({ dimensions: 1, metric, shardCapacity: 8 });
    for (let i = 0; i < 38; i++) {
      index = update(index, (draft) => {
        draft.addPosting({ documentId: `p${i}`, vector: [10 ** i] });
      });
      expect(statistics(index).shardSize.most).toBeLessThanOrEqual(8);
    }
    expect(index.postingCount).toBe(38);
    expectSound(index);
  });
});
