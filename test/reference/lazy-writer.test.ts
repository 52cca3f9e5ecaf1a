import { CowShardexIndex, createIndex, postings, statistics } from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { expectSound } from '../support/sound.js';

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
  numbered(400, (i) => [i]),
);

// In the Rust project Shardex, the cheap writer has no method that modifies anything, its commit says Ok and does
// nothing, and would overwrite all commits made since if it did; the one that can write copies every centroid
// first.
describe('not here: a lazy writer that writes nothing. Every writer is lazy, and does write:', () => {
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

  test('its commit takes nothing back that was committed since', () => {
    const cell = new CowShardexIndex(BASE);
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'mine', vector: [7] });
    for (let i = 0; i < 20; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `theirs${i}`, vector: [7 + i] });
      });
    }
    const { index: published } = writer.commitChanges();
    expect(published.postingCount).toBe(421);
    expectSound(published);
  });

  test('untouched it commits nothing: the same version comes back', () => {
    const cell = new CowShardexIndex(BASE);
    expect(cell.cloneForWrite().commitChanges().index).toBe(BASE);
    expect(cell.metrics().commits.count).toBe(0);
  });
});
