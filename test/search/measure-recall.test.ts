import {
  createIndex,
  InvalidFilterError,
  InvalidOptionError,
  measureRecall,
  type MeasureOptions,
  search,
  update,
} from 'shardex';
import { expect, test } from 'vitest';
import { CORPORA } from '../support/corpora.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';
import { rejectionOf } from '../support/thrown.js';

test.each(METRICS)('what is measured is what searches find, by %s', async (metric) => {
  const vector = CORPORA.lowRank(seeded(9), 24);
  const index = createIndex({ dimensions: 24, metric, shardCapacity: 64 }, numbered(3000, vector));
  const queries = Array.from({ length: 40 }, vector);
  let found = 0;
  for (const query of queries) {
    const truth = new Set(search(index, query, { k: 10, slopFactor: 'all' }).map((hit) => hit.documentId));
    for (const hit of search(index, query, { k: 10, recall: 0.7 })) if (truth.has(hit.documentId)) found++;
  }
  const progress: number[] = [];
  const measured = await measureRecall(index, {
    k: 10,
    recall: 0.7,
    queries,
    onProgress: (done, all) => progress.push(done / all),
  });
  expect(measured.recall).toBeCloseTo(found / 400, 10);
  expect(measured.recall).toBeLessThan(1);
  expect(measured.queries).toBe(40);
  expect(measured.standardError).toBeGreaterThan(0);
  expect(progress).toEqual(queries.map((_, i) => (i + 1) / 40));
});

test('postings of the index are looked for without themselves, the same ones each time', async () => {
  const vector = CORPORA.clustered(seeded(9), 16);
  const index = createIndex({ dimensions: 16, shardCapacity: 64 }, numbered(2000, vector));
  const one = await measureRecall(index, { k: 1, recall: 0.5, count: 150 });
  expect(await measureRecall(index, { k: 1, recall: 0.5, count: 150 })).toEqual(one);
  // Each would find itself in the nearest shard.
  expect(one.recall).toBeLessThan(0.95);
  expect(one.queries).toBe(150);
  expect((await measureRecall(index, { k: 5, recall: 1, count: 3000 })).recall).toBe(1);
  expect((await measureRecall(createIndex({ dimensions: 16 }), { k: 5 })).queries).toBe(0);
});

test('with a filter, what is measured is what searches with it find', async () => {
  const vector = CORPORA.clustered(seeded(9), 16);
  const index = update(
    createIndex<{ n: number }>({ dimensions: 16, shardCapacity: 64, indexed: ['n'] }),
    (draft) => {
      draft.putDocuments(
        Array.from({ length: 3000 }, (_, n) => ({
          documentId: `d${n}`,
          metadata: { n },
          postings: [{ vector: vector() }],
        })),
      );
    },
  );
  const where = { n: { $mod: [3, 0] } };
  const options = { k: 10, recall: 0.7, where: { n: { $lt: 1000 } } };
  const queries = Array.from({ length: 40 }, vector);
  let found = 0;
  for (const query of queries) {
    const exact = search(index, query, { k: 10, slopFactor: 'all', where: options.where });
    const truth = new Set(exact.map((hit) => hit.documentId));
    const hits = search(index, query, options);
    for (const hit of hits) if (truth.has(hit.documentId)) found++;
  }
  expect((await measureRecall(index, { ...options, queries })).recall).toBeCloseTo(found / 400, 10);
  // Drawn of those that pass alone.
  expect((await measureRecall(index, { ...options, count: 5000 })).queries).toBe(1000);
  expect(await rejectionOf(measureRecall(index, { k: 1, where: where as object }))).toBeInstanceOf(
    InvalidFilterError,
  );
});

test('a buffer that is used again for each query is copied', async () => {
  const vector = CORPORA.clustered(seeded(9), 16);
  const index = createIndex({ dimensions: 16, shardCapacity: 64 }, numbered(2000, vector));
  const queries = Array.from({ length: 20 }, vector);
  function* reused(): Generator<Float32Array> {
    const buffer = new Float32Array(16);
    for (const query of queries) {
      buffer.set(query);
      yield buffer;
    }
  }
  const options = { k: 5, recall: 0.6 };
  expect(await measureRecall(index, { ...options, queries: reused() })).toEqual(
    await measureRecall(index, { ...options, queries }),
  );
});

test.each<[string, object]>([
  ['no k', {}],
  ['a recall above 1', { k: 1, recall: 2 }],
  ['an unknown option', { k: 1, querys: [] }],
  ['queries that are none', { k: 1, queries: 3 }],
  ['queries and a count', { k: 1, queries: [], count: 3 }],
  ['a count of 0', { k: 1, count: 0 }],
  ['progress that is no function', { k: 1, onProgress: 3 }],
])('%s is refused', async (_, options) => {
  const index = createIndex(
    { dimensions: 1 },
    numbered(3, (i) => [i]),
  );
  expect(await rejectionOf(measureRecall(index, options as MeasureOptions))).toBeInstanceOf(
    InvalidOptionError,
  );
});
