import { CowShardexIndex, type Posting, type ShardexIndex, createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { collectGarbage, survivors } from '../../support/garbage.js';
import { numbered } from '../../support/postings.js';
import { seeded } from '../../support/random.js';
import { rejectionOf } from '../../support/thrown.js';

/* I8: an ingest that is given up leaves nothing behind. */

const dimensions = 64;
const random = seeded(1);
const postings: Posting[] = numbered(4000, () => Array.from({ length: dimensions }, () => random() - 0.5));

/** Bytes of the vectors that one ingest takes in: it copies them into staging blocks, and from there into shards. */
const bytes = postings.length * dimensions * 4;

/** Gives up after so many slices that have taken all postings. */
async function givenUp(cell: CowShardexIndex, after: number): Promise<void> {
  const controller = new AbortController();
  let slices = 0;
  const run = cell.ingest(postings, {
    sliceMs: 0,
    signal: controller.signal,
    onProgress: ({ taken }) => {
      if (taken === postings.length && ++slices === after) controller.abort(new Error('given up'));
    },
  });
  expect(await rejectionOf(run)).toEqual(new Error('given up'));
}

async function buffersNow(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

test('what ingests that were given up have staged and made is collected', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions, shardCapacity: 64 }));
  await givenUp(cell, 5);
  const before = await buffersNow();
  // While it sorts in, while it makes shards, and near the end.
  for (const after of [1, 50, 100, 150, 200, 250, 300, 350]) await givenUp(cell, after);
  expect((await buffersNow()) - before).toBeLessThan(bytes / 2);
});

test('it holds its base while it is under way, and no longer', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions }));
  const bases: WeakRef<ShardexIndex>[] = [];
  const remember = (): void => {
    bases.push(new WeakRef(cell.read()));
  };
  for (const after of [2, 20]) {
    remember();
    await givenUp(cell, after);
    cell.update((draft) => {
      draft.addPostings(postings.slice(0, after));
    });
  }
  remember();
  // The commit holds both of its versions.
  expect((await cell.ingest(postings)).isEmpty).toBe(false);
  expect(await survivors(bases)).toBe(0);
  expect(cell.held()).toEqual([]);
});
