// The simulation of many machines: its arithmetic, where that can be done by hand.
import { expect, test } from 'vitest';
import { type Constants, simulate } from '../../bench/machines/simulate.js';

const constants: Constants = { roundTrip: 1, append: 2, make: 1, apply: 0.5, read: 0.1, bytes: 1000 };
const SECOND = { followers: 0, ms: 1000 };

test('one writer has a commit each time that it makes, asks and appends', () => {
  const { perSecond, least, wait, longestGap } = simulate(constants, { ...SECOND, writers: 1 });
  // 1 + 1 + 2 ms each.
  expect([perSecond, least, longestGap]).toEqual([250, 250, 0]);
  expect(wait).toBeCloseTo(4);
});

test('two writers: who comes first wins, the other one after two lost races at the latest', () => {
  const { perSecond, least, longestGap } = simulate(constants, { ...SECOND, writers: 2 });
  expect(least).toBeGreaterThan(0);
  expect(longestGap).toBeLessThanOrEqual(4);
  expect(perSecond).toBeLessThanOrEqual(500);
});

test('no number of writers starves one, and the log is the limit', () => {
  for (const writers of [4, 16, 64]) {
    const { perSecond, least, longestGap } = simulate(constants, { ...SECOND, ms: 20_000, writers });
    expect(least).toBeGreaterThan(0);
    // Two races, and then the line.
    expect(longestGap).toBeLessThanOrEqual(3 * writers);
    expect(perSecond).toBeLessThanOrEqual(1000 / constants.append);
  }
});

test('traffic and serving grow with the followers, following does not', () => {
  const of = (followers: number) => simulate(constants, { writers: 1, followers, ms: 1000 });
  expect(of(0)).toMatchObject({ traffic: 0, serving: 0, following: 0.125 });
  expect(of(10)).toMatchObject({ traffic: 2_500_000, serving: 0.25, following: 0.125 });
  expect(of(100).traffic).toBe(10 * of(10).traffic);
});
