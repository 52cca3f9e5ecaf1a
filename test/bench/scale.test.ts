// The page on how far several machines go has what the simulation says, by the constants that it names.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulate } from '../../bench/machines/simulate.js';
import { bytes, rounded, time } from '../../demo/units.js';

const page = readFileSync(new URL('../../docs/internals/scale.md', import.meta.url), 'utf8');
/** What is simulated. */
const MS = 60_000;

function named(pattern: RegExp): number {
  const [, number] = pattern.exec(page) ?? [];
  expect(number, String(pattern)).toBeDefined();
  return Number(number);
}

const roundTrip = named(/a round trip of ([\d.]+) ms/);
const constants = {
  roundTrip,
  append: named(/an append of ([\d.]+) ms/),
  make: named(/([\d.]+) ms to make a commit/),
  apply: named(/([\d.]+) ms of the processor to take one over/),
  bytes: named(/([\d.]+) bytes a commit/),
  // Two round trips of the database's time.
  read: 2 * roundTrip,
};

/** The rows of the table with this word in its head, and their cells. */
function rows(word: string): string[][] {
  const table = page.split('\n\n').find((part) => part.startsWith('|') && part.includes(word)) ?? '';
  const [, , ...lines] = table.trim().split('\n');
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('writers against each other', () => {
  const table = rows('commits of others in between');
  const simulated = table.map(([trip, writers]) => {
    const each = { ...constants, roundTrip: parseFloat(trip) };
    const of = simulate(each, { writers: Number(writers), followers: 0, ms: MS });
    return [trip, writers, rounded(of.perSecond), rounded(of.least), String(of.longestGap), time(of.wait)];
  });
  expect(simulated).toHaveLength(8);
  expect(table).toEqual(simulated);
});

test('followers behind them', () => {
  const table = rows("of a follower's processor");
  const simulated = table.map(([followers]) => {
    const of = simulate(constants, { writers: 16, followers: Number(followers), ms: MS });
    const share = (part: number): string => `${Math.round(100 * part)} %`;
    return [followers, bytes(of.traffic), share(of.serving), share(of.following)];
  });
  expect(simulated).toHaveLength(3);
  expect(table).toEqual(simulated);
  const { perSecond } = simulate(constants, { writers: 16, followers: 0, ms: MS });
  expect(page).toContain(`Followers of 16 writers, at ${rounded(perSecond)} commits a second:`);
});
