import {
  createIndex,
  type Metric,
  search,
  searchExplained,
  type ShardexIndex,
  statistics,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { CORPORA, type Corpus } from '../support/corpora.js';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { usingEngine } from '../../src/search/memory/engine.js';
import { queryOf } from '../../src/search/memory/query.js';
import { run } from '../../src/search/run.js';
import { leastEstimated, leastProven } from '../../src/search/scan/row-cost.js';
import { searchIn } from '../../src/search/search.js';
import { mergeResults, partOf } from '../../src/threads/pool/part.js';

const RECALLS = [0.8, 0.9, 0.95, 0.99] as const;

/** The share of the true nearest that searches find, on the average over queries that are not in the index. */
function recallOf(index: ShardexIndex, queries: readonly number[][], k: number, recall: number): number {
  let found = 0;
  for (const query of queries) {
    const truth = new Set(search(index, query, { k, slopFactor: 'all' }).map((hit) => hit.documentId));
    for (const { documentId } of search(index, query, { k, recall })) if (truth.has(documentId)) found++;
  }
  return found / (k * queries.length);
}

/** What chance does to an average over 400 queries: of one neighbour each, and of more. */
const chance = (k: number): number => (k === 1 ? 0.04 : 0.01);

function expectRecall(index: ShardexIndex, queries: readonly number[][], ks: readonly number[]): void {
  for (const k of ks) {
    for (const recall of RECALLS)
      expect(recallOf(index, queries, k, recall), `k ${k}, recall ${recall}`).toBeGreaterThan(
        recall - 0.02 - chance(k),
      );
  }
}

const CASES: readonly [Corpus, Metric, number][] = [
  ['clustered', 'cosine', 32],
  ['clustered', 'dot', 32],
  ['lowRank', 'cosine', 64],
  ['lowRank', 'euclidean', 64],
  ['lowRank', 'dot', 64],
  ['uniform', 'euclidean', 8],
  ['uniform', 'cosine', 24],
  ['offset', 'euclidean', 32],
  ['offset', 'cosine', 32],
];

describe.each(CASES)('%s vectors by %s, %i dimensions', (corpus, metric, dimensions) => {
  const vector = CORPORA[corpus](seeded(dimensions), dimensions);
  const options = { dimensions, metric, shardCapacity: 64 };
  const index = createIndex(options, numbered(6000, vector));
  const queries = Array.from({ length: 400 }, vector);

  test('what is asked for is found, and not much more is looked at than that takes', () => {
    expectRecall(index, queries, [1, 10, 100]);
    const rows = (recall: number): number =>
      queries.reduce(
        (sum, query) => sum + searchExplained(index, query, { k: 10, recall }).explanation.rowsScanned,
        0,
      ) / queries.length;
    expect(rows(0.8)).toBeLessThan(index.postingCount * 0.7);
    expect(rows(0.8)).toBeLessThanOrEqual(rows(0.9));
    expect(rows(0.9)).toBeLessThanOrEqual(rows(0.99));
  });

  test('also after a tenth was replaced, of which a tenth of the sample is', () => {
    const replaced = update(index, (draft) => {
      draft.addPostings(numbered(600, vector));
    });
    const before = new Set(index.calibration?.samples);
    const renewed = replaced.calibration?.samples.count((sample) => !before.has(sample)) ?? 0;
    expect(renewed).toBeGreaterThan(0.05 * 750);
    expect(renewed).toBeLessThan(0.25 * 750);
    expectRecall(replaced, queries, [10]);
  });
});

test('also after it has grown tenfold, in many commits', () => {
  const vector = CORPORA.lowRank(seeded(1), 16);
  let index = createIndex({ dimensions: 16, shardCapacity: 128 }, numbered(4500, vector));
  const first = new Set(index.calibration?.samples);
  for (let i = 0; i < 9; i++) {
    index = update(index, (draft) => {
      draft.addPostings(numbered(4500, vector, `later${i}-`));
    });
  }
  expect(index.postingCount).toBe(45_000);
  const last = [...(index.calibration?.samples ?? [])];
  expect(last).toHaveLength(1024);
  expect(last.filter((sample) => first.has(sample)).length).toBeLessThan(1024 / 5);
  expect(statistics(index).calibration?.age).toBeLessThan(0.7);
  expectRecall(index, Array.from({ length: 400 }, vector), [10]);
});

test('also where all point nearly the same way, and rounding is most of the error of an estimate', () => {
  const vector = CORPORA.narrow(seeded(6), 128);
  const index = createIndex({ dimensions: 128 }, numbered(20_000, vector));
  const queries = Array.from({ length: 200 }, vector);
  const { explanation } = searchExplained(index, queries[0], { k: 10, recall: 0.95 });
  // Estimates were made.
  expect(explanation.rowsMeasured).toBeLessThan(explanation.rowsScanned);
  expectRecall(index, queries, [10]);
});

test.each<[Metric, number, number]>([
  ['euclidean', 200, 1e7],
  ['euclidean', 384, 1e6],
  ['cosine', 200, 1e6],
  ['euclidean', 200, 1e4],
])(
  'also where all are far from the origin and near each other, by %s, %i dimensions, at %d',
  (metric, d, mean) => {
    const random = seeded(7);
    // Whole numbers, so that 32 bits hold them exactly.
    const vector = (): number[] => gaussianVector(random, d, 3).map((x) => Math.round(mean + x));
    const index = createIndex({ dimensions: d, metric, shardCapacity: 128 }, numbered(3000, vector));
    const queries = Array.from({ length: 100 }, vector);
    const { explanation } = searchExplained(index, queries[0], { k: 10, recall: 0.95 });
    expect(explanation.rowsMeasured).toBeLessThan(explanation.rowsScanned);
    for (const recall of [0.9, 0.99]) {
      let found = 0;
      for (const query of queries) {
        const farthest = search(index, query, { k: 10, slopFactor: 'all' })[9].distance;
        const hits = search(index, query, { k: 10, recall });
        found += hits.filter(({ distance }) => distance <= farthest).length;
      }
      expect(found / 1000).toBeGreaterThan(recall - 0.03);
    }
  },
);

test('also of many neighbours, and of distinct documents, whose postings are found together', () => {
  const vector = CORPORA.lowRank(seeded(12), 32);
  // Five postings of each document lie near each other.
  const postings = Array.from({ length: 1500 }, (_, d) => {
    const middle = vector();
    return Array.from({ length: 5 }, (_part, start) => ({
      documentId: `d${d}`,
      start,
      vector: middle.map((x, i) => x + 0.05 * Math.sin(i * (start + 1) + d)),
    }));
  }).flat();
  const index = createIndex({ dimensions: 32, shardCapacity: 64 }, postings);
  const queries = Array.from({ length: 100 }, vector);
  for (const [k, distinct] of [
    [1000, 'posting'],
    [1500, 'posting'],
    [10, 'document'],
    [100, 'document'],
  ] as const) {
    for (const recall of [0.8, 0.95]) {
      let found = 0;
      for (const query of queries) {
        const truth = search(index, query, { k, distinct, slopFactor: 'all' });
        const farthest = truth[truth.length - 1].distance;
        found +=
          search(index, query, { k, distinct, recall }).filter((hit) => hit.distance <= farthest).length / k;
      }
      expect(found / 100, `${k} of distinct ${distinct}s, ${recall}`).toBeGreaterThan(recall - 0.03);
    }
  }
});

test('parts of a version scan just the shards that the whole would', () => {
  const vector = CORPORA.clustered(seeded(13), 32);
  const index = createIndex({ dimensions: 32, shardCapacity: 64 }, numbered(6000, vector));
  const parts = [0, 1, 2].map((at) => partOf(index, { index: at, count: 3 }));
  for (let q = 0; q < 40; q++) {
    const query = vector();
    const options = { k: 10, recall: 0.9 };
    const whole = searchExplained(index, query, options);
    const asked = queryOf(query, 32, index.config.metric);
    const found = parts.map((part) =>
      usingEngine(part.config, (engine) => run(part, engine, asked, options)),
    );
    const scanned = found.reduce((sum, { shards }) => sum + shards, 0);
    expect(scanned).toBeGreaterThanOrEqual(whole.explanation.shardsScanned);
    // A part that finds fewer than ten goes on.
    if (found.every(({ rows }) => rows >= 10 && rows > 640))
      expect(scanned).toBe(whole.explanation.shardsScanned);
    const merged = mergeResults(
      parts.map((part) => searchIn(part, query, options)),
      options,
    );
    const farthest = whole.results[9].distance;
    expect(merged[9].distance).toBeLessThanOrEqual(farthest);
  }
});

test('easy queries take fewer shards than hard ones', () => {
  const random = seeded(2);
  const vector = CORPORA.clustered(random, 32);
  const index = createIndex({ dimensions: 32, shardCapacity: 64 }, numbered(6000, vector));
  const scanned = (query: readonly number[]): number =>
    searchExplained(index, query, { k: 10, recall: 0.95 }).explanation.shardsScanned;
  // A centroid lies where its shard is, and a vector that is the sum of all of them lies nowhere in particular.
  const centroids = [...index.shards.values()].map(({ centroid }) => [...centroid.toArray()]);
  const middle = centroids[0].map((_, i) => centroids.reduce((sum, centroid) => sum + centroid[i], 0));
  const easy = centroids.slice(0, 20).reduce((sum, centroid) => sum + scanned(centroid), 0) / 20;
  expect(easy).toBeLessThan(scanned(middle));
});

test('an index without a calibration is searched from end to end', () => {
  const vector = CORPORA.clustered(seeded(3), 32);
  const index = createIndex({ dimensions: 32 }, numbered(1000, vector));
  expect(statistics(index).calibration).toBeUndefined();
  const queries = Array.from({ length: 100 }, vector);
  for (const recall of [0.5, 0.8, 0.95]) {
    const { results, explanation } = searchExplained(index, queries[0], { k: 10, recall });
    expect(results).toHaveLength(10);
    expect(explanation.rowsScanned).toBe(1000);
    expect(recallOf(index, queries, 10, recall)).toBeGreaterThan(0.95);
  }
  expect(searchExplained(index, queries[0], { k: 10, recall: 1 }).explanation.exact).toBe(true);
});

describe('where few rows are scanned', () => {
  test('they are measured outright, and then the results of all of them are exact', () => {
    const vector = CORPORA.lowRank(seeded(3), 384);
    const few = createIndex({ dimensions: 384 }, numbered(200, vector));
    const many = createIndex({ dimensions: 384 }, numbered(900, vector));
    for (let q = 0; q < 20; q++) {
      const query = vector();
      expect(searchExplained(few, query, { k: 10, recall: 0.5 }).explanation).toMatchObject({
        rowsMeasured: 200,
        exact: true,
      });
      const { explanation } = searchExplained(many, query, { k: 10, recall: 0.5 });
      expect(explanation.rowsMeasured).toBeLessThan(300);
      expect(explanation.exact).toBe(false);
    }
  });

  test('how few depends on how long they are, and on how many results are wanted', () => {
    expect(leastEstimated(1536, 10)).toBeLessThan(leastEstimated(384, 10));
    expect(leastEstimated(384, 10)).toBeLessThan(leastEstimated(32, 10));
    expect(leastEstimated(384, 100)).toBeGreaterThan(2 * leastEstimated(384, 10));
    expect(leastEstimated(4, 1)).toBe(Infinity);
    // Rows that are not in the cache cost more to measure.
    expect(leastEstimated(100, 10, 1e6)).toBeLessThan(leastEstimated(100, 10, 1000));
    expect(leastProven(100, 10, 1e6)).toBeLessThan(leastProven(100, 10, 1000));
  });

  test.each(METRICS)(
    'either way finds what was asked for, at every size around the switch, by %s',
    (metric) => {
      const vector = CORPORA.lowRank(seeded(5), 256);
      const switched = leastEstimated(256, 10);
      // All shards of so few are scanned, so only estimates lose anything.
      for (const size of [switched - 1, switched, switched + 1, Math.min(2 * switched, 1000)]) {
        const index = createIndex({ dimensions: 256, metric }, numbered(size, vector));
        const queries = Array.from({ length: 60 }, vector);
        const { explanation } = searchExplained(index, queries[0], { k: 10, recall: 0.9 });
        expect(explanation.rowsMeasured === size).toBe(size < switched);
        expect(recallOf(index, queries, 10, 0.9)).toBeGreaterThan(0.93);
      }
    },
  );
});
