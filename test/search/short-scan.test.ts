import { type Metric, type ShardexIndex, createIndex, update } from 'shardex';
import { describe, expect, test, vi } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { PROVEN } from '../../src/search/confidence.js';
import { newDirectory } from '../../src/search/memory/directory.js';
import { type Engine, installEngine } from '../../src/search/memory/engine.js';
import { queryOf } from '../../src/search/memory/query.js';
import { scanFor } from '../../src/search/scan/scan-for.js';
import { scanInTurn } from '../../src/search/scan/shard-scan.js';
import { bestRows } from '../../src/search/scan/sorted-rows.js';
import { CORPORA } from '../support/corpora.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';

const SIZE = 300;

interface How {
  readonly k: number;
  readonly distinct?: boolean;
  readonly filter?: (posting: { readonly documentId: string }) => boolean;
}

/** What comparing all rows of an index in 32 bits finds. */
function compared(
  index: ShardexIndex,
  engine: Engine,
  query: readonly number[],
  { k, distinct = false, filter }: How,
): { readonly found: unknown[]; readonly measured: number } {
  const { dimensions, metric } = index.config;
  const best = bestRows(k, distinct);
  const directory = newDirectory(index);
  const scan = scanFor(index, queryOf(query, dimensions, metric), best, {
    engine,
    sure: PROVEN,
    filter,
    directory,
    isEstimated: false,
  });
  scanInTurn(scan, [...index.shards.keys()]);
  const found = best.sorted().map(({ distance, columns, row }) => [distance, columns.ids.at(row)]);
  return { found, measured: scan.tally.measured };
}

/** An index some of whose rows are dead, and the naive twin that has the others. */
function made(metric: Metric, dimensions: number, vector: () => number[]): [ShardexIndex, NaiveTwin] {
  const postings = numbered(SIZE, vector);
  const full = createIndex({ dimensions, metric, shardCapacity: 64 }, postings);
  const twin = new NaiveTwin({ dimensions, metric });
  postings.forEach((posting, i) => {
    if (i % 3 > 0) twin.add(posting);
  });
  const index = update(full, (draft) => {
    for (let i = 0; i < SIZE; i += 3) draft.removeDocument(`p${i}`);
  });
  return [index, twin];
}

function bestOf(twin: NaiveTwin, query: number[], k: number): unknown[] {
  return twin.search(query, { k }).map((hit) => [hit.distance, hit.documentId]);
}

describe.each(METRICS)('comparing in 32 bits finds what comparing in 64 bits does, by %s', (metric) => {
  test.each(['lowRank', 'uniform', 'offset', 'repeated', 'extreme'] as const)('%s', (corpus) => {
    for (const dimensions of [16, 33, 100]) {
      const vector = CORPORA[corpus](seeded(dimensions), dimensions);
      const [index, twin] = made(metric, dimensions, vector);
      for (const budget of [2 ** 24, 0]) {
        const engine = installEngine(index.config, createKernels());
        engine.slots.most = budget;
        // The second time the copies are there.
        for (const k of [1, 7, 100, SIZE]) {
          const query = vector();
          const { found, measured } = compared(index, engine, query, { k });
          expect(found).toEqual(bestOf(twin, query, k));
          expect(measured).toBe(index.postingCount);
        }
      }
    }
  });

  test('also where a filter or another row of a document keeps the nearest out', () => {
    const vector = CORPORA.lowRank(seeded(3), 32);
    const [index, twin] = made(metric, 32, vector);
    const engine = installEngine(index.config, createKernels());
    const query = vector();
    const all = bestOf(twin, query, SIZE);
    const far = new Set(all.slice(150).map((hit) => (hit as [number, string])[1]));
    const filter = ({ documentId }: { readonly documentId: string }): boolean => far.has(documentId);
    expect(compared(index, engine, query, { k: 10, filter }).found).toEqual(all.slice(150, 160));

    const pairs = Array.from({ length: 100 }, (_, i) => ({
      documentId: `d${i >> 3}`,
      start: i,
      vector: vector(),
    }));
    const twins = new NaiveTwin({ dimensions: 32, metric });
    for (const pair of pairs) twins.add(pair);
    const nearest = new Map<string, number>();
    for (const { documentId, distance } of twins.search(query, { k: 100 }))
      if (!nearest.has(documentId)) nearest.set(documentId, distance);
    const grouped = createIndex({ dimensions: 32, metric }, pairs);
    const lent = installEngine(grouped.config, createKernels());
    const { found } = compared(grouped, lent, query, { k: 5, distinct: true });
    expect(found).toEqual([...nearest].slice(0, 5).map(([documentId, distance]) => [distance, documentId]));
  });

  test('in one call of the kernel for all shards, which leaves little more than is wanted to be measured', () => {
    const vector = CORPORA.lowRank(seeded(4), 64);
    const [index] = made(metric, 64, vector);
    const engine = installEngine(index.config, createKernels());
    compared(index, engine, vector(), { k: 10 });
    const near = vi.spyOn(engine.kernels, 'nearRows');
    const measure = vi.spyOn(engine.kernels, 'measureAt');
    compared(index, engine, vector(), { k: 10 });
    expect(near).toHaveBeenCalledTimes(1);
    expect(measure.mock.calls.reduce((sum, call) => sum + call[3], 0)).toBeLessThan(15);
  });
});

/** Rows and a query such that what distances differ by is less than what 32-bit sums lose. */
function indistinct(metric: Metric, random: () => number): { rows: number[][]; query: number[] } {
  const half = (): number[] => Array.from({ length: 32 }, () => random() - 0.5);
  if (metric === 'euclidean') {
    // All are as far from the origin.
    const rows = Array.from({ length: SIZE }, () => {
      const row = [...half(), ...half()];
      const length = Math.hypot(...row);
      return row.map((x) => x / length);
    });
    return { rows, query: new Array<number>(64).fill(0) };
  }
  // Nearly all of a product cancels out.
  const rows = Array.from({ length: SIZE }, () => {
    const first = half();
    return [...first, ...first.map((x) => 2 ** -21 * random() - x)];
  });
  const first = half();
  return { rows, query: [...first, ...first] };
}

test.each(METRICS)('rows that differ by less than 32 bits show are told apart, by %s', (metric) => {
  for (let seed = 1; seed <= 20; seed++) {
    const { rows, query } = indistinct(metric, seeded(seed));
    let next = 0;
    const postings = numbered(SIZE, () => rows[next++]);
    const twin = new NaiveTwin({ dimensions: 64, metric });
    for (const posting of postings) twin.add(posting);
    const index = createIndex({ dimensions: 64, metric }, postings);
    const engine = installEngine(index.config, createKernels());
    expect(compared(index, engine, query, { k: 5 }).found).toEqual(bestOf(twin, query, 5));
  }
});

test('copies of rows leave half of the budget alone', () => {
  const index = createIndex({ dimensions: 128 }, numbered(SIZE, CORPORA.uniform(seeded(1), 128)));
  const engine = installEngine(index.config, createKernels());
  const query = new Array<number>(128).fill(1);
  compared(index, engine, query, { k: 5 });
  const { byteLength } = engine.slots;
  expect(byteLength).toBeGreaterThanOrEqual(4 * 128 * SIZE);
  engine.slots.clear();
  engine.slots.most = byteLength;
  compared(index, engine, query, { k: 5 });
  expect(engine.slots.byteLength).toBe(0);
  engine.slots.most = 2 * byteLength;
  compared(index, engine, query, { k: 5 });
  expect(engine.slots.byteLength).toBe(byteLength);
});
