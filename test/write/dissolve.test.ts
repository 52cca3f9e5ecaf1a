import { createIndex, type ShardexIndex, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { clusteredVectors, gaussian, gaussianVector, integerBelow, pick, seeded } from '../support/random.js';
import { expectSameContents, expectSound } from '../support/sound.js';

const CAPACITY = 32;
const OPTIONS = { dimensions: 1, metric: 'euclidean', shardCapacity: CAPACITY } as const;

/** Two clusters, of 20 postings each, in a shard each. */
function twoShards(): ShardexIndex {
  const index = createIndex(
    OPTIONS,
    numbered(40, (i) => [i < 20 ? i / 100 : 50 + i / 100]),
  );
  expect(statistics(index).shardSize).toMatchObject({ least: 20, most: 20 });
  return index;
}

const without = (index: ShardexIndex, ...ids: string[]) =>
  update(index, (draft) => {
    draft.removeDocuments(ids);
  });

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `p${from + i}`);

describe('a shard that has shrunk', () => {
  test('stays while it holds an eighth of its capacity, and is dissolved below that', () => {
    const four = without(twoShards(), ...names(0, 16));
    expect(four.shardCount).toBe(2);
    const three = without(four, 'p16');
    expect(three.shardCount).toBe(1);
    expect(three.postingCount).toBe(23);
    // The neighbour it went to is the one that was there.
    expect([...four.shards.keys()]).toContain([...three.shards.keys()][0]);
    expectSound(three);
  });

  test('goes when it is empty', () => {
    const index = without(twoShards(), ...names(0, 20));
    expect(index).toMatchObject({ shardCount: 1, postingCount: 20 });
    expectSound(index);
  });

  test('stays where its neighbour has no room for it', () => {
    const full = update(twoShards(), (draft) => {
      draft.addPostings(numbered(4, (i) => [50.5 + i / 1000], 'more'));
    });
    expect(statistics(full).shardSize).toMatchObject({ least: 20, most: 24 });
    const index = without(full, ...names(0, 17));
    expect(statistics(index).shardSize).toMatchObject({ least: 3, most: 24 });
    expectSound(index);
    // And is dissolved at the next chance, when there is room again.
    const later = without(index, 'p0', 'p16', 'p17', ...names(30, 36));
    expect(later).toMatchObject({ shardCount: 1, postingCount: 20 });
    expectSound(later);
  });

  test('stays where it is the only one', () => {
    const one = createIndex(
      OPTIONS,
      numbered(20, (i) => [i]),
    );
    const index = without(one, ...names(1, 20));
    expect(index).toMatchObject({ shardCount: 1, postingCount: 1 });
    expectSound(index);
  });
});

describe('splitting and dissolving do not take turns', () => {
  test('about the size at which a shard splits', () => {
    let index = createIndex(
      OPTIONS,
      numbered(CAPACITY, (i) => [i]),
    );
    expect(index.shardCount).toBe(1);
    for (let i = 0; i < 300; i++) {
      const documentId = `extra${i}`;
      index = update(index, (draft) => {
        draft.addPosting({ documentId, vector: [15.5] });
      });
      index = without(index, documentId);
    }
    // It split once, at the first add, into two shards with new ids; that was all.
    expect(index).toMatchObject({ shardCount: 2, nextShardId: 3, postingCount: CAPACITY });
    expectSound(index);
  });

  test('about the size at which a shard is dissolved', () => {
    let index = without(twoShards(), ...names(0, 16));
    const ids = index.nextShardId;
    for (let i = 0; i < 300; i++) {
      index = without(index, i === 0 ? 'p16' : `extra${i - 1}`);
      index = update(index, (draft) => {
        draft.addPosting({ documentId: `extra${i}`, vector: [0.1] });
      });
    }
    expect(index.nextShardId - ids).toBeLessThanOrEqual(2);
    expectSound(index);
  });

  test('where everything is replaced again and again in place', () => {
    let index = twoShards();
    for (let i = 0; i < 100; i++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(40, (p) => [(p < 20 ? p / 100 : 50 + p / 100) + (i % 2) / 1000]));
      });
    }
    expect(index).toMatchObject({ shardCount: 2, postingCount: 40 });
    expect(index.nextShardId).toBeLessThanOrEqual(4);
    expectSound(index);
  });
});

