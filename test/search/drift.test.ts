import {
  applyDelta,
  CowShardexIndex,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  type IndexDraft,
  type Metric,
  openReplica,
  search,
  serveReplicas,
  type ShardexIndex,
  statistics,
  update,
  updateWithDelta,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { LEVELS, isKnown } from '../../src/calibration/ranks.js';
import { ofDocuments, numbered } from '../support/postings.js';
import { clusteredVectors, gaussianVector, integerBelow, type Random, seeded } from '../support/random.js';

/*
 * The recall that is asked for holds while what an index holds changes: for queries like what was there before as well as
 * for those like what has come.
 */

const D = 24;
const K = 10;

/**
 * Two hundredths are promised. Chance does the rest: to the mean of 150 queries of ten neighbours each, and to a sample
 * that has some 50 members of a kind that makes up a tenth of so small an index.
 */
const ALLOWED = 0.02 + 0.05;

type Maker = () => number[];

const KINDS = {
  tight: (random: Random): Maker => clusteredVectors(random, D, 120, 0.1),
  cloud:
    (random: Random): Maker =>
    () =>
      gaussianVector(random, D, 1),
  flat: (random: Random): Maker => {
    const axes = Array.from({ length: 5 }, () => gaussianVector(random, D, 1));
    return () => {
      const vector = gaussianVector(random, D, 0.1);
      for (const axis of axes) {
        const along = gaussianVector(random, 1, 1)[0];
        for (let i = 0; i < D; i++) vector[i] += along * axis[i];
      }
      return vector;
    };
  },
} as const;

type Kind = keyof typeof KINDS;

/** The share of the true nearest that searches find. */
function recallOf(index: ShardexIndex, queries: readonly number[][], recall: number, k = K): number {
  let found = 0;
  for (const query of queries) {
    const farthest = search(index, query, { k, slopFactor: 'all' })[k - 1].distance;
    found += search(index, query, { k, recall }).filter(({ distance }) => distance <= farthest).length;
  }
  return found / (k * queries.length);
}

function expectRecall(index: ShardexIndex, queries: readonly number[][], what: string): void {
  for (const recall of [0.8, 0.9, 0.97])
    expect(recallOf(index, queries, recall), `${what}, ${recall} asked for`).toBeGreaterThan(
      recall - ALLOWED,
    );
}

const GROWTHS: readonly [Kind, Kind, Metric][] = [
  ['tight', 'cloud', 'euclidean'],
  ['cloud', 'tight', 'euclidean'],
  ['flat', 'cloud', 'cosine'],
  ['cloud', 'flat', 'dot'],
  ['tight', 'flat', 'euclidean'],
];

test.each(GROWTHS)('an index of one kind (%s) that grows by another (%s), by %s', (one, other, metric) => {
  const random = seeded(3);
  const [before, after] = [KINDS[one](random), KINDS[other](random)];
  const [old, fresh] = [Array.from({ length: 150 }, before), Array.from({ length: 150 }, after)];
  let index = createIndex({ dimensions: D, metric, shardCapacity: 128 }, numbered(5000, before));
  expectRecall(index, old, 'still');
  for (let tenth = 1; tenth <= 6; tenth++) {
    // In commits of a few, as it mostly comes.
    for (let part = 0; part < 5; part++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(100, after, `${tenth}-${part}-`));
      });
    }
    expectRecall(index, fresh, `${tenth} tenths of the other kind, queries like those`);
    expectRecall(index, old, `${tenth} tenths of the other kind, queries like the first`);
  }
});

describe('what is deleted', () => {
  const random = seeded(5);
  const centres = Array.from({ length: 12 }, () => gaussianVector(random, D, 2));
  const of = (topic: number): number[] => gaussianVector(random, D, 0.8).map((x, i) => x + centres[topic][i]);
  const topicOf = (i: number): number => i % 12;
  const postings = Array.from({ length: 6000 }, (_, i) => ({ documentId: `p${i}`, vector: of(topicOf(i)) }));
  const full = createIndex({ dimensions: D, metric: 'euclidean', shardCapacity: 128 }, postings);
  const without = (gone: (i: number) => boolean): ShardexIndex =>
    update(full, (draft) => {
      draft.removeDocuments(postings.flatMap(({ documentId }, i) => (gone(i) ? [documentId] : [])));
    });

  test('by topic', () => {
    const index = without((i) => topicOf(i) % 3 === 0);
    const queries = Array.from({ length: 150 }, (_, i) => of([1, 2, 4, 5, 7, 8, 10, 11][i % 8]));
    expectRecall(index, queries, 'a third of the topics gone');
  });

  test('at random', () => {
    const index = without((i) => i % 10 < 7);
    expectRecall(
      index,
      Array.from({ length: 150 }, (_, i) => of(topicOf(i))),
      'seven tenths gone',
    );
    expect(statistics(index).calibration?.sampleSize).toBeGreaterThan(90);
  });
});

test('a window that slides from one kind to another', () => {
  const random = seeded(8);
  const [before, after] = [KINDS.flat(random), KINDS.cloud(random)];
  let index = createIndex({ dimensions: D, shardCapacity: 128 }, numbered(4000, before, 'w'));
  const queries = Array.from({ length: 150 }, after);
  for (let step = 0; step < 20; step++) {
    index = update(index, (draft) => {
      draft.removeDocuments(Array.from({ length: 200 }, (_, i) => `w${200 * step + i}`));
      draft.addPostings(numbered(200, after, `n${step}-`));
    });
    if (step % 5 === 4) expectRecall(index, queries, `after ${step + 1} steps`);
  }
  // Nothing of the sample is of what is gone.
  expect(index.calibration?.samples.filter(({ documentId }) => documentId.startsWith('w')).size).toBe(0);
});

