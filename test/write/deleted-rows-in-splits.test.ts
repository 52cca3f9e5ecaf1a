import { createIndex, hasDocument, postings, search, type ShardexIndex, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { contentsOf } from '../support/rows.js';
import { expectSound } from '../support/sound.js';

describe.each(METRICS)('deleted rows stay deleted, by %s,', (metric) => {
  const random = seeded(1);
  const CAPACITY = 32;
  const full = createIndex(
    { dimensions: 3, metric, shardCapacity: CAPACITY },
    numbered(CAPACITY, () => gaussianVector(random, 3)),
  );
  const deleted = update(full, (draft) => {
    draft.removeDocuments(['p3', 'p17', 'p31']);
    // And one is superseded.
    draft.addPosting({ documentId: 'p4', vector: [9, 9, 9] });
  });

  function expectGone(index: ShardexIndex): void {
    expectSound(index);
    for (const id of ['p3', 'p17', 'p31']) {
      expect(postings(index, id)).toEqual([]);
      expect(hasDocument(index, id)).toBe(false);
    }
    expect(postings(index, 'p4').map(({ vector }) => [...vector])).toEqual([[9, 9, 9]]);
    const rows = [...index.shards.values()].flatMap((shard) => contentsOf(shard.rows, 3));
    expect(rows).toHaveLength(index.postingCount);
    expect(rows.every(({ vector }) => vector.every(Number.isFinite))).toBe(true);
    expect(search(index, [1, 2, 3], { k: 1000, slopFactor: 'all' })).toHaveLength(index.postingCount);
  }

  test('through a split', () => {
    expect(statistics(deleted).deadRowCount).toBe(4);
    const split = update(deleted, (draft) => {
      draft.addPostings(numbered(4, () => gaussianVector(random, 3), 'new'));
    });
    expect(full.shardCount).toBe(1);
    expect(split.shardCount).toBeGreaterThan(1);
    expect(statistics(split)).toMatchObject({ postingCount: CAPACITY + 1, deadRowCount: 0 });
    expectGone(split);
  });

  test('through splits of a bulk add', () => {
    const bulk = update(deleted, (draft) => {
      draft.addPostings(numbered(500, () => gaussianVector(random, 3), 'new'));
    });
    expect(bulk.postingCount).toBe(CAPACITY - 3 + 500);
    expectGone(bulk);
  });

  test('through a merge and a rebuild', () => {
    const wide = update(deleted, (draft) => {
      draft.addPostings(numbered(100, () => gaussianVector(random, 3), 'new'));
    });
    let narrow = wide;
    for (let i = 0; i < 95; i++) {
      narrow = update(narrow, (draft) => {
        draft.removeDocument(`new${i}`);
      });
    }
    expect(narrow.shardCount).toBeLessThan(wide.shardCount);
    expectGone(narrow);
  });

  test('and does not count towards the capacity: a shard full of deleted rows takes new ones', () => {
    let index = full;
    for (let i = 0; i < 10 * CAPACITY; i++) {
      index = update(index, (draft) => {
        draft.removeDocument(`p${i}`);
        draft.addPosting({ documentId: `p${i + CAPACITY}`, vector: gaussianVector(random, 3) });
      });
    }
    expect(statistics(index)).toMatchObject({ shardCount: 1, postingCount: CAPACITY });
    expectSound(index);
  });
});
