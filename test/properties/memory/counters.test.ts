import { CowShardexIndex, type IndexWriter, type ShardexIndex, createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { collectGarbage } from '../../support/garbage.js';

const empty = (): CowShardexIndex => new CowShardexIndex(createIndex({ dimensions: 1 }));

/** Waits for so many old versions to be left; more collections than that takes must not make them fewer. */
async function expectOldVersions(cell: CowShardexIndex, count: number): Promise<void> {
  await collectGarbage(() => count === 0 && cell.metrics().liveOldVersions === 0);
  expect(cell.metrics().liveOldVersions).toBe(count);
}

function publish(cell: CowShardexIndex, count: number): ShardexIndex[] {
  return Array.from(
    { length: count },
    (_, i) =>
      cell.update((draft) => {
        draft.addPosting({ documentId: 'd', start: cell.postingCount + i, vector: [i] });
      }).index,
  );
}

test('liveOldVersions counts the superseded versions that somebody holds (I8)', async () => {
  const cell = empty();
  publish(cell, 50);
  expect(cell.metrics().liveOldVersions).toBe(50);
  await expectOldVersions(cell, 0);

  const held = publish(cell, 20);
  // The last of them is current, so it is not an old one; nobody holds the one that was current before.
  await expectOldVersions(cell, 19);
  held.splice(5);
  await expectOldVersions(cell, 5);
  held.length = 0;
  await expectOldVersions(cell, 0);
});

test('versions made in a loop are collected when it pauses, all of them', async () => {
  const cell = empty();
  for (let round = 0; round < 5; round++) {
    publish(cell, 100);
    await expectOldVersions(cell, 0);
  }
  expect(cell.version).toBe(500);
});

test('liveWriters counts the writers that are open, and forgets those that were lost', async () => {
  const cell = empty();
  const writers: IndexWriter[] = Array.from({ length: 6 }, () => cell.cloneForWrite());
  expect(cell.metrics().liveWriters).toBe(6);
  writers[0].commitChanges();
  writers[1].discard();
  writers[1].discard();
  writers[2].addPosting({ documentId: 'a', vector: [1] });
  writers[2].commitChanges();
  expect(cell.metrics().liveWriters).toBe(3);
  writers.splice(0, 5);
  await collectGarbage();
  expect(cell.metrics().liveWriters).toBe(1);
  // A writer that is closed and then collected is counted once.
  writers[0].discard();
  writers.length = 0;
  await collectGarbage();
  expect(cell.metrics()).toMatchObject({ liveWriters: 0, discards: 2, commits: { count: 1 } });
});

test('the counters of a cell are its own', async () => {
  const [one, other] = [empty(), empty()];
  const held = publish(one, 3);
  await expectOldVersions(one, 2);
  expect(other.metrics()).toMatchObject({ liveOldVersions: 0, commits: { count: 0 }, clones: { count: 0 } });
  expect(held).toHaveLength(3);
});

test('metrics are a frozen picture of one moment', () => {
  const cell = empty();
  const before = cell.metrics();
  publish(cell, 2);
  expect(before.commits.count).toBe(0);
  expect(Object.isFrozen(before) && Object.isFrozen(before.commits)).toBe(true);
  const { commits, byteLength } = cell.metrics();
  expect(commits.count).toBe(2);
  expect(commits.totalMs).toBeGreaterThan(0);
  expect(commits.maxMs).toBeLessThanOrEqual(commits.totalMs);
  expect(commits.meanMs).toBeCloseTo(commits.totalMs / 2);
  expect(byteLength).toBe(cell.read().byteLength);
});