describe('the sample', () => {
  const random = seeded(9);
  const vector = KINDS.flat(random);
  const options = { dimensions: D, shardCapacity: 64 };
  const start = createIndex(options, numbered(3000, vector));
  const any = (draft: IndexDraft, step: number): void => {
    const r = seeded(step);
    const other = KINDS.cloud(r);
    draft.addPostings(numbered(1 + integerBelow(r, 80), other, `s${step}-`));
    for (let i = 0; i < 20; i++) draft.removeDocument(`p${integerBelow(r, 3000)}`);
    draft.addPostings(numbered(10, other));
  };

  test('is the same in a replica, by deltas one by one, composed, as bytes, or between distant versions', async () => {
    const cell = new CowShardexIndex(start);
    const { port1, port2 } = new MessageChannel();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    let twin = applyDelta(createIndex(options), decodeDelta(encodeDelta(diff(createIndex(options), start))));
    expect(twin.calibration).toEqual(start.calibration);
    let index = start;
    for (let step = 0; step < 12; step++) {
      const { index: next, delta } = updateWithDelta(index, (draft) => {
        any(draft, step);
      });
      twin = applyDelta(twin, decodeDelta(encodeDelta(delta)));
      expect(twin.calibration).toEqual(next.calibration);
      index = next;
      cell.update((draft) => {
        any(draft, step);
      });
    }
    expect(index.calibration).not.toBe(start.calibration);
    expect(cell.read().fingerprint).toBe(index.fingerprint);
    expect(cell.read().calibration).toEqual(index.calibration);
    expect(applyDelta(start, decodeDelta(encodeDelta(diff(start, index)))).calibration).toEqual(
      index.calibration,
    );
    expect((await replica.waitFor(cell.version)).calibration).toEqual(index.calibration);
    cell.close();
    port1.close();
  });

  test('takes a few hundred bytes of a delta for each posting that was looked for', () => {
    const { index, delta } = updateWithDelta(start, (draft) => {
      draft.addPostings(numbered(60, vector, 'x'));
    });
    const before = new Set(start.calibration?.samples);
    const renewed = index.calibration?.samples.filter((sample) => !before.has(sample)).size ?? 0;
    expect(renewed).toBeGreaterThan(0);
    const [base, limit] = [60 * (4 * D + 30) + 2000, 350 * renewed + 8 * 375];
    expect(encodeDelta(delta).length).toBeLessThan(base + limit);
  });

  test('is the same by ingest as by one batch', async () => {
    const more = ofDocuments(900, 900, vector).map((posting) => ({
      ...posting,
      documentId: `i${posting.documentId}`,
    }));
    const cell = new CowShardexIndex(start);
    await cell.ingest(more);
    const batch = update(start, (draft) => {
      draft.addPostings(more);
    });
    expect(cell.read().fingerprint).toBe(batch.fingerprint);
    expect(cell.read().calibration).toEqual(batch.calibration);
  });

  test('is even: postings of all ages are in it, in proportion', () => {
    let index = createIndex(options, numbered(1500, vector, 'a'));
    for (let step = 0; step < 45; step++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(100, vector, `b${step}-`));
      });
    }
    const { samples } = index.calibration ?? {};
    expect(samples?.size).toBe(750);
    const old = samples?.filter(({ documentId }) => documentId.startsWith('a')).size ?? 0;
    expect(old / 750).toBeGreaterThan(0.18);
    expect(old / 750).toBeLessThan(0.33);
  });

  test('looks for a thousand neighbours some 256 times, and always where it is smaller', () => {
    const deepOf = ({ calibration }: ShardexIndex): number =>
      calibration?.samples.count(({ ranks }) => isKnown(ranks, LEVELS.length - 1)) ?? 0;
    let index = createIndex(options, numbered(1600, vector));
    expect([deepOf(index), index.calibration?.samples.size]).toEqual([200, 200]);
    for (let step = 0; step < 64; step++) {
      index = update(index, (draft) => {
        draft.addPostings(numbered(100, vector, `${step}-`));
      });
    }
    expect(index.calibration?.samples.size).toBe(1000);
    expect(deepOf(index)).toBeGreaterThan(180);
    expect(deepOf(index)).toBeLessThan(500);
  });

  test('costs a commit no more looks than in proportion to what it changes', () => {
    let index = start;
    for (let step = 0; step < 60; step++) {
      const taken = index.calibration?.taken ?? 0;
      index = update(index, (draft) => {
        draft.addPosting({ documentId: `one${step}`, vector: vector() });
      });
      expect((index.calibration?.taken ?? 0) - taken).toBeLessThanOrEqual(3);
    }
    // It grows from nothing while an index grows past the least size, a few at a time.
    let small = createIndex(options, numbered(1000, vector));
    expect(small.calibration).toBeUndefined();
    for (let step = 0; step < 200; step++) {
      const taken = small.calibration?.taken ?? 0;
      small = update(small, (draft) => {
        draft.addPosting({ documentId: `more${step}`, vector: vector() });
      });
      expect((small.calibration?.taken ?? 0) - taken).toBeLessThanOrEqual(4);
    }
    expect(small.calibration?.samples.size).toBeGreaterThan(140);
  });
});
