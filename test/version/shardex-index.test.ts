import { createIndex, InvalidIndexError, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { assertIndex, shardsOfDocument } from '../../src/version/shardex-index.js';
import { expectSound } from '../support/sound.js';

describe('an empty index', () => {
  test('is version 0, with nothing in it', () => {
    const index = createIndex({ dimensions: 3 });
    expect(index).toMatchObject({
      version: 0,
      postingCount: 0,
      documentCount: 0,
      shardCount: 0,
      byteLength: 0,
    });
    expect(index.shards.size).toBe(0);
    expectSound(index);
  });
});

describe('an index', () => {
  test('is frozen in every place a caller can reach (I1)', () => {
    const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
    const [shard] = index.shards.values();
    for (const value of [index, index.config, index.centroids, shard, shard.centroid, shard.rows]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    expect(() => {
      Object.assign(index, { version: 9 });
    }).toThrow(TypeError);
    // The map answers writes with another map.
    expect(index.shards.delete(shard.id).size).toBe(0);
    expect(index.shards.size).toBe(1);
  });

  test('has the same configuration object through all its versions', () => {
    const index = createIndex({ dimensions: 1 });
    const next = update(index, (draft) => {
      draft.addPosting({ documentId: 'a', vector: [1] });
    });
    expect(next.config).toBe(index.config);
  });

  test('knows the shards of a document', () => {
    const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
    expect(shardsOfDocument(index, 'a')).toEqual([index.shards.first()]);
    expect(shardsOfDocument(index, 'b')).toEqual([]);
  });
});

describe('what is not an index', () => {
  test.each([[null], [undefined], [0], ['index'], [{}], [[]], [{ centroids: {} }], [new Map()]])(
    'is refused: %o',
    (value) => {
      expect(() => {
        assertIndex(value);
      }).toThrow(InvalidIndexError);
    },
  );
});
