import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/geometry/random.js';

// Another sequence would be as good, but it would give every index of a seed another shape (I10).
describe('seededRandom', () => {
  test.each([
    [0, [1684164658, 3653269916, 2939563536, 2141751570]],
    [1, [1580013426, 350525680, 3524174333, 3011703609]],
    [0xffff_ffff, [3950124170, 4293442868, 1302505678, 2762329221]],
  ])('of seed %i gives the sequence it always gave', (seed, expected) => {
    const random = seededRandom(seed);
    expect(Array.from({ length: 4 }, () => random() * 2 ** 32)).toEqual(expected);
  });

  test('stays in [0, 1) and is spread evenly', () => {
    const random = seededRandom(7);
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = random();
      expect(value >= 0 && value < 1).toBe(true);
      tenths[Math.floor(10 * value)]++;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('has a state for each generator', () => {
    const [a, b] = [seededRandom(5), seededRandom(5)];
    const first = [a(), a(), a()];
    expect([b(), b(), b()]).toEqual(first);
  });
});
