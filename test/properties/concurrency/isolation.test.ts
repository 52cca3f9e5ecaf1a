import * as fc from 'fast-check';
import * as shardex from 'shardex';
import { CowShardexIndex, type ShardexIndex, createIndex, postings } from 'shardex';
import { expect, test } from 'vitest';
import { branchesStayApart } from '../../support/checks/branches-apart.js';
import { publishesInOneStep } from '../../support/checks/one-step.js';
import { fingerprint } from '../../support/fingerprint.js';

test('branches of one version stay apart (I1)', () => {
  branchesStayApart(shardex);
});

test('a recipe shows in one step or not at all (I2)', () => {
  publishesInOneStep(shardex);
});

/** The number that both halves of the pair hold. */
function pairIn(version: ShardexIndex): [number, number] {
  const [left] = postings(version, 'left');
  const [right] = postings(version, 'right');
  return [left.vector[0], right.vector[0]];
}

test('readers between any two steps of writers see whole commits, and a snapshot never changes (I1, I2)', async () => {
  const pair = (x: number): shardex.Posting[] => [
    { documentId: 'left', vector: [x] },
    { documentId: 'right', vector: [x] },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(4),
      async (scheduler, rounds, noise) => {
        const start = createIndex({ dimensions: 1, metric: 'euclidean', shardCapacity: 8 }, pair(0));
        const cell = new CowShardexIndex(start);
        const step = (label: string): Promise<void> => scheduler.schedule(Promise.resolve(), label);
        const print = (version: ShardexIndex): string => fingerprint(shardex, version, [[0]]);
        let writing = true;

        const write = async (): Promise<void> => {
          for (let x = 1; x <= rounds; x++) {
            await cell.updateAsync(async (draft) => {
              const [left, right] = pair(x);
              draft.addPosting(left);
              await step('between the halves');
              draft.addPosting(right);
            });
          }
          writing = false;
        };
        // Others append to the same shard, split it, and throw some of their work away.
        const disturb = async (n: number): Promise<void> => {
          for (let i = 0; writing; i++) {
            const writer = cell.cloneForWrite();
            for (let j = 0; j < 4; j++)
              writer.addPosting({ documentId: `noise${n}`, start: 4 * i + j, vector: [j] });
            await step('noise');
            if (i % 3 === 2) writer.discard();
            else writer.commitChanges();
          }
        };
        const read = async (): Promise<void> => {
          let last = 0;
          while (writing) {
            const snapshot = cell.read();
            const then = print(snapshot);
            const [left, right] = pairIn(snapshot);
            expect(left).toBe(right);
            // Versions are only ever followed by later ones.
            expect(left).toBeGreaterThanOrEqual(last);
            last = left;
            await step('reading');
            expect(print(snapshot)).toBe(then);
            expect(pairIn(snapshot)).toEqual([left, right]);
          }
        };
        const noises = Array.from({ length: noise }, (_, n) => disturb(n));
        await scheduler.waitFor(Promise.all([write(), read(), read(), ...noises]));
        expect(pairIn(cell.read())).toEqual([rounds, rounds]);
      },
    ),
    { numRuns: 60 },
  );
});

test('an open writer sees its base and its own changes, whatever is published meanwhile', () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'old', vector: [1] }]));
  const writer = cell.cloneForWrite();
  writer.addPosting({ documentId: 'mine', vector: [1] });
  cell.update((draft) => {
    draft.removeDocument('old');
    draft.addPosting({ documentId: 'theirs', vector: [1] });
  });
  expect([...shardex.documentIds(writer.preview())].sort()).toEqual(['mine', 'old']);
  expect(writer.has('theirs')).toBe(false);
  expect([...shardex.documentIds(cell.read())]).toEqual(['theirs']);
});
