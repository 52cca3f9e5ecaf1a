import { createIndex, documentIds, hasDocument, postings, search, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { expectSound } from '../support/sound.js';

/** Ids that something in JavaScript treats specially, or that differ by very little. */
const ODD = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  // The one property of every object whose name is long enough for the cache of hashes in Immutable.js, which takes
  // the function for the hash; and next to it ids whose hash is 0.
  'propertyIsEnumerable',
  'propertyIsEnumerable.',
  'propertyIsEnumerable..',
  '\u0000\u0000',
  'toString',
  'valueOf',
  'length',
  'undefined',
  'null',
  'NaN',
  'true',
  '0',
  '-0',
  '1',
  '01',
  '1.0',
  ' 1',
  '1 ',
  ' ',
  '\n',
  '\u0000',
  'a\u0000',
  'a\u0000b',
  '0:0:a',
  '{"documentId":"a"}',
  '😀',
  '\ud83d',
  '\ude00',
  'é',
  'e\u0301',
  'ﬀ',
  'İ',
  'i',
  'I',
  '‮',
  'x'.repeat(100_000),
];

describe('a document id', () => {
  const index = createIndex(
    { dimensions: 2, shardCapacity: 8 },
    ODD.map((documentId, i) => ({ documentId, vector: [Math.cos(i), Math.sin(i)] })),
  );

  test('comes back as it was given', () => {
    expect([...documentIds(index)].sort()).toEqual([...ODD].sort());
    expect(index.documentCount).toBe(ODD.length);
    for (const [i, id] of ODD.entries()) {
      expect(hasDocument(index, id)).toBe(true);
      const [posting] = postings(index, id);
      expect(posting.documentId).toBe(id);
      expect([...posting.vector]).toEqual([Math.cos(i), Math.sin(i)].map(Math.fround));
      const [found] = search(index, [Math.cos(i), Math.sin(i)], { k: 1, slopFactor: 'all' });
      expect(found.documentId).toBe(id);
    }
    expectSound(index);
  });

  test('is no other, however alike', () => {
    for (const id of ODD) {
      const without = update(index, (draft) => {
        expect(draft.removeDocument(id)).toBe(1);
      });
      expect(hasDocument(without, id)).toBe(false);
      expect(without.documentCount).toBe(ODD.length - 1);
      for (const other of ODD) expect(hasDocument(without, other)).toBe(other !== id);
    }
  });

  test('is one document of its own in distinct results', () => {
    const doubled = update(index, (draft) => {
      for (const [i, documentId] of ODD.entries()) {
        draft.addPosting({ documentId, start: 1, vector: [Math.sin(i), -Math.cos(i)] });
      }
    });
    const found = search(doubled, [1, 1], { k: 1000, slopFactor: 'all', distinct: 'document' });
    expect(found.map(({ documentId }) => documentId).sort()).toEqual([...ODD].sort());
  });

  test('of an unknown document is unknown, also where every object has such a property', () => {
    const empty = createIndex({ dimensions: 1 });
    for (const id of ODD) {
      expect(hasDocument(empty, id)).toBe(false);
      expect(postings(empty, id)).toEqual([]);
      expect(update(empty, (draft) => void draft.removeDocument(id))).toBe(empty);
    }
  });
});
