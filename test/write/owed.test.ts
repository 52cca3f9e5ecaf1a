import {
  type Posting,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  update,
  verify,
} from 'shardex';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Reassign from '../../src/write/reassign.js';
import type * as Metric from '../../src/geometry/metric.js';
import type { Steps } from '../../src/collections/steps.js';
import { addRows } from '../../src/write/add.js';
import { DraftState } from '../../src/write/draft-state.js';
import { owedAfter } from '../../src/write/owed.js';
import { rebalance } from '../../src/write/rebalance.js';
import { stagePostings } from '../../src/write/staging.js';
import { numbered } from '../support/postings.js';
import { type Random, clusteredVectors, seeded } from '../support/random.js';
import { expectSound, layoutOf } from '../support/sound.js';

const measured = vi.hoisted(() => ({ components: 0 }));

vi.mock('../../src/geometry/metric.js', async (original) => {
  const metric = await original<typeof Metric>();
  const separations: typeof metric.separations = (...args) => {
    measured.components += args[4] * args[1].vector.length;
    metric.separations(...args);
  };
  return { ...metric, separations };
});

const compared = vi.hoisted(() => ({ shards: 0 }));

vi.mock('../../src/write/reassign.js', async (original) => {
  const reassign = await original<typeof Reassign>();
  const reassignShard: typeof reassign.reassignShard = (...args) => {
    compared.shards++;
    return reassign.reassignShard(...args);
  };
  return { ...reassign, reassignShard };
});

beforeEach(() => {
  measured.components = 0;
  compared.shards = 0;
});

const CAPACITY = 128;

/** Few clusters, so that many shards are near each other. */
const vectors = (random: Random, dimensions: number) => clusteredVectors(random, dimensions, 3, 1);

/** All of them near one, so that a shard is soon full. */
function close(vector: () => number[], random: Random): () => number[] {
  const [middle, other] = [vector(), vector()];
  return () => {
    const much = 0.1 * random();
    return middle.map((component, i) => (1 - much) * component + much * other[i] + 0.05 * random());
  };
}

/** What one commit took: pauses, and components of vectors that were measured outright. */
interface Work {
  readonly steps: number;
  readonly components: number;
  readonly index: ShardexIndex;
  /** Shards whose rows were compared with new centroids. */
  readonly compared: number;
}

function commit(base: ShardexIndex, posting: Posting): Work {
  const before = measured.components;
  const { shards } = compared;
  const state = new DraftState(base);
  let steps = 0;
  const run = <T>(work: Steps<T>): T => {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      steps++;
    }
  };
  run(addRows(state, stagePostings(base.config, [posting])));
  run(rebalance(state));
  const index = run(state.finishing());
  return { steps, components: measured.components - before, index, compared: compared.shards - shards };
}

/** Adds one by one until so many shards were split; the work of each commit. */
function grown(index: ShardexIndex, splits: number, vector: () => number[]): readonly Work[] {
  const works: Work[] = [];
  const until = index.shardCount + splits;
  for (let i = 0, current = index; current.shardCount < until; i++) {
    const work = commit(current, { documentId: `one ${i}`, vector: vector() });
    works.push(work);
    current = work.index;
  }
  return works;
}

const most = (works: readonly Work[], of: 'steps' | 'components'): number =>
  works.reduce((least, work) => Math.max(least, work[of]), 0);

describe.each([64, 256])('in %i dimensions', (dimensions) => {
  const vector = vectors(seeded(dimensions), dimensions);
  const sizes = [1500, 3000, 6000];
  const indexes = sizes.map((size) =>
    createIndex({ dimensions, shardCapacity: CAPACITY }, numbered(size, vector)),
  );

  test('no commit of one posting takes more than a bounded part of what a split comes to, at any size', () => {
    // What all rows around two new centroids take.
    const atOnce = 64 * 0.6 * CAPACITY * 2 * dimensions;
    const works = indexes.map((index) => grown(index, 2, close(vector, seeded(3))));
    for (const i of sizes.keys()) {
      const longest = most(works[i], 'components');
      // What is paid for, the last shard beyond it, and what else a split measures: its own rows.
      expect(longest).toBeLessThan(1_000_000 + CAPACITY * dimensions * 6);
      // None of them is longer than the others (see `Steps`); 128 of them are for neighbours, where all are short.
      expect(most(works[i], 'steps')).toBeLessThan(300);
    }
    if (dimensions === 256) expect(most(works[2], 'components')).toBeLessThan(atOnce / 2);
  });

  test('what is left is done by the commits that follow', () => {
    let [index] = indexes.slice(-1);
    let owing = 0;
    const works = grown(index, 2, close(vector, seeded(3)));
    for (const work of works) {
      owing += Number(work.index.owed.length > 0);
      index = work.index;
    }
    if (dimensions === 256) expect(owing).toBeGreaterThan(2);
    for (let i = 0; index.owed.length > 0; i++) {
      expect(i).toBeLessThan(64);
      index = commit(index, { documentId: `later ${i}`, vector: vector() }).index;
    }
    expectSound(index);
    expect(verify(index, { placement: 'all' }).misplacedShare).toBeLessThan(0.01);
  });
});