describe('dead rows', () => {
  const dead = (index: ShardexIndex) => statistics(index).deadRowCount;

  test('are kept while they are few, and reclaimed when they are many (I7)', () => {
    let index = createIndex(
      { ...OPTIONS, shardCapacity: 512 },
      numbered(100, (i) => [i]),
    );
    const bytes = index.byteLength;
    for (let i = 0; i < 20; i++) index = without(index, `p${i}`);
    // 20 of 100 are dead: not yet more than a quarter of the live ones.
    expect([dead(index), index.byteLength]).toEqual([20, bytes]);
    index = without(index, 'p20');
    expect([dead(index), index.postingCount]).toEqual([0, 79]);
    expect(index.byteLength).toBe((bytes * 79) / 100);
    expectSound(index);
  });

  test.each([8, 16, 64, 512])(
    'are at most a fifth of each shard that holds up to %i postings',
    (shardCapacity) => {
      const random = seeded(shardCapacity);
      let index = createIndex({ ...OPTIONS, shardCapacity });
      let met = 0;
      for (let round = 0; round < 400; round++) {
        const documentId = `p${integerBelow(random, 300)}`;
        index = update(index, (draft) => {
          if (random() < 0.3) draft.removeDocument(documentId);
          else draft.addPosting({ documentId, vector: [gaussian(random)] });
        });
        for (const { rows } of index.shards.values()) {
          const deadCount = rows.rowCount - rows.liveCount;
          expect(deadCount).toBeLessThanOrEqual(rows.rowCount / 5);
          met += Math.sign(deadCount);
        }
      }
      expect(met).toBeGreaterThan(100);
      expectSound(index);
    },
  );

  test('do not pile up where the same keys are written for ever', () => {
    const random = seeded(1);
    let index = createIndex({ ...OPTIONS, shardCapacity: 64 });
    for (let round = 0; round < 200; round++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(50, () => gaussianVector(random, 1)));
      });
      const { deadRowCount, shardCount, postingCount } = statistics(index);
      expect(postingCount).toBe(50);
      expect(deadRowCount).toBeLessThanOrEqual(postingCount / 2 + 16 * shardCount);
    }
    // The tail of a block may be up to as large as what it holds, and no more.
    expect(index.byteLength).toBeLessThan(statistics(index).liveByteLength * 6);
    expectSound(index);
  });

  test('take the space of whole blocks with them at once, when all rows of one are dead', () => {
    const base = createIndex(
      { ...OPTIONS, shardCapacity: 512 },
      numbered(60, (i) => [i]),
    );
    const grown = update(base, (draft) => {
      draft.addPostings(numbered(16, (i) => [i], 'more'));
    });
    const index = update(grown, (draft) => {
      draft.removeDocuments(Array.from({ length: 16 }, (_, i) => `more${i}`));
    });
    expect([dead(index), index.byteLength]).toEqual([0, base.byteLength]);
  });
});

describe.each(METRICS)('an index that is filled and emptied in waves, by %s,', (metric) => {
  test('stays sound and in proportion to what it holds', () => {
    const random = seeded(2);
    const vector = clusteredVectors(random, 4, 6);
    const options = { dimensions: 4, metric, shardCapacity: 16 };
    const twin = new NaiveTwin(options);
    let index = createIndex(options);
    for (let wave = 0; wave < 6; wave++) {
      const growing = wave % 2 === 0;
      for (let step = 0; step < 12; step++) {
        index = update(index, (draft) => {
          const added = numbered(growing ? 40 : 5, vector, `w${wave}-${step}-`);
          draft.addPostings(added);
          for (const posting of added) twin.add(posting);
          const ids = twin.documentIds();
          for (let i = growing ? 5 : integerBelow(random, 80); i > 0; i--) {
            const id = pick(random, ids);
            expect(draft.removeDocument(id)).toBe(twin.removeDocument(id));
          }
        });
      }
      expectSameContents(index, twin);
      // Merging may stop at shards an eighth full, and no lower unless their neighbours are full.
      const { shardSize } = statistics(index);
      expect(shardSize.utilization).toBeGreaterThanOrEqual(1 / 8);
    }
    for (const id of twin.documentIds()) index = without(index, id);
    expect(index).toMatchObject({ postingCount: 0, shardCount: 0, byteLength: 0 });
    expectSound(index);
  });
});
