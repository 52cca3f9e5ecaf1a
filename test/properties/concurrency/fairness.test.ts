import * as fc from 'fast-check';
import { CowShardexIndex, createIndex, postings } from 'shardex';
import { expect, test } from 'vitest';

const empty = (): CowShardexIndex => new CowShardexIndex(createIndex({ dimensions: 1 }));
const posting = (documentId: string, x = 1): { documentId: string; vector: number[] } => ({
  documentId,
  vector: [x],
});

test('a long update is published although short ones keep changing the same document', async () => {
  const cases = fc.record({
    steps: fc.integer({ min: 2, max: 8 }),
    retries: fc.nat(3),
    /** At which step the long one first touches what the others change. */
    touches: fc.nat(8),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), cases, async (scheduler, { steps, retries, touches }) => {
      const cell = empty();
      let runs = 0;
      let done = false;
      const long = cell
        .updateAsync(
          async (draft) => {
            runs++;
            for (let i = 0; i <= steps; i++) {
              if (i === Math.min(touches, steps)) draft.addPosting(posting('shared', runs));
              if (i < steps) await scheduler.schedule(Promise.resolve(), 'long');
            }
          },
          { retries },
        )
        .finally(() => {
          done = true;
        });
      let shorts = 0;
      const stream = async (name: string): Promise<void> => {
        while (!done) {
          await scheduler.schedule(Promise.resolve(), name);
          const x = 1000 + shorts++;
          await cell.updateAsync((draft) => {
            draft.addPosting(posting('shared', x));
            draft.addPosting(posting(`${name}${x}`));
          });
        }
      };
      await scheduler.waitFor(Promise.all([long, stream('x'), stream('y')]));
      // Lost at most so often; once in its turn, if the others came before it had touched anything; and no more then.
      expect(runs).toBeLessThanOrEqual(retries + 3);
      expect(cell.postingCount).toBe(shorts + 1);
    }),
    { numRuns: 100 },
  );
});

/** Starts updates that all have lost once and then wait for a turn, in the order given. */
async function lineUp(cell: CowShardexIndex, order: readonly number[], onTurn: (n: number) => Promise<void>) {
  const gates = new Map<number, () => void>();
  const all = order.map((n) => {
    let runs = 0;
    const gate = new Promise<void>((resolve) => gates.set(n, resolve));
    return cell.updateAsync(
      async (draft) => {
        draft.addPosting(posting(`${n}`));
        if (runs++ === 0) await gate;
        else await onTurn(n);
      },
      { retries: 0 },
    );
  });
  // Their recipes have begun.
  await new Promise(setImmediate);
  cell.update((draft) => {
    draft.addPosting(posting('overtakes them all'));
  });
  for (const n of order) {
    gates.get(n)?.();
    // Each is in the line before the next one's gate opens.
    await new Promise(setImmediate);
  }
  return all;
}

test('turns are given in the order in which they were asked for, one at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 2 }),
      async (scheduler, order) => {
        const cell = empty();
        const log: string[] = [];
        const all = await lineUp(cell, order, async (n) => {
          log.push(`begin ${n}`);
          await scheduler.schedule(Promise.resolve(), `${n}`);
          await scheduler.schedule(Promise.resolve(), `${n}`);
          log.push(`end ${n}`);
        });
        await scheduler.waitFor(Promise.all(all));
        expect(log).toEqual(order.flatMap((n) => [`begin ${n}`, `end ${n}`]));
        expect(cell.postingCount).toBe(order.length + 1);
      },
    ),
    { numRuns: 50 },
  );
});

test('during a turn, who wants the same documents waits, and who wants others does not', async () => {
  const cell = empty();
  let endTurn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (endTurn = resolve));
  const turn = await lineUp(cell, [1], () => gate);
  const runs = { same: 0, other: 0 };
  const same = cell.updateAsync((draft) => {
    runs.same++;
    draft.addPosting({ ...posting('1'), start: runs.same });
  });
  const other = cell.updateAsync((draft) => {
    runs.other++;
    draft.addPosting(posting('other'));
  });
  expect((await other).index.postingCount).toBe(2);
  await new Promise(setImmediate);
  expect(runs).toEqual({ same: 1, other: 1 });
  expect(cell.metrics().pendingWrites).toBe(2);
  endTurn();
  await Promise.all([...turn, same]);
  expect(runs.same).toBe(2);
  expect(postings(cell.read(), '1').map(({ start }) => start)).toEqual([0, 2]);
  expect(cell.metrics()).toMatchObject({ pendingWrites: 0, liveWriters: 0 });
});

test('a synchronous update does not wait for a turn, and what it changed is joined', async () => {
  const cell = empty();
  let endTurn = (): void => undefined;
  const turn = new Promise<void>((resolve) => (endTurn = resolve));
  const all = await lineUp(cell, [1], () => turn);
  cell.update((draft) => {
    draft.addPosting(posting('sync'));
  });
  endTurn();
  await Promise.all(all);
  expect(cell.postingCount).toBe(3);
  expect(cell.metrics().rebases).toBe(1);
});

test('a turn whose outcome overlaps with a synchronous update is run once more', async () => {
  const cell = empty();
  let overlaps = 1;
  const all = await lineUp(cell, [1], async () => {
    await Promise.resolve();
    if (overlaps-- > 0)
      cell.update((draft) => {
        draft.addPosting({ documentId: '1', vector: [7] });
      });
  });
  const [published] = await Promise.all(all);
  expect(published.index).toBe(cell.read());
  expect(cell.postingCount).toBe(2);
  // Lost once at first, and once in its turn.
  expect(cell.metrics()).toMatchObject({ retries: 2, conflicts: 2, pendingWrites: 0 });
});
