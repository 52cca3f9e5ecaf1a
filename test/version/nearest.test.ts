import { describe, expect, test } from 'vitest';
import { Nearest, type Ranked } from '../../src/version/nearest.js';
import { integerBelow, seeded, shuffled } from '../support/random.js';

function collect(most: number, offers: readonly Ranked[]): Ranked[] {
  const nearest = new Nearest(most);
  for (const { id, value } of offers) nearest.offer(id, value);
  return nearest.sorted();
}

describe('Nearest', () => {
  // Above 512 it sorts at the end, below it keeps order on the way: the answer must be the same.
  test.each([0, 1, 2, 7, 64, 511, 512, 513, 600, 2000])(
    'collects the %i smallest, as sorting does',
    (most) => {
      const random = seeded(most);
      for (const spread of [3, 40, 1e9]) {
        const offers = Array.from({ length: 700 }, (_, id) => ({ id, value: integerBelow(random, spread) }));
        const sorted = [...offers].sort((a, b) => a.value - b.value || a.id - b.id);
        expect(collect(most, shuffled(random, offers))).toEqual(sorted.slice(0, most));
      }
    },
  );

  test('prefers the smaller id among equals, in whatever order they come', () => {
    const offers = [5, 1, 4, 2, 3].map((id) => ({ id, value: 7 }));
    expect(collect(2, offers).map(({ id }) => id)).toEqual([1, 2]);
    expect(collect(2, [...offers].reverse()).map(({ id }) => id)).toEqual([1, 2]);
  });

  test('says what can still get in', () => {
    const nearest = new Nearest(2);
    expect(nearest.worst).toBe(Infinity);
    nearest.offer(1, 5);
    expect(nearest.worst).toBe(Infinity);
    nearest.offer(2, 3);
    expect(nearest.worst).toBe(5);
    // An equal one with a smaller id still can.
    nearest.offer(0, 5);
    expect(nearest.sorted().map(({ id }) => id)).toEqual([2, 0]);
    expect(new Nearest(0).worst).toBe(-Infinity);
  });

  test('never rules anything out while it only sorts at the end', () => {
    const nearest = new Nearest(513);
    for (let id = 0; id < 600; id++) nearest.offer(id, 0);
    expect(nearest.worst).toBe(Infinity);
  });
});
