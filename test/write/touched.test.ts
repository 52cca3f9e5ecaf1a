import { describe, expect, test } from 'vitest';
import { Touched, placeText } from '../../src/write/touched.js';

const [first, second, third] = [placeText(0, 1), placeText(0, 2), placeText(10, 2)];

describe('what a draft has touched', () => {
  test('is nothing at first', () => {
    const touched = new Touched();
    expect([...touched.documentIds()]).toEqual([]);
    expect([touched.has('a'), touched.covers('a', first)]).toEqual([false, false]);
  });

  test('are the postings that it added, one or more of a document', () => {
    const touched = new Touched();
    touched.addPosting('a', 0, 1);
    expect([first, second, third].map((place) => touched.covers('a', place))).toEqual([true, false, false]);
    touched.addPosting('a', 10, 2);
    touched.addPosting('a', 0, 1);
    expect([first, second, third].map((place) => touched.covers('a', place))).toEqual([true, false, true]);
    expect(touched.covers('b', first)).toBe(false);
    expect([...touched.documentIds()]).toEqual(['a']);
  });

  test('are all postings of a document that it removed or replaced, before or afterwards', () => {
    for (const order of [
      ['whole', 'posting'],
      ['posting', 'whole'],
      ['posting', 'posting', 'whole'],
    ]) {
      const touched = new Touched();
      order.forEach((what, i) => {
        if (what === 'whole') touched.addDocument('a');
        else touched.addPosting('a', 0, 1 + i);
      });
      expect([first, second, third].map((place) => touched.covers('a', place))).toEqual([true, true, true]);
      expect([touched.has('a'), touched.has('b')]).toEqual([true, false]);
    }
  });
});

test('the places of different keys differ', () => {
  const places = [placeText(1, 11), placeText(11, 1), placeText(1, 1), placeText(11, 11), placeText(111, 0)];
  expect(new Set(places).size).toBe(places.length);
});
