import { createIndex, type Metric, postings, search, statistics, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.js';
import { type RowList, columnsOf } from '../../src/version/row-block.js';
import { runSteps } from '../../src/collections/steps.js';
import { partition } from '../../src/write/partition.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { dyadicVector, gaussianVector, type Random, seeded, shuffled } from '../support/random.js';
import { listOf } from '../support/rows.js';
import { expectSameContents } from '../support/sound.js';

const CAPACITY = 20;
/** Parts are filled to 80 % of the capacity. */
const LIMIT = 16;

const namesOf = (list: RowList) => list.rows.map((row, i) => columnsOf(list.blocks[i]).ids.at(row));

/** The names in each part of some vectors. */
function namesOfParts(vectors: readonly number[][], metric: Metric, seed = 0): string[][] {
  const dimensions = vectors[0].length;
  const list = listOf(
    numbered(vectors.length, (i) => vectors[i]),
    dimensions,
  );
  return runSteps(partition(list, resolveConfig({ dimensions, metric, shardCapacity: CAPACITY, seed }))).map(
    namesOf,
  );
}

function expectWhole(found: readonly string[][], count: number): void {
  // No posting is lost or doubled.
  expect(found.flat().sort()).toEqual(Array.from({ length: count }, (_, i) => `p${i}`).sort());
  for (const part of found) {
    expect(part.length).toBeGreaterThan(0);
    expect(part.length).toBeLessThanOrEqual(LIMIT);
  }
}

const SHAPES: Record<string, (random: Random, dimensions: number, count: number) => number[][]> = {
  gaussian: (random, d, count) => Array.from({ length: count }, () => gaussianVector(random, d)),
  'with many ties': (random, d, count) => Array.from({ length: count }, () => dyadicVector(random, d)),
  identical: (random, d, count) => {
    const vector = gaussianVector(random, d);
    return Array.from({ length: count }, () => vector);
  },
  'zero vectors': (_, d, count) => Array.from({ length: count }, () => new Array<number>(d).fill(0)),
  'identical but for one': (random, d, count) => [
    gaussianVector(random, d),
    ...Array.from({ length: count - 1 }, () => new Array<number>(d).fill(1)),
  ],
  'with outliers': (random, d, count) =>
    Array.from({ length: count }, (_, i) => gaussianVector(random, d, i % 17 === 0 ? 1e6 : 1)),
  'on a line': (random, d, count) =>
    shuffled(
      random,
      Array.from({ length: count }, (_, i) => new Array<number>(d).fill(i)),
    ),
  'ever farther': (_, d, count) =>
    Array.from({ length: count }, (__, i) => new Array<number>(d).fill(Math.fround(1.2 ** i))),
  'of the largest magnitude': (random, d, count) =>
    Array.from({ length: count }, () => gaussianVector(random, d, 5e37)),
  'of the smallest magnitude': (random, d, count) =>
    Array.from({ length: count }, () => gaussianVector(random, d, 1e-44)),
};

describe.each(METRICS)('a partition by %s', (metric) => {
  describe.each(Object.keys(SHAPES))('vectors %s', (shape) => {
    test.each([1, 2, 7])('in %i dimensions loses and doubles none, and leaves room in every part', (d) => {
      const random = seeded(d);
      for (const count of [17, 21, 64, 250]) {
        expectWhole(namesOfParts(SHAPES[shape](random, d, count), metric), count);
      }
    });
  });

  test('leaves what fits in one part', () => {
    const random = seeded(1);
    for (const count of [1, 2, LIMIT]) {
      expect(namesOfParts(SHAPES.gaussian(random, 2, count), metric)).toHaveLength(1);
    }
    expect(namesOfParts(SHAPES.gaussian(random, 2, LIMIT + 1), metric).length).toBeGreaterThan(1);
  });

  test('keeps clusters together', () => {
    const random = seeded(2);
    // By angle as well as by distance.
    const centres = [
      [10, 0],
      [0, 10],
      [-10, 0],
      [0, -10],
    ];
    const vectors = Array.from({ length: 40 }, (_, i) =>
      gaussianVector(random, 2, 0.1).map((x, j) => x + centres[i % 4][j]),
    );
    const found = namesOfParts(vectors, metric);
    for (const part of found) {
      expect(new Set(part.map((name) => Number(name.slice(1)) % 4)).size).toBe(1);
    }
  });

  test('halves identical vectors rather than losing them', () => {
    const vectors = Array.from({ length: LIMIT + 1 }, () => [1, 2]);
    const sizes = namesOfParts(vectors, metric).map((part) => part.length);
    expect(sizes.sort((a, b) => a - b)).toEqual([8, 9]);
  });

  test('is the same again, and the seed only draws samples (I10)', () => {
    const random = seeded(3);
    const few = SHAPES.gaussian(random, 3, 500);
    expect(namesOfParts(few, metric, 1)).toEqual(namesOfParts(few, metric, 0));
    // Above 2,048 rows a plane is fitted to a sample.
    const many = SHAPES.gaussian(random, 3, 2100);
    expect(namesOfParts(many, metric, 0)).toEqual(namesOfParts(many, metric, 0));
    expect(namesOfParts(many, metric, 1)).not.toEqual(namesOfParts(many, metric, 0));
    expectWhole(namesOfParts(many, metric, 1), 2100);
  });
});

describe.each(METRICS)('an index that splits, by %s,', (metric) => {
  test.each(Object.keys(SHAPES))('holds every posting, within capacity: %s', (shape) => {
    const random = seeded(4);
    const options = { dimensions: 3, metric, shardCapacity: 8 };
    const twin = new NaiveTwin(options);
    const vectors = SHAPES[shape](random, 3, 120);
    let index = createIndex(options);
    // One by one, in small batches and in one large batch.
    for (const size of [1, 1, 1, 5, 12, 50, 50]) {
      const batch = numbered(size, () => vectors.shift() ?? [], `b${index.version}-`);
      for (const posting of batch) twin.add(posting);
      index = update(index, (draft) => {
        draft.addPostings(batch);
      });
      expect(statistics(index).shardSize.most).toBeLessThanOrEqual(8);
    }
    expectSameContents(index, twin);
    const query = gaussianVector(random, 3);
    expect(search(index, query, { k: 200, slopFactor: 'all' })).toEqual(twin.search(query, { k: 200 }));
  });

  test('leaves the version before it in one piece (I1)', () => {
    const random = seeded(5);
    const before = createIndex(
      { dimensions: 2, metric, shardCapacity: 8 },
      numbered(8, () => gaussianVector(random, 2)),
    );
    expect(before.shardCount).toBe(1);
    const found = search(before, [1, 1], { k: 20, includeVector: true });
    const after = update(before, (draft) => {
      draft.addPosting({ documentId: 'one too many', vector: [0.5, 0.5] });
    });
    expect(after.shardCount).toBe(2);
    expect(search(before, [1, 1], { k: 20, includeVector: true })).toEqual(found);
    expect([before.shardCount, before.postingCount]).toEqual([1, 8]);
    // The parent is gone and its id is not used again.
    const parent = [...before.shards.keys()][0];
    expect(after.shards.has(parent)).toBe(false);
    expect(Math.min(...after.shards.keys())).toBeGreaterThan(parent);
  });
});

test('a document whose postings are split apart is still found whole', () => {
  const index = createIndex(
    { dimensions: 1, metric: 'euclidean', shardCapacity: 8 },
    Array.from({ length: 60 }, (_, start) => ({ documentId: 'only', start, vector: [start] })),
  );
  expect(index.shardCount).toBeGreaterThan(7);
  expect(index.documentCount).toBe(1);
  expect(postings(index, 'only').map(({ start }) => start)).toEqual(Array.from({ length: 60 }, (_, i) => i));
});
