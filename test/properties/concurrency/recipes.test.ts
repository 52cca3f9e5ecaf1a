import {
  AsyncRecipeError,
  ConflictError,
  CowShardexIndex,
  type IndexDraft,
  WriterClosedError,
  createIndex,
  hasDocument,
  update,
} from 'shardex';
import { expect, test } from 'vitest';
import { rejectionOf, thrownBy } from '../../support/thrown.js';

const empty = (): CowShardexIndex => new CowShardexIndex(createIndex({ dimensions: 1 }));
const posting = (documentId: string, x = 1): { documentId: string; vector: number[] } => ({
  documentId,
  vector: [x],
});

/** What Node would report as a rejection that nobody handles, while something is done. */
async function unhandledDuring(action: () => void): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  action();
  // They are reported after the microtasks; a few turns of the event loop are enough.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  process.off('unhandledRejection', listen);
  return unhandled;
}

/** Async, which its type conceals: TypeScript lets a recipe return anything, so the library has to look. */
function asyncRecipe(draft: IndexDraft): unknown {
  return (async () => {
    draft.addPosting(posting('too early'));
    await Promise.resolve();
    draft.addPosting(posting('too late'));
  })();
}

test('an async recipe given to update() is refused, and leaves nothing behind to fail later', async () => {
  const cell = empty();
  const before = cell.read();
  const unhandled = await unhandledDuring(() => {
    expect(() => cell.update(asyncRecipe)).toThrow(AsyncRecipeError);
    expect(() => update(before, asyncRecipe)).toThrow(AsyncRecipeError);
  });
  expect(unhandled).toEqual([]);
  expect(cell.read()).toBe(before);
  expect(cell.metrics()).toMatchObject({ discards: 1, liveWriters: 0 });
});

test('so is a recipe that returns any other thenable', () => {
  const cell = empty();
  const thenable = { then: (): void => undefined };
  expect(thrownBy(() => cell.update(() => thenable as unknown as undefined))).toMatchObject({
    code: 'ASYNC_RECIPE',
  });
});

test('an error in a recipe reaches the caller as it is, and nothing is published', async () => {
  const cell = empty();
  const before = cell.read();
  const failure = new RangeError('mine');
  const fail = (draft: IndexDraft): never => {
    draft.addPosting(posting('a'));
    throw failure;
  };
  expect(thrownBy(() => cell.update(fail))).toBe(failure);
  expect(await rejectionOf(cell.updateAsync(fail))).toBe(failure);
  expect(
    await rejectionOf(
      cell.updateAsync(async (draft) => {
        await Promise.resolve();
        fail(draft);
      }),
    ),
  ).toBe(failure);
  expect(cell.read()).toBe(before);
  expect(cell.metrics()).toMatchObject({ discards: 3, liveWriters: 0, pendingWrites: 0, retries: 0 });
});

test('a ConflictError of its own is no lost race: it reaches the caller, and the recipe is not run again', async () => {
  const elsewhere = empty();
  const stale = elsewhere.cloneForWrite();
  stale.addPosting(posting('a', 1));
  elsewhere.update((draft) => {
    draft.addPosting(posting('a', 2));
  });
  const cell = empty();
  for (const retries of [0, 3]) {
    let runs = 0;
    const rejection = await rejectionOf(
      cell.updateAsync(
        async (draft) => {
          draft.addPosting(posting('b'));
          await Promise.resolve();
          // Were it taken for a lost race, this would go on for ever.
          if (++runs > 20) throw new Error('run again and again');
          stale.commitChanges();
        },
        { retries },
      ),
    );
    expect(rejection).toBeInstanceOf(ConflictError);
    expect(rejection).toMatchObject({ documents: ['a'] });
    expect(runs).toBe(1);
  }
  expect(cell.metrics()).toMatchObject({ conflicts: 0, retries: 0, discards: 2 });
});

test('an error in a turn ends the turn', async () => {
  const cell = empty();
  let runs = 0;
  const failing = cell.updateAsync(
    async (draft) => {
      draft.addPosting(posting('failing'));
      await Promise.resolve();
      if (++runs === 2) throw new RangeError('in its turn');
      cell.update((other) => {
        other.addPosting(posting('overtakes'));
      });
    },
    { retries: 0 },
  );
  const waiting = cell.updateAsync((draft) => {
    draft.addPosting(posting('waiting'));
  });
  await expect(failing).rejects.toThrow('in its turn');
  await waiting;
  expect(runs).toBe(2);
  expect(hasDocument(cell.read(), 'failing')).toBe(false);
  expect(hasDocument(cell.read(), 'waiting')).toBe(true);
});

