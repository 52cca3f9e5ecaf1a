import { type ShardexIndex, createIndex, postings, update } from 'shardex';
import { expect, test, vi } from 'vitest';
import { Looker } from '../../src/search/look.js';
import { rehearseLook } from '../../src/write/rehearse-look.js';
import { rehearseSplit } from '../../src/write/rehearse-split.js';
import { METRICS, numbered } from '../support/postings.js';
import { clusteredVectors, seeded } from '../support/random.js';
import { expectSound, layoutOf } from '../support/sound.js';

/* What is split and looked for beside a version, so that the code is compiled when it is wanted. */

const D = 40;

/** How many of some calls did more than to see that it is not time. */
function doing(calls: number, rehearsal: () => Iterator<unknown>): number {
  let count = 0;
  for (let i = 0; i < calls; i++) {
    const steps = rehearsal();
    let paused = 0;
    while (steps.next().done !== true) paused++;
    if (paused > 0) count++;
  }
  return count;
}

test.each(METRICS)(
  'by %s a lineage rehearses a split some times, and its version stays as it is',
  (metric) => {
    const vector = clusteredVectors(seeded(1), D, 10, 0.3);
    const index = createIndex({ dimensions: D, metric, shardCapacity: 128 }, numbered(100, vector));
    const [shard] = index.shards.values();
    const [layout, rows] = [layoutOf(index), shard.rows];
    expect(doing(1000, () => rehearseSplit(shard, index.config))).toBe(24);
    expect([layoutOf(index), shard.rows]).toEqual([layout, rows]);
    expectSound(index);
  },
);

test('it is rehearsed before the first split, and what comes out is the same where it is not (I10)', () => {
  const vector = clusteredVectors(seeded(2), D, 10, 0.3);
  const all = numbered(400, vector);
  const options = { dimensions: D, shardCapacity: 128 };
  const one = (index: ShardexIndex, posting: (typeof all)[number]): ShardexIndex =>
    update(index, (draft) => {
      draft.addPosting(posting);
    });
  const [here, there] = [createIndex(options), createIndex(options)];
  const shard = [...createIndex(options, all.slice(0, 100)).shards.values()][0];
  // None is left to this lineage.
  doing(1000, () => rehearseSplit(shard, there.config));
  const [a, b] = [here, there].map((from) => all.reduce(one, from));
  expect(a.shardCount).toBeGreaterThan(3);
  expect(layoutOf(a)).toEqual(layoutOf(b));
  expect(a.fingerprint).toBe(b.fingerprint);
  expect(doing(200, () => rehearseSplit(shard, here.config))).toBeLessThan(24);
});

test('a lineage rehearses a look some times, each in one shard alone', () => {
  const vector = clusteredVectors(seeded(3), D, 10, 0.3);
  const index = createIndex({ dimensions: D, shardCapacity: 64 }, numbered(900, vector));
  const looked = vi.spyOn(Looker.prototype, 'look');
  const shards = [...index.shards.keys()];
  const [key] = postings(index, 'p0');
  for (let i = 0; i < 20; i++)
    doing(1, () => rehearseLook({ ...index, shardsOfDocument: () => shards }, [key]));
  expect(looked).toHaveBeenCalledTimes(8);
  for (const { value } of looked.mock.results) expect(value).toMatchObject({ shardCount: 1 });
  looked.mockRestore();
});
