import {
  type AsyncRecipe,
  CowShardexIndex,
  createIndex,
  documentIds,
  hasDocument,
  type Commit,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from '../../support/postings.js';
import { expectSound } from '../../support/sound.js';
import { rejectionOf } from '../../support/thrown.js';

const EMPTY = createIndex({ dimensions: 1, shardCapacity: 16 });

/** Lets all that can happen without a timer happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const add = (documentId: string, value = 1): AsyncRecipe => {
  return async (draft) => {
    await Promise.resolve();
    draft.addPosting({ documentId, vector: [value] });
    await Promise.resolve();
  };
};

interface Waiting {
  readonly outcome: Promise<Commit>;
  readonly controller: AbortController;
}

/**
 * Lets the first of some updates have the turn and hold it; the others wait for it, in this order. All of them touch
 * the same document. Returns them, and what lets the first one go on.
 */
async function queued(cell: CowShardexIndex, count: number): Promise<{ all: Waiting[]; go: () => void }> {
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  let lose = (): void => undefined;
  const lost = new Promise<void>((resolve) => (lose = resolve));
  const all = Array.from({ length: count }, (_, i): Waiting => {
    const controller = new AbortController();
    let runs = 0;
    const outcome = cell.updateAsync(
      async (draft) => {
        draft.addPosting({ documentId: 'shared', start: i, vector: [i] });
        await (runs++ === 0 ? lost : i === 0 ? held : undefined);
      },
      { signal: controller.signal, retries: 0 },
    );
    // Whoever looks at it later; until then a rejection is not unhandled.
    outcome.catch(() => undefined);
    return { outcome, controller };
  });
  await settled();
  // Each loses the race for its first run, and has no other.
  cell.update((draft) => {
    draft.addPosting({ documentId: 'faster', vector: [1] });
  });
  lose();
  await settled();
  expect(cell.metrics()).toMatchObject({ pendingWrites: count, retries: count });
  expect(cell.postingCount).toBe(1);
  return { all, go };
}

describe('nothing brings the cell to a stand:', () => {
  test('by looking at its metrics at every moment', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const state = { done: false };
    const all = Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        cell.updateAsync(async (draft) => {
          cell.metrics();
          await add(`d${i}`)(draft);
          cell.metrics();
        }),
      ),
    ).finally(() => {
      state.done = true;
    });
    // Between any two jobs, too.
    while (!state.done) {
      expect(cell.metrics().pendingWrites).toBeLessThanOrEqual(40);
      await Promise.resolve();
    }
    await all;
    expect(cell.postingCount).toBe(40);
  });

  test('by recipes that fail, abort, conflict or do nothing', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const { all, go } = await queued(cell, 3);
    all[1].controller.abort(new Error('gone'));
    const others = [
      cell.updateAsync(() => {
        throw new Error('at once');
      }),
      cell.updateAsync(() => Promise.reject(new Error('later'))),
      cell.updateAsync(() => undefined),
      cell.updateAsync(add('shared', 5), { retries: 0 }),
      cell.updateAsync(add('other'), { signal: AbortSignal.abort(new Error('beforehand')) }),
    ];
    go();
    const outcomes = await Promise.allSettled([...all.map(({ outcome }) => outcome), ...others]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
    await Promise.all([1, 2, 3].map((i) => cell.updateAsync(add(`after${i}`))));
    expect(hasDocument(cell.read(), 'after3')).toBe(true);
    expectSound(cell.read());
  });
});

describe('an update that is given up while it waits', () => {
  test('leaves the line: the turn goes to the next one who is there', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const { all, go } = await queued(cell, 6);
    const gone = [1, 2, 4];
    for (const i of gone) all[i].controller.abort(new Error(`gone ${i}`));
    // At once, and not when the turn has come.
    for (const i of gone) expect(await rejectionOf(all[i].outcome)).toEqual(new Error(`gone ${i}`));
    expect(cell.metrics().pendingWrites).toBe(3);
    go();
    for (const i of [0, 3, 5]) await all[i].outcome;
    const starts = [0, 3, 5].map((i) => `shared ${i}`);
    expect([...documentIds(cell.read())].sort()).toEqual(['faster', 'shared']);
    expect(cell.postingCount).toBe(1 + starts.length);
    expect(cell.metrics().pendingWrites).toBe(0);
  });

  test('does not count towards the bound on pending writes any more', async () => {
    const cell = new CowShardexIndex(EMPTY, { maxPendingWrites: 3 });
    const { all, go } = await queued(cell, 3);
    expect(await rejectionOf(cell.updateAsync(add('refused')))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    all[2].controller.abort(new Error('gone'));
    await rejectionOf(all[2].outcome);
    await cell.updateAsync(add('accepted'));
    go();
    await Promise.all([all[0].outcome, all[1].outcome]);
    expect(hasDocument(cell.read(), 'accepted')).toBe(true);
  });
});

