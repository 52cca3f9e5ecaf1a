import * as fc from 'fast-check';
import * as shardex from 'shardex';
import { expect, test } from 'vitest';
import type { History } from './record.js';
import { noAnomalies } from './schedule.js';
import { transactionsOf } from './transactions.js';

/* What concurrent actors did and saw is written down, and a checker that has nothing but the record finds no fault. */

test('no schedule shows a lost update, a dirty read, a changed snapshot, a stale read or a cycle (I1, I2, I3, I9)', async () => {
  const reached = { refused: 0, rebased: 0, restored: 0, told: 0, looks: 0, joined: 0 };
  await fc.assert(
    noAnomalies(shardex, {
      alsoCheck: (history) => {
        count(history, reached);
      },
    }),
    { numRuns: 400 },
  );
  // Actors that never met would prove nothing.
  expect(Object.entries(reached).filter(([, times]) => times < 30)).toEqual([]);
});

function count(history: History, reached: Record<string, number>): void {
  for (const event of history) {
    if (event.kind === 'refused') reached.refused++;
    else if (event.kind === 'told') {
      reached.told++;
      if (event.version > event.previous + 1) reached.joined++;
    } else if (event.kind === 'look') reached.looks++;
  }
  for (const { base, restores, committed } of transactionsOf(history).values()) {
    if (committed === undefined || committed.version === committed.previous) continue;
    if (committed.previous > base) reached.rebased++;
    if (restores !== undefined) reached.restored++;
  }
}
