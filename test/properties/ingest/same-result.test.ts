import * as shardex from 'shardex';
import { type Posting, type ShardexIndex, createIndex, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../support/fingerprint.js';
import { METRICS } from '../../support/postings.js';
import { expectSound, layoutOf } from '../../support/sound.js';
import { arriving, cellOf, config, filled, streamed } from './scene.js';

/* I10: what `ingest` publishes is what synchronous updates would have, to the bit. */

const queries = [
  [1, 0, 0, 0],
  [-1, 2, 0.5, 1],
];

function expectTwins(a: ShardexIndex, b: ShardexIndex): void {
  expect(a.fingerprint).toBe(b.fingerprint);
  expect(fingerprint(shardex, a, queries)).toBe(fingerprint(shardex, b, queries));
  expect(layoutOf(a)).toEqual(layoutOf(b));
  expect(a.changed).toEqual(b.changed);
  expectSound(a);
}

const adding = (index: ShardexIndex, postings: readonly Posting[]): ShardexIndex =>
  update(index, (draft) => {
    draft.addPostings(postings);
  });

describe.each(METRICS)('by the metric %s', (metric) => {
  test.each([0, 0.2, 1000])('one batch makes the same, in slices of %s ms', async (sliceMs) => {
    const before = filled(metric);
    const { index, previous } = await cellOf(before).ingest(arriving(), { sliceMs });
    expect(previous).toBe(before);
    expectTwins(index, adding(before, arriving()));
  });

  test('and so it is where there was nothing', async () => {
    const empty = createIndex(config(metric));
    const { index } = await cellOf(empty).ingest(arriving(), { sliceMs: 0 });
    expectTwins(index, adding(empty, arriving()));
  });
});

test('what cannot be parted by a plane is ingested alike', async () => {
  const same = Array.from({ length: 100 }, (_, i) => ({ documentId: `s${i}`, vector: [1, 2, 3, 4] }));
  const { index } = await cellOf(filled()).ingest(same, { sliceMs: 0 });
  expectTwins(index, adding(filled(), same));
});

test('so many rows that values are sorted in several runs give the same, too', async () => {
  // An outlier in each hundred makes the plane unbalanced, so that it has to be moved.
  const many = Array.from({ length: 40_000 }, (_, i) => ({
    documentId: `m${i}`,
    vector: [i % 100 === 0 ? 1000 : 0, (i * 7919) % 40_009],
  }));
  const empty = createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 4096 });
  const { index } = await cellOf(empty).ingest(many);
  const twin = adding(empty, many);
  expect(index.fingerprint).toBe(twin.fingerprint);
  expect(layoutOf(index)).toEqual(layoutOf(twin));
});

test.each([1, 7, 50, 305])('commits of %i are those of as many updates', async (commitEvery) => {
  const cell = cellOf(filled());
  const versions: ShardexIndex[] = [];
  cell.subscribe(({ index }) => versions.push(index));
  const last = await cell.ingest(streamed(arriving()), { commitEvery, sliceMs: 0.1 });
  let twin = filled();
  const twins: ShardexIndex[] = [];
  for (let from = 0; from < arriving().length; from += commitEvery) {
    const next = adding(twin, arriving().slice(from, from + commitEvery));
    if (next !== twin) twins.push(next);
    twin = next;
  }
  expect(versions.map(({ fingerprint: print }) => print)).toEqual(
    twins.map(({ fingerprint: print }) => print),
  );
  expect(last.index).toBe(cell.read());
  expectTwins(last.index, twin);
});

test('the draft can be gone on with as after a synchronous update', async () => {
  const { index } = await cellOf(filled()).ingest(arriving(), { sliceMs: 0 });
  const further = arriving(400).slice(250);
  expectTwins(adding(index, further), adding(adding(filled(), arriving()), further));
});

test('nothing to add publishes nothing', async () => {
  const cell = cellOf(filled());
  const before = cell.read();
  for (const source of [[], [...shardex.documentIds(before)].flatMap((id) => shardex.postings(before, id))]) {
    const commit = await cell.ingest(source);
    expect(commit.isEmpty).toBe(true);
    expect(commit.index).toBe(before);
    expect(cell.read()).toBe(before);
  }
  expect((await cell.ingest([], { commitEvery: 3 })).isEmpty).toBe(true);
});
