import { describe, expect, test } from 'vitest';
import { WriteSet, extentText } from '../../src/write/write-set.js';

const [first, second, third] = [extentText(0, 1), extentText(0, 2), extentText(10, 2)];

describe('the write set of a draft', () => {
  test('is empty at first', () => {
    const writeSet = new WriteSet();
    expect([...writeSet.documentIds()]).toEqual([]);
    expect([writeSet.has('a'), writeSet.covers('a', first)]).toEqual([false, false]);
  });

  test('has the postings that were added, one or more of a document', () => {
    const writeSet = new WriteSet();
    writeSet.addPosting('a', 0, 1);
    expect([first, second, third].map((key) => writeSet.covers('a', key))).toEqual([true, false, false]);
    writeSet.addPosting('a', 10, 2);
    writeSet.addPosting('a', 0, 1);
    expect([first, second, third].map((key) => writeSet.covers('a', key))).toEqual([true, false, true]);
    expect(writeSet.covers('b', first)).toBe(false);
    expect([...writeSet.documentIds()]).toEqual(['a']);
  });

  test('has all postings of a document that was removed or replaced, before or afterwards', () => {
    for (const order of [
      ['whole', 'posting'],
      ['posting', 'whole'],
      ['posting', 'posting', 'whole'],
    ]) {
      const writeSet = new WriteSet();
      order.forEach((what, i) => {
        if (what === 'whole') writeSet.addDocument('a');
        else writeSet.addPosting('a', 0, 1 + i);
      });
      expect([first, second, third].map((key) => writeSet.covers('a', key))).toEqual([true, true, true]);
      expect([writeSet.has('a'), writeSet.has('b')]).toEqual([true, false]);
    }
  });
});

test('the extents of different keys differ', () => {
  const all = [
    extentText(1, 11),
    extentText(11, 1),
    extentText(1, 1),
    extentText(11, 11),
    extentText(111, 0),
  ];
  expect(new Set(all).size).toBe(all.length);
});
