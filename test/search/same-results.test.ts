import {
  applyDelta,
  cacheBytes,
  configureCache,
  createIndex,
  decodeDelta,
  diff,
  dropCaches,
  encodeDelta,
  search,
  searchMany,
  type SearchOptions,
  type ShardexIndex,
  statistics,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { CANDIDATES, type Engine, installEngine, knownEngine } from '../../src/search/memory/engine.js';
import { CORPORA } from '../support/corpora.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { seeded } from '../support/random.js';
import { collectGarbage } from '../support/garbage.js';

const D = 24;

const WAYS: readonly SearchOptions[] = [
  { k: 10, recall: 0.9 },
  { k: 1, recall: 0.5 },
  { k: 100, recall: 0.99 },
  { k: 10, recall: 0.9, distinct: 'document', includeVector: true },
  { k: 10, recall: 0.8, filter: ({ start }) => start % 20 === 0 },
  { k: 10, slopFactor: 20 },
  { k: 10 },
  { k: 10, slopFactor: 'all' },
];

/** All results of some searches, to the last bit. */
function answers(index: ShardexIndex, queries: readonly number[][]): string {
  return JSON.stringify(
    WAYS.map((options) => queries.map((query) => search(index, query, options))),
    (_, value: unknown) => (value instanceof Float32Array ? [...value] : value),
  );
}

describe.each(METRICS)('by %s', (metric) => {
  const vector = CORPORA.lowRank(seeded(METRICS.indexOf(metric)), D);
  const queries = Array.from({ length: 8 }, vector);
  const options = { dimensions: D, metric, shardCapacity: 128 };
  const first = createIndex(options, ofDocuments(2500, 5000, vector));
  const appended = update(first, (draft) => {
    draft.addPostings(ofDocuments(3000, 600, vector));
    for (let d = 0; d < 100; d++) draft.removeDocument(`d${7 * d}`);
  });
  const split = update(appended, (draft) => {
    draft.addPostings(ofDocuments(7000, 3000, vector).map((p) => ({ ...p, documentId: `n${p.documentId}` })));
  });
  const fork = update(first, (draft) => {
    draft.addPostings(ofDocuments(400, 900, vector).map((p) => ({ ...p, documentId: `f${p.documentId}` })));
  });
  const versions = [first, appended, split, fork];
  expect(statistics(first).calibration).toBeDefined();

  /** With the caches dropped before every search. */
  const cold = versions.map((version) =>
    queries.map((query) =>
      WAYS.map((way) => {
        dropCaches(version);
        return search(version, query, way);
      }),
    ),
  );
  const coldAnswers = cold.map((byQuery) =>
    JSON.stringify(
      WAYS.map((_, w) => byQuery.map((byWay) => byWay[w])),
      (_, value: unknown) => (value instanceof Float32Array ? [...value] : value),
    ),
  );

  test('results are the same with caches full, and shared between versions, in whichever order', () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      dropCaches(first);
      for (const v of order) expect(answers(versions[v], queries)).toBe(coldAnswers[v]);
      expect(cacheBytes(first)).toBeGreaterThan(0);
      for (const v of order) expect(answers(versions[v], queries)).toBe(coldAnswers[v]);
    }
  });

  test('and with a budget that is far too small, or none', () => {
    for (const maxBytes of [0, 3000, 50_000]) {
      configureCache(first, { maxBytes });
      versions.forEach((version, v) => {
        expect(answers(version, queries)).toBe(coldAnswers[v]);
        expect(cacheBytes(version)).toBeLessThanOrEqual(maxBytes);
      });
    }
    configureCache(first, { maxBytes: 1 << 26 });
  });

  test('and without WebAssembly', () => {
    expect(knownEngine(first.config)?.kernels.simd).toBe(true);
    installEngine(first.config, createKernels({ simd: false }));
    versions.forEach((version, v) => {
      expect(answers(version, queries)).toBe(coldAnswers[v]);
    });
    installEngine(first.config, createKernels());
  });

  test('and many at once', () => {
    versions.forEach((version) => {
      for (const way of WAYS) {
        expect(searchMany(version, queries, way)).toEqual(
          queries.map((query) => search(version, query, way)),
        );
      }
    });
    expect(searchMany(first, [], { k: 1 })).toEqual([]);
  });

  test('and on a replica, made of bytes', () => {
    const empty = createIndex(options);
    const replica = applyDelta(empty, decodeDelta(encodeDelta(diff(createIndex(options), first))));
    expect(statistics(replica).calibration).toEqual(statistics(first).calibration);
    expect(answers(replica, queries)).toBe(coldAnswers[0]);
    const next = applyDelta(replica, decodeDelta(encodeDelta(diff(first, split))));
    expect(answers(next, queries)).toBe(coldAnswers[2]);
  });

  test('and where a filter searches, too', () => {
    const nested = (query: number[]) => {
      const inner: unknown[] = [];
      const found = search(first, query, {
        k: 10,
        recall: 0.9,
        filter: () => {
          if (inner.length < 3) inner.push(search(appended, queries[1], { k: 10, recall: 0.9 }));
          return true;
        },
      });
      return { found, inner };
    };
    const { found, inner } = nested(queries[0]);
    expect(found).toEqual(search(first, queries[0], { k: 10, recall: 0.9 }));
    expect(inner).toHaveLength(3);
    for (const each of inner) expect(each).toEqual(search(appended, queries[1], { k: 10, recall: 0.9 }));
  });
});

