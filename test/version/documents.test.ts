import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DocumentEntry,
  entryOf as lookUp,
  idsOf,
  noDocuments,
  shardsOf,
  withShard,
  withoutShard,
} from '../../src/version/documents.js';
import { withEntry } from '../support/documents.js';

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
    expect(entryOf(4, 3)).toEqual([3, 4]);
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
    expect(Object.isFrozen(entry) && Object.isFrozen(withoutShard(entry, 1))).toBe(true);
  });

  test('are those of a plain set', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ shard: fc.nat(20), add: fc.boolean() })), (steps) => {
        const model = new Set<number>();
        let entry: DocumentEntry | undefined;
        for (const { shard, add } of steps) {
          if (add) model.add(shard);
          else model.delete(shard);
          entry = add ? withShard(entry, shard) : withoutShard(entry, shard);
          expect(shardsOf(entry)).toEqual([...model].sort((a, b) => a - b));
          expect(typeof entry).toBe(['undefined', 'number'].at(model.size) ?? 'object');
        }
      }),
    );
  });
});

describe('the documents of a version', () => {
  // Names that every object has, one of which upset the cache of hashes in Immutable.js; the next ones are none.
  const ids = [
    'propertyIsEnumerable',
    'propertyIsEnumerable.',
    'propertyIsEnumerable..',
    '__proto__',
    'property',
    '\u0000',
  ];

  test('have ids that come back as they were given, and are told apart', () => {
    let documents = noDocuments();
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
