import { CowShardexIndex, createIndex, postings, search, statistics, update, verify } from 'shardex';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('counts and costs:', () => {
  test('the checker reports nothing after deletes and updates', () => {
    const index = createIndex(
      { dimensions: 2, shardCapacity: 8 },
      numbered(5, (i) => [i, 1]),
    );
    const updated = update(index, (draft) => {
      for (let i = 0; i < 5; i++) draft.addPosting({ documentId: `p${i}`, vector: [1, i] });
    });
    const emptied = update(updated, (draft) => {
      draft.removeDocuments(['p0', 'p1', 'p2', 'p3', 'p4']);
    });
    for (const version of [index, updated, emptied]) expectSound(version);
    expect(statistics(emptied)).toMatchObject({ postingCount: 0, shardCount: 0, byteLength: 0 });
  });

  test('a shard all of whose rows were deleted takes new ones', () => {
    let index = createIndex(
      { dimensions: 1, shardCapacity: 8 },
      numbered(8, (i) => [i]),
    );
    for (let round = 0; round < 5; round++) {
      index = update(index, (draft) => {
        draft.removeDocuments(Array.from({ length: 8 }, (_, i) => `p${i}`));
        draft.addPostings(numbered(8, (i) => [i + round]));
      });
      expect(statistics(index)).toMatchObject({ postingCount: 8, shardCount: 1 });
      expectSound(index);
    }
  });

  test('reading does not make anything unwritable', () => {
    const cell = new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
    const before = cell.read();
    verify(before);
    statistics(before);
    search(before, [1], { k: 1, includeVector: true });
    postings(before, 'a');
    cell.update((draft) => {
      draft.addPosting({ documentId: 'b', vector: [2] });
    });
    expect(cell.postingCount).toBe(2);
  });

  test('an append costs no more memory in a large shard than in a small one', () => {
    const bytes = (size: number) => {
      let allocated = 0;
      let index = createIndex(
        { dimensions: 16, shardCapacity: 20_000 },
        numbered(size, (i) => Array.from({ length: 16 }, (_, j) => i + j)),
      );
      const append = (documentId: string) => {
        index = update(index, (draft) => {
          draft.addPosting({ documentId, vector: new Float32Array(16).fill(1) });
        });
      };
      // The first append opens a block with room for more.
      append('first');
      const Real = SharedArrayBuffer;
      vi.stubGlobal(
        'SharedArrayBuffer',
        class extends Real {
          constructor(length: number) {
            super(length);
            allocated += length;
          }
        },
      );
      for (let i = 0; i < 15; i++) append(`more${i}`);
      vi.unstubAllGlobals();
      expect(index.postingCount).toBe(size + 16);
      return allocated;
    };
    // The rows go where room was made for them: nothing is allocated for them at all.
    expect([bytes(100), bytes(10_000)]).toEqual([0, 0]);
  });

  test('making a writer, and one that commits a small change, copies none of the many shards', () => {
    for (const size of [100, 6000]) {
      const index = createIndex(
        { dimensions: 2, metric: 'euclidean', shardCapacity: 8 },
        numbered(size, (i) => [Math.sin(i) * i, Math.cos(i) * i]),
      );
      const cell = new CowShardexIndex(index);
      const writer = cell.cloneForWrite();
      expect(writer.preview()).toBe(index);
      writer.removeDocument('p50');
      const { index: next } = writer.commitChanges();
      const copied = [...next.shards.values()].filter((shard) => index.shards.get(shard.id) !== shard);
      expect(copied.length).toBeLessThanOrEqual(1);
      expect(
        next.centroids.chunks.filter((chunk) => !index.centroids.chunks.includes(chunk)).length,
      ).toBeLessThan(3);
    }
  });

  test('the memory that is reported is that of the blocks there are', () => {
    const index = createIndex(
      { dimensions: 10, shardCapacity: 100 },
      numbered(1000, (i) => Array.from({ length: 10 }, (_, j) => Math.sin(i * j))),
    );
    let bytes = 0;
    for (const { rows } of index.shards.values()) {
      for (const { block } of rows.segments) bytes += block.byteLength;
    }
    expect(index.byteLength).toBe(bytes);
    expect(statistics(index).byteLength).toBe(bytes);
    expect(new CowShardexIndex(index).metrics().byteLength).toBe(bytes);
    expect(bytes).toBeLessThan(1.5 * 1000 * (4 * 10 + 24));
  });

  test('times of a hundred nanoseconds are not rounded away', () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.0001));
    const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
    for (let i = 0; i < 1000; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `${i % 10}`, vector: [i] });
      });
    }
    const { clones, commits } = cell.metrics();
    for (const { count, totalMs, meanMs, maxMs } of [clones, commits]) {
      expect(count).toBe(1000);
      expect(meanMs).toBeCloseTo(0.0001, 9);
      expect(maxMs).toBeCloseTo(0.0001, 9);
      expect(totalMs).toBeCloseTo(0.1, 6);
    }
  });

  test.each(METRICS)('a search changes nothing in a version, by %s', (metric) => {
    const index = createIndex(
      { dimensions: 2, metric, shardCapacity: 8 },
      numbered(100, (i) => [Math.sin(i), Math.cos(i)]),
    );
    const shards = [...index.shards.values()];
    const bytes = index.byteLength;
    for (let i = 0; i < 50; i++) search(index, [Math.cos(i), 1], { k: 5 });
    expect([...index.shards.values()].every((shard, i) => shard === shards[i])).toBe(true);
    expect(index.byteLength).toBe(bytes);
    expectSound(index);
  });
});