test('codes of blocks that are gone are forgotten (I8)', async () => {
  const vector = CORPORA.clustered(seeded(8), D);
  const options = { dimensions: D, shardCapacity: 128 };
  let index = createIndex(options, ofDocuments(3000, 3000, vector));
  search(index, vector(), { k: 1, slopFactor: 'all' });
  const before = cacheBytes(index);
  expect(before).toBeGreaterThan(0);
  index = update(index, (draft) => {
    for (let d = 0; d < 2900; d++) draft.removeDocument(`d${d}`);
  });
  await collectGarbage(() => cacheBytes(index) < before / 2);
  expect(cacheBytes(index)).toBeLessThan(before / 2);
});

test.each(METRICS)('a budget for some of the codes changes no result: by %s', (metric) => {
  const vector = CORPORA.clustered(seeded(11), D);
  const index = createIndex({ dimensions: D, metric, shardCapacity: 64 }, ofDocuments(9000, 9000, vector));
  const queries = Array.from({ length: 60 }, vector);
  const found = (): string =>
    JSON.stringify(queries.map((query) => search(index, query, { k: 5, recall: 0.99 })));
  const expected = found();
  const all = cacheBytes(index);
  for (const share of [0.3, 0.5, 0.7, 0.9]) {
    const maxBytes = Math.floor(share * all);
    configureCache(index, { maxBytes });
    expect(found()).toBe(expected);
    expect(found()).toBe(expected);
    expect(cacheBytes(index)).toBeGreaterThan(0.4 * maxBytes);
  }
});

test.each(METRICS)('codes that are taken away while they are queued to be scanned: by %s', (metric) => {
  const vector = CORPORA.clustered(seeded(12), D);
  const index = createIndex({ dimensions: D, metric, shardCapacity: 64 }, ofDocuments(9000, 9000, vector));
  const queries = Array.from({ length: 20 }, vector);
  const wide = { k: 50, recall: 0.99 };
  const expected = queries.map((query) => search(index, query, wide));
  const engine = knownEngine(index.config) as Engine;
  const { slots, kernels, at } = engine;
  const own = slots.make.bind(slots);
  let takenAway = 0;
  let made = 0;
  const found = queries.map((query) => {
    dropCaches(index);
    slots.make = own;
    // Now some of the shards that the wide search looks at have codes, and others have none.
    search(index, query, { k: 50, recall: 0.9 });
    if (cacheBytes(index) > 0) made++;
    slots.make = (key, bytes) => {
      slots.clear();
      // As codes it would be of rows that are far from everything.
      kernels.u32.fill(0x7f00, at.candidates / 4 + 2 * CANDIDATES);
      takenAway++;
      return own(key, bytes);
    };
    return search(index, query, wide);
  });
  expect(found).toEqual(expected);
  expect(made).toBe(queries.length);
  expect(takenAway).toBeGreaterThan(queries.length);
});