test('a draft kept beyond its recipe is closed', async () => {
  const cell = empty();
  const kept: IndexDraft[] = [];
  cell.update((draft) => void kept.push(draft));
  update(cell.read(), (draft) => void kept.push(draft));
  await cell.updateAsync((draft) => void kept.push(draft));
  for (const draft of kept) {
    expect(() => {
      draft.addPosting(posting('late'));
    }).toThrow(WriterClosedError);
    expect(() => draft.preview()).toThrow(WriterClosedError);
  }
  expect(kept).toHaveLength(3);
  expect(cell.isEmpty).toBe(true);
});

test('an update inside a recipe is published first, and then joined', () => {
  const cell = empty();
  cell.update((outer) => {
    outer.addPosting(posting('outer'));
    const { index: inner } = cell.update((draft) => {
      draft.addPosting(posting('inner'));
      cell.update((innermost) => {
        innermost.addPosting(posting('innermost'));
      });
    });
    expect(inner.version).toBe(2);
    expect(cell.read()).toBe(inner);
    // The outer draft is isolated from what was published meanwhile.
    expect(outer.has('inner')).toBe(false);
  });
  expect(cell.version).toBe(3);
  for (const id of ['outer', 'inner', 'innermost']) expect(hasDocument(cell.read(), id)).toBe(true);
  expect(cell.metrics()).toMatchObject({ rebases: 2, commits: { count: 3 }, liveWriters: 0 });
});

test('where the two overlap the outer one is refused, and the inner one stays', () => {
  const cell = empty();
  const error = thrownBy(() =>
    cell.update((outer) => {
      outer.addPosting(posting('a', 1));
      cell.update((inner) => {
        inner.addPosting(posting('a', 2));
      });
    }),
  );
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({ documents: ['a'], baseVersion: 0, currentVersion: 1 });
  expect(cell.version).toBe(1);
  expect(cell.metrics()).toMatchObject({ conflicts: 1, discards: 1, liveWriters: 0 });
});

test('an update inside an async recipe is joined too', async () => {
  const cell = empty();
  let runs = 0;
  await cell.updateAsync(async (outer) => {
    outer.addPosting(posting('outer'));
    await Promise.resolve();
    if (runs++ === 0)
      cell.update((inner) => {
        inner.addPosting(posting('inner'));
      });
  });
  expect(runs).toBe(2);
  expect(cell.postingCount).toBe(2);
});

test('an async update inside an async recipe is published first, and then joined', async () => {
  const cell = empty();
  let inner = 0;
  await cell.updateAsync(async (outer) => {
    outer.addPosting(posting('outer'));
    await cell.updateAsync((draft) => {
      draft.addPosting(posting(`inner${inner++}`));
    });
  });
  // The outer one loses each race against its own inner one, and is joined in its turn.
  expect(inner).toBe(5);
  expect(cell.postingCount).toBe(6);
  expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0, rebases: 1 });
});

test('where those two overlap they wait for each other, until one of them is given up', async () => {
  const cell = empty();
  const controller = new AbortController();
  const both = (start: number): Parameters<IndexDraft['addPosting']>[0] => ({ ...posting('a'), start });
  let runs = 0;
  const outer = cell.updateAsync(
    async (draft) => {
      draft.addPosting(both(0));
      await cell.updateAsync(
        (other) => {
          other.addPosting(both(++runs));
        },
        { signal: controller.signal },
      );
    },
    { retries: 0 },
  );
  const rejected = rejectionOf(outer);
  await new Promise(setImmediate);
  expect(cell.metrics().pendingWrites).toBe(2);
  controller.abort('enough');
  expect(await rejected).toBe('enough');
  await cell.updateAsync((draft) => {
    draft.addPosting(both(0));
  });
  expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
});

test('postings that come from an iterable which commits the writer itself are refused', () => {
  const cell = empty();
  const writer = cell.cloneForWrite();
  function* closing(): Generator<ReturnType<typeof posting>> {
    yield posting('a');
    writer.commitChanges();
    yield posting('b');
  }
  expect(() => writer.addPostings(closing())).toThrow(WriterClosedError);
  expect(cell.isEmpty).toBe(true);
});
