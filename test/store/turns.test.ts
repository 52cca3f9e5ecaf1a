/*
 * How a store shares the thread with everything else: work for many commits is spread over turns of the event loop. Time is
 * counted, not measured: a clock that goes on by what is done stands in for the real one.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { memoryLog, openStore } from 'shardex/store';
import { gated } from './support/wrapped-log.js';

const WRITERS = 64;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sets a clock of one's own; returns what lets it go on, by milliseconds. */
function ownClock(): (ms: number) => void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (ms) => (now += ms);
}

/** Counts turns of the event loop until it is stopped. */
function countTurns(): { count: number; stop: () => void } {
  const turns = {
    count: 0,
    stop: () => {
      isOver = true;
    },
  };
  let isOver = false;
  const next = (): void => {
    turns.count++;
    if (!isOver) setImmediate(next);
  };
  next();
  return turns;
}

test('callers whose commits were in one group are told in several turns, in order', async () => {
  const pass = ownClock();
  const store = await openStore(memoryLog(), { dimensions: 1 });
  const turns = countTurns();
  const told: number[] = [];
  const inTurn = new Map<number, number>();
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, i) => {
      await store.update((draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: [i] });
      });
      // What a caller does before it awaits again.
      pass(3);
      told.push(i);
      inTurn.set(turns.count, (inTurn.get(turns.count) ?? 0) + 1);
    }),
  );
  turns.stop();
  expect(told).toEqual(Array.from({ length: WRITERS }, (_, i) => i));
  expect(Math.max(...inTurn.values())).toBeLessThanOrEqual(3);
  await store.close();
});

test('a slow log gets the next commits of all callers of a group as one group', async () => {
  const { log, go, groups } = gated(memoryLog());
  const pass = ownClock();
  const store = await openStore(log, { dimensions: 1 });
  const writers = Array.from({ length: WRITERS }, async (_, i) => {
    for (let round = 0; round < 3; round++) {
      await store.update((draft) => {
        draft.addPosting({ documentId: `d${i} ${round}`, vector: [i] });
      });
      pass(1);
    }
  });
  const done = { isDone: false };
  const all = Promise.all(writers).finally(() => {
    done.isDone = true;
  });
  for (let asked = 0; !done.isDone;) {
    await nextTurn();
    if (groups.length === asked) continue;
    asked = groups.length;
    // Longer than all callers take together.
    pass(1000);
    go();
  }
  await all;
  expect(groups).toEqual([WRITERS, WRITERS, WRITERS]);
  await store.close();
});

test('closing waits until all callers are told', async () => {
  const pass = ownClock();
  const store = await openStore(memoryLog(), { dimensions: 1 });
  let told = 0;
  for (let i = 0; i < WRITERS; i++)
    void store
      .update((draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: [i] });
      })
      .then(() => {
        pass(3);
        told++;
      });
  await store.close();
  expect(told).toBe(WRITERS);
});
