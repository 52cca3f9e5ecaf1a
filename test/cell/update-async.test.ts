import { CowShardexIndex, createIndex, InvalidOptionError, postings, type UpdateAsyncOptions } from 'shardex';
import { describe, expect, test } from 'vitest';
import { expectSound } from '../support/sound.js';
import { rejectionOf } from '../support/thrown.js';

const EMPTY = createIndex({ dimensions: 1 });

describe('updateAsync', () => {
  test('resolves to the version that it has published', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const { index: published } = await cell.updateAsync(async (draft) => {
      draft.addPosting({ documentId: 'a', vector: [await Promise.resolve(1)] });
    });
    expect(published).toBe(cell.read());
    expect(published.version).toBe(1);
    expectSound(published);
  });

  test('takes a recipe that does not await, or changes nothing', async () => {
    const cell = new CowShardexIndex(EMPTY);
    await cell.updateAsync((draft) => {
      draft.addPosting({ documentId: 'a', vector: [1] });
    });
    expect((await cell.updateAsync(() => undefined)).index).toBe(cell.read());
    expect(cell.version).toBe(1);
  });

  test('runs the recipe on the newest version after losing a race', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const seen: number[] = [];
    await cell.updateAsync(async (draft) => {
      seen.push(draft.preview().postingCount);
      await Promise.resolve();
      // Somebody is faster, twice.
      if (seen.length <= 2) {
        cell.update((other) => {
          other.addPosting({ documentId: `faster${seen.length}`, vector: [1] });
        });
      }
      draft.addPosting({ documentId: 'slow', vector: [1] });
    });
    expect(seen).toEqual([0, 1, 2]);
    expect(cell.postingCount).toBe(3);
    expect(cell.metrics()).toMatchObject({ retries: 2, commits: { count: 3 } });
  });

  test('with retries used up joins what it can', async () => {
    for (const retries of [0, 1, 4]) {
      const cell = new CowShardexIndex(EMPTY);
      let runs = 0;
      await cell.updateAsync(
        async (draft) => {
          const documentId = `run${runs++}`;
          await Promise.resolve();
          cell.update((other) => {
            other.addPosting({ documentId, vector: [1] });
          });
          draft.addPosting({ documentId: 'mine', vector: [1] });
        },
        { retries },
      );
      // It lost retries + 1 races, and joined the change that came in its turn.
      expect(runs).toBe(retries + 2);
      expect(cell.postingCount).toBe(runs + 1);
      expect(cell.metrics()).toMatchObject({ retries: retries + 1, rebases: 1 });
    }
  });

  test('loses nothing of what many add at once', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const published = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        cell.updateAsync(async (draft) => {
          for (let wait = i % 5; wait > 0; wait--) await Promise.resolve();
          draft.addPosting({ documentId: `d${i}`, vector: [i] });
        }),
      ),
    );
    expect(cell.postingCount).toBe(40);
    // Each got a version of its own, with its own change in it.
    expect(new Set(published.map(({ version }) => version)).size).toBe(40);
    published.forEach(({ index }, i) => {
      expect(postings(index, `d${i}`)).toHaveLength(1);
    });
    expectSound(cell.read());
  });
});

describe('it rejects', () => {
  test.each([
    [
      'thrown at once',
      () => {
        throw new RangeError('mine');
      },
    ],
    [
      'thrown later',
      async () => {
        await Promise.resolve();
        throw new RangeError('mine');
      },
    ],
  ])('with what the recipe throws: %s', async (_, fail: () => Promise<void>) => {
    const cell = new CowShardexIndex(EMPTY);
    let runs = 0;
    const error = await rejectionOf(
      cell.updateAsync((draft) => {
        runs++;
        draft.addPosting({ documentId: 'a', vector: [1] });
        return fail();
      }),
    );
    expect(error).toEqual(new RangeError('mine'));
    expect([runs, cell.read() === EMPTY]).toEqual([1, true]);
    expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0, retries: 0 });
  });

  test.each([
    [{ retries: -1 }],
    [{ retries: 1001 }],
    [{ retries: 0.5 }],
    [{ retries: '3' }],
    [{ retries: null }],
    [{ retry: 1 }],
    [{ timeout: 5 }],
    [{ signal: 5 }],
    [{ signal: {} }],
    [null],
    [5],
  ])('unusable options: %o', async (options) => {
    const cell = new CowShardexIndex(EMPTY);
    let runs = 0;
    const error = await rejectionOf(
      cell.updateAsync(
        () => {
          runs++;
        },
        options as unknown as UpdateAsyncOptions,
      ),
    );
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(runs).toBe(0);
    expect(cell.metrics().pendingWrites).toBe(0);
  });
});
