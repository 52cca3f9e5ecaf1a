import { createIndex, InvalidIndexError, type ShardexIndex, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered, ofDocuments } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';

const ROW_BYTES = 4 * 2 + 24;

describe('statistics', () => {
  test('of an empty index are all 0', () => {
    expect(statistics(createIndex({ dimensions: 2 }))).toEqual({
      version: 0,
      shardCount: 0,
      documentCount: 0,
      recordCount: 0,
      recordByteLength: 0,
      postingCount: 0,
      deadRowCount: 0,
      byteLength: 0,
      liveByteLength: 0,
      shardSize: { least: 0, mean: 0, most: 0, utilization: 0 },
    });
  });

  test('count one shard', () => {
    const index = createIndex(
      { dimensions: 2, shardCapacity: 10 },
      numbered(4, (i) => [i + 1, 1]),
    );
    expect(statistics(index)).toEqual({
      version: 1,
      shardCount: 1,
      documentCount: 4,
      recordCount: 0,
      recordByteLength: 0,
      postingCount: 4,
      deadRowCount: 0,
      byteLength: 4 * ROW_BYTES,
      liveByteLength: 4 * ROW_BYTES,
      shardSize: { least: 4, mean: 4, most: 4, utilization: 0.4 },
    });
  });

  test('count dead rows until they are reclaimed (I7)', () => {
    const index = createIndex(
      { dimensions: 2 },
      numbered(30, (i) => [i, 1]),
    );
    const next = update(index, (draft) => {
      draft.removeDocuments(['p0', 'p1', 'p2']);
    });
    expect(statistics(next)).toMatchObject({
      postingCount: 27,
      deadRowCount: 3,
      byteLength: 30 * ROW_BYTES,
      liveByteLength: 27 * ROW_BYTES,
    });
  });

  test('agree with the shards themselves, and with the counts of the root', () => {
    const random = seeded(1);
    const index = createIndex(
      { dimensions: 2, shardCapacity: 16, metric: 'euclidean' },
      ofDocuments(40, 500, () => gaussianVector(random, 2)),
    );
    const sizes = [...index.shards.values()].map(({ rows }) => rows.liveCount);
    const { shardSize, ...rest } = statistics(index);
    expect(shardSize).toEqual({
      least: Math.min(...sizes),
      mean: 500 / sizes.length,
      most: Math.max(...sizes),
      utilization: 500 / sizes.length / 16,
    });
    expect(rest).toMatchObject({
      shardCount: index.shardCount,
      documentCount: 40,
      postingCount: 500,
      byteLength: index.byteLength,
    });
  });

  test('are frozen, and are of an index only', () => {
    const counted = statistics(createIndex({ dimensions: 2 }));
    expect(Object.isFrozen(counted) && Object.isFrozen(counted.shardSize)).toBe(true);
    expect(() => statistics({} as ShardexIndex)).toThrow(InvalidIndexError);
  });
});
