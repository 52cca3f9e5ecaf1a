import { describe, expect, test } from 'vitest';
import { WriteSet, placeText } from '../../src/write/write-set.js';

const [first, second, third] = [placeText(0, 1), placeText(0, 2), placeText(10, 2)];

describe('the write set of a draft', () => {
  test('is empty at first', () => {
    const writeSet = new WriteSet();
    expect([...writeSet.documentIds()]).toEqual([]);
    expect([writeSet.has('a'), writeSet.covers('a', first)]).toEqual([false, false]);
  });

  test('has the postings that were added, one or more of a document', () => {
    const writeSet = new WriteSet();
    writeSet.addPosting('a', 0, 1);
    expect([first, second, third].map((place) => writeSet.covers('a', place))).toEqual([true, false, false]);
    writeSet.addPosting('a', 10, 2);
    writeSet.addPosting('a', 0, 1);
    expect([first, second, third].map((place) => writeSet.covers('a', place))).toEqual([true, false, true]);
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
      expect([first, second, third].map((place) => writeSet.covers('a', place))).toEqual([true, true, true]);
      expect([writeSet.has('a'), writeSet.has('b')]).toEqual([true, false]);
    }
  });
});

test('the places of different keys differ', () => {
  const places = [placeText(1, 11), placeText(11, 1), placeText(1, 1), placeText(11, 11), placeText(111, 0)];
  expect(new Set(places).size).toBe(places.length);
});
