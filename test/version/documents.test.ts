import { Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import { describe, expect, test } from 'vitest';
import {
  type DocumentEntry,
  type Documents,
  entryOf as lookUp,
  idsOf,
  shardsOf,
  withEntry,
  withShard,
  withoutShard,
} from '../../src/version/documents.js';

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

describe('the documents of a version', () => {
  // The first name upsets the cache of hashes in Immutable.js; the next ones must not be taken for it.
  const ids = [
    'propertyIsEnumerable',
    'propertyIsEnumerable.',
    'propertyIsEnumerable..',
    'property',
    '\u0000',
  ];

  test('have ids that come back as they were given, and are told apart', () => {
    let documents: Documents = ImmutableMap();
    ids.forEach((id, shard) => (documents = withEntry(documents, id, shard)));
    for (let i = 0; i < 40; i++) documents = withEntry(documents, `other${i}`, 99);
    expect([...idsOf(documents)].filter((id) => !id.startsWith('other')).sort()).toEqual([...ids].sort());
    ids.forEach((id, shard) => {
      expect(lookUp(documents, id)).toBe(shard);
      const without = withEntry(documents, id, undefined);
      expect(lookUp(without, id)).toBeUndefined();
      expect(without.size).toBe(documents.size - 1);
    });
    expect(lookUp(documents, 'propertyIsEnumerable...')).toBeUndefined();
  });
});
