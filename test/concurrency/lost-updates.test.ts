import * as shardex from 'shardex';
import { expect, test } from 'vitest';
import { type Race, losesNothing } from '../support/checks/loses-nothing.js';

test('n writers of m postings each come to n · m postings, and the metrics count every step (I3)', async () => {
  const seen = { rebases: 0, retries: 0, conflicts: 0 };
  await losesNothing(shardex, 300, (race) => {
    expectExactMetrics(race);
    const { rebases, retries, conflicts } = race.cell.metrics();
    seen.rebases += rebases;
    seen.retries += retries;
    seen.conflicts += conflicts;
  });
  // Writers that never met would prove nothing.
  expect(Object.values(seen).every((times) => times > 50)).toBe(true);
});

function expectExactMetrics({ cell, tally }: Race): void {
  const metrics = cell.metrics();
  expect(metrics.commits.count).toBe(tally.adds);
  expect(metrics.clones.count).toBe(tally.clones);
  // Every recipe that was not published was discarded and run again.
  expect(metrics.retries).toBe(tally.recipes - tally.published);
  expect(metrics.discards).toBe(tally.recipes - tally.published);
  expect(metrics.pendingWrites).toBe(0);
  expect(metrics.liveWriters).toBe(0);
  const met = metrics.conflicts - tally.conflicts;
  // A recipe that gives way to somebody's turn counts as a retry, but met no conflict.
  if (tally.turnless) expect(met).toBe(metrics.retries);
  else expect(met >= 0 && met <= metrics.retries).toBe(true);
}
