import { Set as ImmutableSet } from 'immutable';
import { describe, expect, test } from 'vitest';
import { type DocumentEntry, shardsOf, withShard, withoutShard } from '../../src/version/documents.js';

function entryOf(...shards: number[]): DocumentEntry | undefined {
  return shards.reduce<DocumentEntry | undefined>((entry, shard) => withShard(entry, shard), undefined);
}

describe('the shards of a document', () => {
  test('come ascending, from none to many', () => {
    expect(shardsOf(undefined)).toEqual([]);
    expect(shardsOf(entryOf(0))).toEqual([0]);
    expect(shardsOf(entryOf(9, 100, 10, 0))).toEqual([0, 9, 10, 100]);
  });

  test('are a plain number while there is one', () => {
    expect(entryOf(3)).toBe(3);
    expect(ImmutableSet.isSet(entryOf(3, 4))).toBe(true);
    expect(withoutShard(entryOf(3, 4), 3)).toBe(4);
    expect(withoutShard(withoutShard(entryOf(3, 4, 5), 4), 5)).toBe(3);
  });

  test('stay the same entry where nothing changes', () => {
    for (const entry of [entryOf(3), entryOf(3, 4), entryOf(1, 2, 3)]) {
      expect(withShard(entry, 3)).toBe(entry);
      expect(withoutShard(entry, 77)).toBe(entry);
    }
    expect(withoutShard(undefined, 3)).toBeUndefined();
  });

  test('are none after the last one has gone', () => {
    expect(withoutShard(entryOf(0), 0)).toBeUndefined();
  });

  test('of one entry are not changed by making another of it (I1)', () => {
    const entry = entryOf(1, 2, 3);
    withShard(entry, 4);
    withoutShard(entry, 1);
    expect(shardsOf(entry)).toEqual([1, 2, 3]);
  });
});
