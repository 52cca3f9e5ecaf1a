import { CowShardexIndex, ResourceExhaustedError, createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { rejectionOf } from '../../support/thrown.js';

test('one more than maxPendingWrites is refused without running, and accepted once another has settled', async () => {
  for (const limit of [1, 3]) {
    const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { maxPendingWrites: limit });
    const ends: (() => void)[] = [];
    let runs = 0;
    const start = (n: number): Promise<unknown> =>
      cell.updateAsync(async (draft) => {
        runs++;
        draft.addPosting({ documentId: `${n}`, vector: [1] });
        await new Promise<void>((resolve) => ends.push(resolve));
      });
    const pending = Array.from({ length: limit }, (_, n) => start(n));
    expect(cell.metrics().pendingWrites).toBe(limit);
    const refusal = await rejectionOf(start(99));
    expect(refusal).toBeInstanceOf(ResourceExhaustedError);
    expect(refusal).toMatchObject({ limit, code: 'RESOURCE_EXHAUSTED' });
    expect(runs).toBe(limit);
    expect(cell.metrics().pendingWrites).toBe(limit);

    // Synchronous writers wait for nobody, so they are not counted.
    cell.update((draft) => {
      draft.addPosting({ documentId: 'sync', vector: [1] });
    });
    const state = { settled: false };
    const all = Promise.all(pending).finally(() => {
      state.settled = true;
    });
    while (!state.settled) {
      ends.splice(0).forEach((end) => {
        end();
      });
      await new Promise(setImmediate);
    }
    await all;
    expect(cell.metrics().pendingWrites).toBe(0);
    await cell.updateAsync((draft) => {
      draft.addPosting({ documentId: 'next', vector: [1] });
    });
    expect(cell.postingCount).toBe(limit + 2);
  }
});

test('a refused, failed or aborted update does not count as pending any more', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { maxPendingWrites: 1 });
  for (let i = 0; i < 3; i++) {
    await rejectionOf(cell.updateAsync(() => Promise.reject(new Error('failed'))));
    await rejectionOf(cell.updateAsync(() => undefined, { signal: AbortSignal.abort() }));
    // @ts-expect-error -- the option does not exist
    await rejectionOf(cell.updateAsync(() => undefined, { retry: 1 }));
    expect(cell.metrics().pendingWrites).toBe(0);
  }
});
