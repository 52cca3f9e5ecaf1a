import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CowShardexIndex, type Recipe, createIndex } from 'shardex';

/** More than Node lets pass without a warning. */
const MANY = 12;

const cell = (): CowShardexIndex => new CowShardexIndex(createIndex({ dimensions: 1 }));
const posting = { documentId: 'a', vector: [1] };
const adding =
  (start: number): Recipe =>
  (draft) => {
    draft.addPosting({ ...posting, start });
  };
const never = new Promise<void>(() => undefined);

/** Each begins something with a signal that goes on until it is ended in one way or another. */
const calls: Record<string, (cell: CowShardexIndex, signal: AbortSignal) => Promise<unknown>> = {
  waitFor: (of, signal) => of.waitFor(1, { signal }),
  'waitFor with a predicate that throws': (of, signal) =>
    of.waitFor(
      ({ version }) => {
        if (version > 0) throw new Error('no');
        return false;
      },
      { signal },
    ),
  'changes()': (of, signal) => {
    const stream = of.changes({ signal });
    return stream.next().finally(() => stream.return?.());
  },
  'changes() that overflow': async (of, signal) => {
    const stream = of.changes({ signal, maxBuffered: 1 });
    await of.waitFor(2, { signal });
    await stream.next();
    await stream.next();
  },
  updateAsync: (of, signal) => of.updateAsync(() => never, { signal }),
  'updateAsync that waits for its turn': (of, signal) =>
    of.updateAsync(
      async (draft) => {
        await setImmediate();
        draft.addPosting(posting);
      },
      { signal, retries: 0 },
    ),
  ingest: (of, signal) =>
    of.ingest(
      (async function* () {
        yield posting;
        await never;
      })(),
      { signal },
    ),
};

test.each(Object.entries(calls))(
  'many calls of %s at once leave one listener on their signal, and none when they are over',
  async (_, call) => {
    for (const ends of ['by an abort', 'by commits', 'by closing']) {
      const of = cell();
      const controller = new AbortController();
      const { signal } = controller;
      const all = Promise.allSettled(Array.from({ length: MANY }, () => call(of, signal)));
      await setImmediate();
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      if (ends === 'by closing') of.close();
      if (ends === 'by commits') for (const start of [1, 2]) of.update(adding(start));
      await setImmediate();
      // What never ends by itself is given up.
      controller.abort(new Error(ends));
      await all;
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
  },
);

test('what ends by itself leaves nothing on a signal that does not abort', async () => {
  const { signal } = new AbortController();
  const of = cell();
  for (let i = 0; i < MANY; i++) {
    const waiting = of.waitFor(of.version + 1, { signal });
    const closing = of.changes({ signal });
    await of.updateAsync(adding(i), { signal });
    await of.ingest([{ ...posting, documentId: `b${i}` }], { signal });
    await waiting;
    await closing.return?.();
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a predicate that gives up itself, while the current version is looked at, does not wait for ever', async () => {
  const controller = new AbortController();
  const giveUp = (): boolean => {
    controller.abort('enough');
    return false;
  };
  await expect(cell().waitFor(giveUp, { signal: controller.signal })).rejects.toBe('enough');
});
