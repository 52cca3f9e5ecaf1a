import { CowShardexIndex, createIndex, postings, statistics } from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
  numbered(400, (i) => [i]),
);

describe('a writer is lazy, and does write:', () => {
  test('making one copies nothing', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    expect(writer.preview()).toBe(BASE);
    expect(writer.hasChanges).toBe(false);
    expect(cell.metrics().liveOldVersions).toBe(0);
  });

  test('changing one posting copies one shard, of many', () => {
    const writer = new CowShardexIndex(BASE).cloneForWrite();
    writer.removeDocument('p200');
    const preview = writer.preview();
    expect(BASE.shardCount).toBeGreaterThan(50);
    const copied = [...preview.shards.values()].filter((shard) => BASE.shards.get(shard.id) !== shard);
    expect(copied).toHaveLength(1);
    // And of that not the rows.
    expect(preview.byteLength).toBe(BASE.byteLength);
  });

  test('its statistics include what has not been committed yet', () => {
    const writer = new CowShardexIndex(BASE).cloneForWrite();
    writer.addPostings(numbered(50, (i) => [i], 'new'));
    writer.removeDocument('p0');
    expect(statistics(writer.preview())).toMatchObject({ postingCount: 449, documentCount: 449, version: 2 });
    expect(writer.hasChanges).toBe(true);
  });

  test('its commit is real, and is counted', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'new', vector: [7] });
    const { index: published } = writer.commitChanges();
    expect(cell.read()).toBe(published);
    expect(published.version).toBe(2);
    expect(postings(published, 'new')).toHaveLength(1);
    expect(cell.metrics().commits.count).toBe(1);
  });

  test('untouched it commits nothing: the same version comes back', () => {
    const cell = new CowShardexIndex(BASE);
    expect(cell.cloneForWrite().commitChanges().index).toBe(BASE);
    expect(cell.metrics().commits.count).toBe(0);
  });
});