test('a split of as many components as a commit pays for leaves all neighbours to later commits', () => {
  const [dimensions, shardCapacity] = [256, 512];
  const vector = vectors(seeded(7), dimensions);
  const index = createIndex({ dimensions, shardCapacity }, numbered(3000, vector));
  const works = grown(index, 2, close(vector, seeded(3)));
  const splits = works.filter((work, i) => work.index.shardCount > (works[i - 1]?.index ?? index).shardCount);
  expect(splits).toHaveLength(2);
  for (const split of splits) {
    expect(split.compared).toBe(0);
    const { owed, changed, nextShardId } = split.index;
    const fresh = changed.ids.filter((id) => id >= nextShardId - 2);
    // Rows around the new shards with their centroids, and their rows with those around them.
    expect(owed.some((id, i) => i % 2 === 0 && fresh.includes(owed[i + 1]))).toBe(true);
    expect(owed.some((id, i) => i % 2 === 0 && fresh.includes(id))).toBe(true);
  }
  expect(compared.shards).toBeGreaterThan(0);
});

describe('what is owed', () => {
  const dimensions = 256;
  const vector = vectors(seeded(5), dimensions);
  const bulk = createIndex({ dimensions, shardCapacity: CAPACITY }, numbered(6000, vector));
  const works = grown(bulk, 1, close(vector, seeded(3)));
  const owing = works[works.length - 1].index;
  const more = numbered(20, vector, 'more');
  const goneOn = (from: ShardexIndex): ShardexIndex =>
    more.reduce(
      (index, posting) =>
        update(index, (draft) => {
          draft.addPosting(posting);
        }),
      from,
    );

  test('travels with deltas, so that a replica goes on as its source does (I10)', () => {
    expect(owing.owed.length).toBeGreaterThan(0);
    const bytes = encodeDelta(diff(bulk, owing));
    const replica = applyDelta(bulk, decodeDelta(bytes));
    expect(replica.owed).toEqual(owing.owed);
    const [here, there] = [goneOn(owing), goneOn(replica)];
    expect(there.fingerprint).toBe(here.fingerprint);
    expect(layoutOf(there)).toEqual(layoutOf(here));
    expect(there.owed).toEqual(here.owed);
  });

  test('is none in a batch that pays for it, or where every posting is to be in its nearest shard', () => {
    const batch = update(owing, (draft) => draft.addPostings(numbered(300, vector, 'batch')));
    expect(batch.owed).toEqual([]);
    const strict = createIndex(
      { dimensions, shardCapacity: CAPACITY, reassign: 'strict' },
      numbered(1000, vector),
    );
    for (const { index } of grown(strict, 1, close(vector, seeded(3)))) {
      expect(index.owed).toEqual([]);
    }
  });

  test('is not paid by what changes nothing', () => {
    expect(update(owing, (draft) => draft.removeDocument('nobody'))).toBe(owing);
    const there = numbered(6000, vector)[0];
    expect(update(owing, (draft) => draft.removeDocument(there.documentId)).owed.length).toBeLessThan(
      owing.owed.length,
    );
  });

  test('goes over to the shards that come in place of one, and is dropped with the shard that is new', () => {
    const owed = [1, 9, 2, 9, 3, 8];
    expect(owedAfter(owed, new Map([[2, [10, 11]]]), [4, 10])).toEqual([1, 9, 10, 9, 11, 9, 3, 8, 4, 10]);
    expect(owedAfter(owed, new Map([[9, [10, 11]]]), [4, 10])).toEqual([3, 8, 4, 10]);
    expect(owedAfter(owed, new Map([[7, [10, 11]]]), [])).toBe(owed);
  });
});