describe('an abort', () => {
  test('after the publication does not turn success into failure', async () => {
    for (let wait = 0; wait < 8; wait++) {
      const cell = new CowShardexIndex(EMPTY);
      const controller = new AbortController();
      const outcome = cell.updateAsync(add('a'), { signal: controller.signal });
      // As soon as it can be seen, and some jobs later.
      while (cell.version === 0) await Promise.resolve();
      for (let i = 0; i < wait; i++) await Promise.resolve();
      controller.abort(new Error('too late'));
      expect((await outcome).index).toBe(cell.read());
      expect(cell.metrics()).toMatchObject({ pendingWrites: 0, commits: { count: 1 } });
    }
  });

  test('before it publishes nothing, at whatever moment it comes', async () => {
    let [published, rejected] = [0, 0];
    for (let wait = 0; wait < 12; wait++) {
      const cell = new CowShardexIndex(EMPTY);
      const controller = new AbortController();
      const reason = new Error('enough');
      const outcome = Promise.allSettled([cell.updateAsync(add('a'), { signal: controller.signal })]);
      for (let i = 0; i < wait; i++) await Promise.resolve();
      const before = cell.version;
      controller.abort(reason);
      const [result] = await outcome;
      // Never both, and never neither.
      if (result.status === 'fulfilled') {
        published++;
        expect([before, cell.version]).toEqual([1, 1]);
      } else {
        rejected++;
        expect(result.reason).toBe(reason);
        expect(cell.read()).toBe(EMPTY);
      }
      expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
    }
    expect(published).toBeGreaterThan(0);
    expect(rejected).toBeGreaterThan(0);
  });

  test('within the recipe itself is noticed before anything is published', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const controller = new AbortController();
    const error = await rejectionOf(
      cell.updateAsync(
        (draft) => {
          draft.addPosting({ documentId: 'a', vector: [1] });
          controller.abort(new Error('mine'));
        },
        { signal: controller.signal },
      ),
    );
    expect(error).toEqual(new Error('mine'));
    expect(cell.read()).toBe(EMPTY);
  });
});

test('a long update blocks neither readers nor writers', async () => {
  const cell = new CowShardexIndex(
    createIndex(
      { dimensions: 1 },
      numbered(10, (i) => [i]),
    ),
  );
  let finish = (): void => undefined;
  const slow = cell.updateAsync(async (draft) => {
    draft.removeDocument('p3');
    await new Promise<void>((resolve) => (finish = resolve));
  });
  await settled();
  expect(hasDocument(cell.read(), 'p3')).toBe(true);
  cell.update((draft) => {
    draft.addPosting({ documentId: 'sync', vector: [1] });
  });
  await cell.updateAsync(add('async'));
  expect(cell.postingCount).toBe(12);
  finish();
  await settled();
  // It lost the race against those, and is run again.
  finish();
  await slow;
  expect(cell.postingCount).toBe(11);
});

describe('writers that have nothing to do with each other', () => {
  test('are joined instead of refused', () => {
    const cell = new CowShardexIndex(EMPTY);
    const writers = Array.from({ length: 10 }, () => cell.cloneForWrite());
    writers.forEach((writer, i) => {
      writer.addPosting({ documentId: `d${i}`, vector: [i] });
    });
    const versions = writers.map((writer) => writer.commitChanges().version);
    expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(cell.metrics()).toMatchObject({ rebases: 9, conflicts: 0 });
  });

  test('use up no version number when they fail', async () => {
    const cell = new CowShardexIndex(EMPTY);
    for (let i = 0; i < 5; i++) {
      await rejectionOf(cell.updateAsync(() => Promise.reject(new Error('mine'))));
      expect(() =>
        cell.update(() => {
          throw new Error('mine');
        }),
      ).toThrow('mine');
    }
    expect((await cell.updateAsync(add('a'))).version).toBe(1);
  });
});
