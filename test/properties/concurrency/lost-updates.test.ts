import * as shardex from 'shardex';
import { CowShardexIndex, createIndex, postings } from 'shardex';
import { expect, test } from 'vitest';
import { type Race, losesNothing } from '../../support/checks/loses-nothing.js';
import { numbered } from '../../support/postings.js';
import { expectSound } from '../../support/sound.js';

test('n writers of m postings each come to n · m postings, and the metrics count every step (I3)', async () => {
  const seen = { rebases: 0, retries: 0, conflicts: 0 };
  await losesNothing(shardex, 300, (race) => {
    expectExactMetrics(race);
    const { rebases, retries, conflicts } = race.cell.metrics();
    seen.rebases += rebases;
    seen.retries += retries;
    seen.conflicts += conflicts;
  });
  // Writers that never met would prove nothing.
  expect(Object.values(seen).every((times) => times > 50)).toBe(true);
});

function expectExactMetrics({ cell, tally }: Race): void {
  const metrics = cell.metrics();
  expect(metrics.commits.count).toBe(tally.adds);
  expect(metrics.clones.count).toBe(tally.clones);
  // Every recipe that was not published was discarded and run again.
  expect(metrics.retries).toBe(tally.recipes - tally.published);
  expect(metrics.discards).toBe(tally.recipes - tally.published);
  expect(metrics.pendingWrites).toBe(0);
  expect(metrics.liveWriters).toBe(0);
  const met = metrics.conflicts - tally.conflicts;
  // A recipe that gives way to somebody's turn counts as a retry, but met no conflict.
  if (tally.turnless) expect(met).toBe(metrics.retries);
  else expect(met >= 0 && met <= metrics.retries).toBe(true);
}

const BASE = createIndex(
  { dimensions: 1, metric: 'euclidean', shardCapacity: 64 },
  numbered(20, (i) => [i]),
);

test('two writers of one version that fill a shard each are joined', () => {
  const cell = new CowShardexIndex(BASE);
  const [first, second] = [cell.cloneForWrite(), cell.cloneForWrite()];
  // A shard each.
  first.addPostings(numbered(70, (i) => [100 + i], 'first'));
  second.addPostings(numbered(70, (i) => [500 + i], 'second'));
  first.commitChanges();
  second.commitChanges();
  expect([cell.postingCount, cell.version]).toEqual([160, 3]);
  for (let i = 0; i < 70; i++) {
    expect(postings(cell.read(), `first${i}`)).toHaveLength(1);
    expect(postings(cell.read(), `second${i}`)).toHaveLength(1);
  }
  expectSound(cell.read());
});

test('a writer that commits late takes nothing back that was committed since', () => {
  const cell = new CowShardexIndex(BASE);
  const late = cell.cloneForWrite();
  late.addPosting({ documentId: 'late', vector: [1] });
  for (let i = 0; i < 10; i++) {
    cell.update((draft) => {
      draft.addPosting({ documentId: `early${i}`, vector: [i] });
    });
  }
  late.commitChanges();
  expect([cell.postingCount, cell.version]).toEqual([31, 12]);
});

test('writers that append to one shard never write to the same row', () => {
  const cell = new CowShardexIndex(BASE);
  expect(cell.shardCount).toBe(1);
  const writers = [0, 1, 2].map(() => cell.cloneForWrite());
  // Row by row in turns, so that each finds the tail where another has left it.
  for (let i = 0; i < 10; i++) {
    writers.forEach((writer, w) => {
      writer.addPosting({ documentId: `w${w}-${i}`, vector: [w * 1000 + i] });
      expect(writer.preview().postingCount).toBe(21 + i);
    });
  }
  writers.forEach((writer, w) => {
    const preview = writer.preview();
    expectSound(preview);
    for (let i = 0; i < 10; i++) {
      expect(postings(preview, `w${w}-${i}`)[0].vector[0]).toBe(w * 1000 + i);
    }
    writer.commitChanges();
  });
  expect(cell.postingCount).toBe(50);
  for (let w = 0; w < 3; w++) {
    for (let i = 0; i < 10; i++) {
      expect(postings(cell.read(), `w${w}-${i}`)[0].vector[0]).toBe(w * 1000 + i);
    }
  }
  expectSound(cell.read());
  expectSound(BASE);
});
