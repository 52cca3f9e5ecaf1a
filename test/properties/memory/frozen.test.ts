import { enableMapSet, setAutoFreeze } from 'immer';
import { isCollection } from 'immutable';
import * as shardex from 'shardex';
import { CowShardexIndex, type Posting, createIndex, postings, search, update } from 'shardex';
import { afterEach, expect, test } from 'vitest';
import { StringMapDraft } from '../../../src/collections/string-map.js';
import { fingerprint } from '../../support/fingerprint.js';
import { METRICS } from '../../support/postings.js';
import { dyadicVector, seeded } from '../../support/random.js';
import { reachable } from '../../support/reachable.js';

/** A version with everything in it: splits, deletions, full and partial blocks, documents in many shards. */
function history(metric: shardex.Metric): CowShardexIndex {
  const random = seeded(11);
  const posting = (i: number): Posting => ({
    documentId: `d${i % 9}`,
    start: i,
    vector: dyadicVector(random, 3, 4),
  });
  const cell = new CowShardexIndex(createIndex({ dimensions: 3, metric, shardCapacity: 8 }));
  for (let step = 0; step < 40; step++) {
    cell.update((draft) => {
      draft.addPostings(Array.from({ length: 6 }, (_, i) => posting(6 * step + i)));
      if (step % 5 === 4) draft.removeDocument(`d${step % 9}`);
    });
  }
  expect(cell.shardCount).toBeGreaterThan(10);
  return cell;
}

const print = (version: shardex.ShardexIndex): string => fingerprint(shardex, version, [[1, 2, 3]]);

/**
 * I1: whatever a caller can get hold of by reading properties is frozen, or an Immutable.js collection that was closed;
 * and no memory that holds rows is among it.
 */
function expectNothingToMutate(root: object): void {
  const all = reachable(root);
  expect(all.length).toBeGreaterThan(20);
  const found = all.filter(({ value }) => {
    if (isCollection(value)) return (value as unknown as { wasAltered(): boolean }).wasAltered();
    const isMemory = ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isShared(value);
    return isMemory || !Object.isFrozen(value);
  });
  expect(found.map(({ path }) => path)).toEqual([]);
}

function isShared(value: object): boolean {
  return typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer;
}

test.each(METRICS)('nothing that can be reached from a version can be written (%s)', (metric) => {
  const cell = history(metric);
  expectNothingToMutate(cell.read());
  // The cell itself shows nothing but its own methods, bound; a writer shows its base.
  for (const key of Reflect.ownKeys(cell)) expect(typeof Reflect.get(cell, key)).toBe('function');
  const writer = cell.cloneForWrite();
  writer.addPosting({ documentId: 'new', vector: [1, 2, 3] });
  expectNothingToMutate(writer.preview());
  expectNothingToMutate(writer.base);
  expect(Object.getOwnPropertyNames(writer)).toEqual(['base']);
  for (const key of Object.getOwnPropertySymbols(writer))
    expect(Reflect.set(writer, key, undefined)).toBe(false);
  expectNothingToMutate(writer.commitChanges());
});

test('assigning to a version or a part of it throws', () => {
  const version = history('euclidean').read();
  const [shard] = version.shards.values();
  const objects = [version, version.config, shard, shard.centroid, shard.rows, shard.rows.segments[0]];
  for (const object of [
    ...objects,
    shard.rows.segments,
    shard.rows.segments[0].block,
    version.centroids.chunks,
  ]) {
    for (const key of [...Reflect.ownKeys(object), 'another']) {
      const value = 12_345;
      expect(Reflect.set(object, key, value)).toBe(false);
      expect(Reflect.defineProperty(object, key, { value })).toBe(false);
    }
  }
});

test('the collections of a version give other collections when they are changed', () => {
  const version = history('cosine').read();
  const before = print(version);
  version.shards.clear();
  version.shards.delete(version.shards.keySeq().first() ?? 0);
  version.shards.asMutable().clear();
  version.shards.withMutations((shards) => {
    shards.clear();
  });
  const documents = new StringMapDraft(version.documents.value);
  for (const id of version.documents.value.keys()) documents.set(id, undefined);
  expect(documents.finish().size).toBe(0);
  expect(print(version)).toBe(before);
});

test('vectors that come out are copies', () => {
  const version = history('euclidean').read();
  const before = print(version);
  const [shard] = version.shards.values();
  const vectors = [
    ...postings(version, 'd1').map(({ vector }) => vector),
    ...search(version, [1, 2, 3], { k: 50, includeVector: true }).map(({ vector }) => vector),
    shard.centroid.toArray(),
  ];
  expect(vectors.length).toBeGreaterThan(20);
  for (const vector of vectors) {
    expect(vector?.buffer).toBeInstanceOf(ArrayBuffer);
    // Nothing else lies in the same memory.
    expect(vector?.buffer.byteLength).toBe(12);
    vector?.fill(Number.NaN);
  }
  expect(print(version)).toBe(before);
});

test('what goes in is copied: vectors, batches and options can be reused and changed afterwards', () => {
  const options = { dimensions: 2, metric: 'dot' as shardex.Metric };
  const vector = Float32Array.of(1, 2);
  const plain = [3, 4];
  const posting = { documentId: 'a', start: 1, length: 2, vector };
  const batch = [posting, { documentId: 'b', vector: plain }];
  const cell = new CowShardexIndex(createIndex(options));
  const writer = cell.cloneForWrite();
  writer.addPostings(batch);
  vector.fill(9);
  plain.fill(9);
  posting.documentId = 'c';
  posting.start = 9;
  batch.length = 0;
  options.metric = 'cosine';
  const { index: version } = writer.commitChanges();
  expect(version.config.metric).toBe('dot');
  expect(postings(version, 'a')).toEqual([
    { documentId: 'a', start: 1, length: 2, vector: Float32Array.of(1, 2) },
  ]);
  expect(postings(version, 'b')[0].vector).toEqual(Float32Array.of(3, 4));
});

test('results, errors and reports are of the caller alone', () => {
  const version = history('dot').read();
  const query = [1, 2, 3];
  const first = search(version, query, { k: 5 });
  first.length = 0;
  expect(search(version, query, { k: 5 })).toHaveLength(5);
  const list = postings(version, 'd1');
  list.reverse().length = 1;
  expect(postings(version, 'd1').length).toBeGreaterThan(1);
});

// Immer's default instance belongs to the whole process, and anyone in it may have told it not to freeze.
afterEach(() => {
  setAutoFreeze(true);
});

test.each(METRICS)("settings of Immer's default instance do not matter (%s)", (metric) => {
  const expected = print(history(metric).read());
  setAutoFreeze(false);
  enableMapSet();
  const cell = history(metric);
  expect(print(cell.read())).toBe(expected);
  expectNothingToMutate(cell.read());
  expectNothingToMutate(
    update(cell.read(), (draft) => {
      draft.removeDocument('d1');
    }),
  );
});
