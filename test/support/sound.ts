import { documentIds, getDocument, postings, type ShardexIndex, type StoredPosting, verify } from 'shardex';
import { expect } from 'vitest';
import { comparePostings, type NaiveTwin } from './naive-twin.js';

/** Expects that the checker finds nothing to complain about. */
export function expectSound(index: ShardexIndex): void {
  expect([...verify(index)]).toEqual([]);
}

/** Every posting of an index, read document by document, in the order of their keys. */
export function allPostings(index: ShardexIndex): StoredPosting[] {
  return [...documentIds(index)].flatMap((id) => postings(index, id)).sort(comparePostings);
}

/** Expects that an index is sound and holds what its twin holds, no more and no less. */
export function expectSameContents(index: ShardexIndex, twin: NaiveTwin): void {
  expectSound(index);
  expect(index.postingCount).toBe(twin.size);
  expect([...documentIds(index)].sort()).toEqual(twin.documentIds());
  expect(index.documentCount).toBe(twin.documentIds().length);
  const records = [...twin.records().keys()].map((id) => [id, getDocument(index, id)] as const);
  expect(new Map(records)).toEqual(twin.records());
  expect(index.records.size).toBe(records.length);
  expect(allPostings(index)).toEqual(twin.all());
}

/** What is in each shard, by shard id: all that two indexes must share to behave the same ever after (I10). */
export function layoutOf(index: ShardexIndex): { id: number; centroid: Float32Array; rows: number }[] {
  return [...index.shards.values()]
    .map(({ id, centroid, rows }) => ({ id, centroid: centroid.toArray(), rows: rows.liveCount }))
    .sort((a, b) => a.id - b.id);
}
