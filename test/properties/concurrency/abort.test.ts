import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { CowShardexIndex, createIndex, hasDocument } from 'shardex';
import { expect, test } from 'vitest';

const posting = (documentId: string): { documentId: string; vector: number[] } => ({
  documentId,
  vector: [1],
});

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

/** An update that can be given up, among others, and what lets all of it come to an end. */
interface Scene {
  readonly cell: CowShardexIndex;
  readonly mine: Promise<unknown>;
  readonly finish: () => Promise<unknown>;
}

type Stage = (signal: AbortSignal) => Promise<Scene>;

const alone: Stage = (signal) => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  const mine = cell.updateAsync(
    async (draft) => {
      await ticks(3);
      draft.addPosting(posting('mine'));
      await ticks(3);
    },
    { signal },
  );
  return Promise.resolve({ cell, mine, finish: () => mine });
};

/** Overtaken in each of its first attempts. */
const retrying: Stage = (signal) => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  let runs = 0;
  const mine = cell.updateAsync(
    async (draft) => {
      draft.addPosting(posting('mine'));
      await ticks(2);
      if (runs++ < 3)
        cell.update((other) => {
          other.addPosting(posting(`other${runs}`));
        });
    },
    { signal, retries: 2 },
  );
  return Promise.resolve({ cell, mine, finish: () => mine });
};

/** Somebody else has a turn, and keeps it until the gate opens: after some steps, or only at the end. */
async function withTurnTaken(retries: number, signal: AbortSignal, opensAfter?: number): Promise<Scene> {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let runs = 0;
  const holder = cell.updateAsync(
    async (draft) => {
      draft.addPosting(posting('holder'));
      await (runs++ === 0 ? ticks(5) : gate);
    },
    { retries: 0 },
  );
  let myRuns = 0;
  // It wants a document that the turn has claimed. With no retries left it goes into the line for a turn of its own;
  // with some, it waits until this one ends.
  const line = cell.updateAsync(
    async (draft) => {
      draft.addPosting(posting('mine'));
      draft.addPosting({ ...posting('holder'), start: 1 });
      await ticks(myRuns++ === 0 ? 7 : 2);
    },
    { signal, retries },
  );
  // Both recipes have begun.
  await ticks(3);
  cell.update((draft) => {
    draft.addPosting(posting('overtakes both'));
  });
  if (opensAfter !== undefined) void ticks(opensAfter).then(open);
  return {
    cell,
    mine: line,
    finish: () => {
      open();
      return Promise.all([holder, line.catch(() => undefined)]);
    },
  };
}

const stages: [string, Stage][] = [
  ['alone', alone],
  ['losing races', retrying],
  ['waiting for the end of a turn', (signal) => withTurnTaken(3, signal, 30)],
  ['waiting in line for a turn', (signal) => withTurnTaken(0, signal, 30)],
];

test.each(stages)(
  '%s, an update that is aborted after any number of steps either published or did nothing',
  async (_, stage) => {
    const outcomes = new Set<string>();
    for (let after = 0; after < 80; after++) {
      const controller = new AbortController();
      const reason = new Error(`aborted after ${after} steps`);
      const { cell, mine, finish } = await stage(controller.signal);
      const outcome = mine.then(
        () => 'published',
        (error: unknown) => {
          expect(error).toBe(reason);
          return 'rejected';
        },
      );
      await ticks(after);
      controller.abort(reason);
      const publishedThen = hasDocument(cell.read(), 'mine');
      const settled = await outcome;
      outcomes.add(settled);
      await finish().catch(() => undefined);
      // Rejected: nothing was published, then or later. Published: never rejected (I2, I3).
      expect(hasDocument(cell.read(), 'mine')).toBe(settled === 'published');
      expect(publishedThen).toBe(settled === 'published');
      // Nobody is left in a line or in a turn.
      await cell.updateAsync((draft) => {
        draft.addPosting(posting('after'));
      });
      expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
    }
    expect([...outcomes].sort()).toEqual(['published', 'rejected']);
  },
);

test('who has aborted while waiting is rejected at once, not when the turn ends', async () => {
  for (const retries of [0, 3]) {
    const controller = new AbortController();
    const { mine, finish } = await withTurnTaken(retries, controller.signal);
    await new Promise(setImmediate);
    controller.abort();
    await expect(mine).rejects.toMatchObject({ name: 'AbortError' });
    await finish();
  }
});

test('a signal that was aborted beforehand starts nothing', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  let runs = 0;
  const update = cell.updateAsync(
    () => {
      runs++;
    },
    { signal: AbortSignal.abort('no need') },
  );
  await expect(update).rejects.toBe('no need');
  expect(runs).toBe(0);
  expect(cell.metrics()).toMatchObject({ pendingWrites: 0, discards: 0, clones: { count: 0 } });
});

test('a recipe that never settles can be given up, and what it does afterwards has no effect', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  const controller = new AbortController();
  let wake = (): void => undefined;
  let late: unknown;
  const update = cell.updateAsync(
    async (draft) => {
      await new Promise<void>((resolve) => (wake = resolve));
      try {
        draft.addPosting(posting('late'));
      } catch (error) {
        late = error;
        throw error;
      }
    },
    { signal: controller.signal },
  );
  await new Promise(setImmediate);
  controller.abort();
  await expect(update).rejects.toMatchObject({ name: 'AbortError' });
  wake();
  await new Promise(setImmediate);
  expect(late).toMatchObject({ code: 'WRITER_CLOSED' });
  expect(cell.isEmpty).toBe(true);
});

test('a signal that outlives many updates is left as it was', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
  const { signal } = new AbortController();
  const all = Array.from({ length: 8 }, (_, n) =>
    cell.updateAsync(
      async (draft) => {
        draft.addPosting({ ...posting('same'), start: n });
        await ticks(n % 4);
        if (n % 4 === 0) throw new RangeError('one of those that fail');
      },
      { signal, retries: 1 },
    ),
  );
  expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0);
  await Promise.allSettled(all);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(cell.postingCount).toBe(6);
});

test('many updates aborted at random publish exactly those that were not rejected', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ steps: fc.nat(3), retries: fc.nat(2), aborted: fc.boolean() }), {
        minLength: 2,
        maxLength: 8,
      }),
      async (scheduler, updates) => {
        const cell = new CowShardexIndex(createIndex({ dimensions: 1, shardCapacity: 8 }));
        const all = updates.map(({ steps, retries, aborted }, n) => {
          const controller = new AbortController();
          if (aborted)
            void scheduler.schedule(Promise.resolve(), `abort ${n}`).then(() => {
              controller.abort();
            });
          return cell.updateAsync(
            async (draft) => {
              draft.addPosting(posting(`${n}`));
              // All of them want this one, so they wait for each other's turns.
              draft.addPosting({ ...posting('shared'), start: n });
              for (let i = 0; i < steps; i++) await scheduler.schedule(Promise.resolve(), `step of ${n}`);
            },
            { signal: controller.signal, retries },
          );
        });
        const settled = await scheduler.waitFor(Promise.allSettled(all));
        settled.forEach(({ status }, n) => {
          if (!updates[n].aborted) expect(status).toBe('fulfilled');
          expect(hasDocument(cell.read(), `${n}`)).toBe(status === 'fulfilled');
        });
        const published = settled.filter(({ status }) => status === 'fulfilled').length;
        expect(cell.version).toBe(published);
        expect(cell.metrics()).toMatchObject({
          pendingWrites: 0,
          liveWriters: 0,
          commits: { count: published },
        });
      },
    ),
    { numRuns: 200 },
  );
});
