import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  LEVELS,
  PACKED_LENGTH,
  eachEntry,
  isKnown,
  isPacked,
  packRanks,
  widthsOf,
} from '../../src/calibration/ranks.js';

const neighbours = fc.array(fc.nat(3000), { minLength: 1, maxLength: 1200 });
const beyondOf = (rank: number): number => rank / 977;

test('packed ranks come back in ascending order, never smaller than they were and hardly larger', () => {
  fc.assert(
    fc.property(neighbours, (given) => {
      const packed = packRanks(given, beyondOf);
      expect(packed).toHaveLength(PACKED_LENGTH);
      expect(isPacked(packed)).toBe(true);
      LEVELS.forEach((_, level) => {
        const exact = new Map(given.map((rank) => [Math.ceil(Math.log(rank + 1) * 4096), beyondOf(rank)]));
        let before = 0;
        eachEntry(packed, level, (logRank, beyond) => {
          expect(logRank).toBeGreaterThanOrEqual(before);
          before = logRank;
          const was = exact.get(Math.round(logRank * 4096)) as number;
          expect(beyond).toBeGreaterThanOrEqual(was - 1e-12);
          expect(beyond).toBeLessThanOrEqual(was * (1 + 1 / 1024) + 1e-12);
        });
      });
    }),
    { numRuns: 60 },
  );
});

test('each level has an entry for each of few neighbours, and for each share of many', () => {
  LEVELS.forEach((_, level) => {
    expect(widthsOf(level).reduce((sum, width) => sum + width, 0)).toBeCloseTo(1, 12);
  });
  // 900 of 1,000 neighbours in the nearest shard: so are nine tenths of the entries, by weight.
  const given = Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0 : i));
  let near = 0;
  eachEntry(
    packRanks(given, () => 0),
    3,
    (logRank, _, i) => (near += logRank === 0 ? widthsOf(3)[i] : 0),
  );
  expect(near).toBeCloseTo(0.9, 12);
});

test('the order of neighbours matters only from one level to the next', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { minLength: 1, maxLength: 1100 }), (given) => {
      const backwards = [3, 10, 100, 1000].flatMap((to, l, all) =>
        given.slice(l === 0 ? 0 : all[l - 1], to).reverse(),
      );
      expect(packRanks(backwards, beyondOf)).toBe(packRanks(given, beyondOf));
    }),
    { numRuns: 30 },
  );
});

test('what was not packed is told', () => {
  const packed = packRanks([3], () => 1);
  expect(isPacked(packed.slice(2))).toBe(false);
  expect(isPacked('\uffff' + packed.slice(1))).toBe(false);
});

test('a level that was not looked for is unknown, the others are as they are', () => {
  const given = Array.from({ length: 1000 }, (_, i) => i);
  const [all, some] = [packRanks(given, beyondOf), packRanks(given.slice(0, 100), beyondOf, 3)];
  expect(some).toHaveLength(PACKED_LENGTH);
  expect(isPacked(some)).toBe(true);
  expect(LEVELS.map((_, level) => isKnown(all, level))).toEqual([true, true, true, true]);
  expect(LEVELS.map((_, level) => isKnown(some, level))).toEqual([true, true, true, false]);
  const known = 2 * (3 + 10 + 22);
  expect(some.slice(0, known)).toBe(all.slice(0, known));
  // The greatest rank that can be is not taken for it.
  expect(
    isKnown(
      packRanks(
        given.map(() => 2 ** 40),
        () => 2 ** 40,
      ),
      3,
    ),
  ).toBe(true);
});
