/*
 * How a store shares the thread with everything else: work for many commits is spread over turns of the event loop. Time is
 * counted, not measured: a clock that goes on by what is done stands in for the real one.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { CellClosedError } from 'shardex';
import { memoryLog, openStore } from 'shardex/store';
import { asLog, gated, wrappedLog } from './support/wrapped-log.js';

const WRITERS = 64;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sets a clock of one's own, which goes on with each look at it; returns what lets it go on, by milliseconds. */
function ownClock(eachLook = 0): (ms: number) => void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => (now += eachLook));
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
    await go();
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

test('the documents map of a store that was opened is made in turns, for the first write and for what lies behind the checkpoint', async () => {
  const log = memoryLog();
  const first = await openStore(log, { dimensions: 1, shardCapacity: 8 });
  await first.ingest(Array.from({ length: 800 }, (_, i) => ({ documentId: `d${i}`, vector: [i] })));
  await first.checkpoint();
  // So that a slice is over after a few shards.
  ownClock(1);
  const opening = countTurns();
  const store = await openStore(memoryLog(log));
  opening.stop();
  expect(store.read().documents.isMade).toBe(false);
  const turns = countTurns();
  const writes = ['a', 'b', 'c'].map((documentId, i) =>
    store.update(
      (draft) => {
        draft.addPosting({ documentId, vector: [i] });
      },
      { token: i === 0 ? 'the first' : 'the other' },
    ),
  );
  const versions = (await Promise.all(writes)).map(({ version }) => version);
  turns.stop();
  expect(turns.count).toBeGreaterThan(10);
  // The third is the second once more.
  expect(versions).toEqual([2, 3, 3]);
  await store.close();

  const behind = countTurns();
  const again = await openStore(memoryLog(log));
  behind.stop();
  expect(behind.count).toBeGreaterThan(opening.count + 10);
  expect([again.version, again.documentCount]).toEqual([3, 802]);
  await again.close();
});

test('a write that waits for the documents map is made though the store is closed meanwhile', async () => {
  const log = memoryLog();
  const first = await openStore(log, { dimensions: 1 });
  await first.ingest([{ documentId: 'a', vector: [1] }]);
  await first.checkpoint();
  const store = await openStore(memoryLog(log));
  const add = (documentId: string): Promise<unknown> =>
    store.update((draft) => {
      draft.addPosting({ documentId, vector: [2] });
    });
  const writing = add('b');
  await store.close();
  await writing;
  await expect(add('c')).rejects.toThrow(CellClosedError);
  expect((await openStore(memoryLog(log))).documentCount).toBe(2);
});

test.skipIf(!('transfer' in ArrayBuffer.prototype))(
  'the memory of a chunk is given back as soon as its rows are where they belong',
  async () => {
    const inner = memoryLog();
    const first = await openStore(inner, { dimensions: 1000 });
    await first.ingest(
      Array.from({ length: 600 }, (_, i) => ({
        documentId: `d${i}`,
        vector: new Float32Array(1000).fill(i),
      })),
    );
    await first.checkpoint();
    const handedOut: Uint8Array[] = [];
    let most = 0;
    const log = wrappedLog(memoryLog(inner), async (name, call) => {
      const answer = await call();
      if (name === 'chunk') handedOut.push(answer as Uint8Array);
      most = Math.max(most, handedOut.filter(({ byteLength }) => byteLength > 0).length);
      return answer;
    });
    const store = await openStore(asLog(log, inner));
    expect(store.documentCount).toBe(600);
    expect(handedOut.length).toBeGreaterThan(2);
    // The one in use, and the one on its way.
    expect(most).toBeLessThanOrEqual(2);
  },
);
