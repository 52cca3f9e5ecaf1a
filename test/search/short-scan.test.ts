import { type Metric, type Posting, type ShardexIndex, createIndex, search, update } from 'shardex';
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

/** What rows are compared in. */
const BITS = [32, 16] as const;

interface How {
  readonly k: number;
  readonly bits: (typeof BITS)[number];
  readonly distinct?: boolean;
  readonly filter?: (posting: { readonly documentId: string }) => boolean;
}

/** What comparing all rows of an index finds. */
function compared(
  index: ShardexIndex,
  engine: Engine,
  query: readonly number[],
  { k, bits, distinct = false, filter }: How,
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
    isRough: bits === 16,
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

const CASES = METRICS.flatMap((metric) => BITS.map((bits) => [bits, metric] as const));

describe.each(CASES)('comparing in %i bits finds what comparing in 64 bits does, by %s', (bits, metric) => {
  test.each(['lowRank', 'uniform', 'offset', 'clustered', 'repeated', 'extreme'] as const)('%s', (corpus) => {
    for (const dimensions of [16, 33, 100]) {
      const vector = CORPORA[corpus](seeded(dimensions), dimensions);
      const [index, twin] = made(metric, dimensions, vector);
      for (const budget of [2 ** 24, 0]) {
        const engine = installEngine(index.config, createKernels());
        engine.slots.most = budget;
        // The second time the copies are there.
        for (const k of [1, 7, 100, SIZE]) {
          const query = vector();
          const { found, measured } = compared(index, engine, query, { k, bits });
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
    expect(compared(index, engine, query, { k: 10, bits, filter }).found).toEqual(all.slice(150, 160));

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
    const { found } = compared(grouped, lent, query, { k: 5, bits, distinct: true });
    expect(found).toEqual([...nearest].slice(0, 5).map(([documentId, distance]) => [distance, documentId]));
  });

  test('and leaves little more than is wanted to be measured', () => {
    const vector = CORPORA.lowRank(seeded(4), 64);
    const [index] = made(metric, 64, vector);
    const engine = installEngine(index.config, createKernels());
    compared(index, engine, vector(), { k: 10, bits });
    const near = vi.spyOn(engine.kernels, 'nearRows');
    const rough = vi.spyOn(engine.kernels, 'roughDistances');
    const measure = vi.spyOn(engine.kernels, 'measureAt');
    compared(index, engine, vector(), { k: 10, bits });
    // In 32 bits all shards are compared in one call.
    expect(near).toHaveBeenCalledTimes(bits === 32 ? 1 : 0);
    expect(rough).toHaveBeenCalledTimes(bits === 32 ? 0 : index.shardCount);
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

test.each(CASES)('rows that differ by less than %i bits show are told apart, by %s', (bits, metric) => {
  for (let seed = 1; seed <= 20; seed++) {
    const { rows, query } = indistinct(metric, seeded(seed));
    let next = 0;
    const postings = numbered(SIZE, () => rows[next++]);
    const twin = new NaiveTwin({ dimensions: 64, metric });
    for (const posting of postings) twin.add(posting);
    const index = createIndex({ dimensions: 64, metric }, postings);
    const engine = installEngine(index.config, createKernels());
    expect(compared(index, engine, query, { k: 5, bits }).found).toEqual(bestOf(twin, query, 5));
  }
});

test('copies of rows leave half of the budget alone', () => {
  const index = createIndex({ dimensions: 128 }, numbered(SIZE, CORPORA.uniform(seeded(1), 128)));
  const engine = installEngine(index.config, createKernels());
  const query = new Array<number>(128).fill(1);
  compared(index, engine, query, { k: 5, bits: 32 });
  const { byteLength } = engine.slots;
  expect(byteLength).toBeGreaterThanOrEqual(4 * 128 * SIZE);
  engine.slots.clear();
  engine.slots.most = byteLength;
  compared(index, engine, query, { k: 5, bits: 32 });
  expect(engine.slots.byteLength).toBe(0);
  engine.slots.most = 2 * byteLength;
  compared(index, engine, query, { k: 5, bits: 32 });
  expect(engine.slots.byteLength).toBe(byteLength);
});

describe.each(METRICS)('rows in 16 bits, by %s', (metric) => {
  const D = 48;

  test('are those of each version, in whatever order versions are searched', () => {
    const vector = CORPORA.clustered(seeded(5), D);
    const postings: Posting[] = [];
    const versions = [createIndex({ dimensions: D, metric })];
    for (let step = 0; step < 6; step++) {
      const some = numbered(45, vector).map((one) => ({ ...one, documentId: `${step}-${one.documentId}` }));
      postings.push(...some);
      versions.push(
        update(versions[step], (draft) => {
          for (const posting of some) draft.addPosting(posting);
          if (step > 0) draft.removeDocument(`${step - 1}-p7`);
        }),
      );
    }
    const engine = installEngine(versions[0].config, createKernels());
    for (const step of [3, 1, 6, 2, 4, 6]) {
      const query = vector();
      const { found } = compared(versions[step], engine, query, { k: 12, bits: 16 });
      const twin = new NaiveTwin({ dimensions: D, metric });
      for (const posting of postings.slice(0, 45 * step)) twin.add(posting);
      for (let before = 0; before < step - 1; before++) twin.removeDocument(`${before}-p7`);
      expect(found).toEqual(bestOf(twin, query, 12));
    }
  });

  test('are compared beside proven bounds where there is no room for all of them', () => {
    const vector = CORPORA.lowRank(seeded(6), D);
    const [index, twin] = made(metric, D, vector);
    for (const most of [1 / 4, 1 / 2, 1, 8]) {
      const engine = installEngine(index.config, createKernels());
      engine.slots.most = most * 4 * D * SIZE;
      const rough = vi.spyOn(engine.kernels, 'roughDistances');
      for (let i = 0; i < 12; i++) {
        const query = vector();
        const best = bestRows(20, false);
        const options = { engine, sure: PROVEN, directory: newDirectory(index), isRough: true };
        const scan = scanFor(index, queryOf(query, D, metric), best, options);
        // At first those that come first find room, then they come last, also with no pause in which some are measured.
        const ids = [...index.shards.keys()];
        if (i % 2 === 0) scanInTurn(scan, i === 0 ? ids : ids.reverse());
        else {
          for (const id of ids.reverse()) scan.scan(id);
          scan.measure();
        }
        const found = best.sorted().map(({ distance, columns, row }) => [distance, columns.ids.at(row)]);
        expect(found).toEqual(bestOf(twin, query, 20));
      }
      if (most === 8) expect(rough).toHaveBeenCalledTimes(12 * index.shardCount);
      else expect(rough.mock.calls.length).toBeLessThan(12 * index.shardCount);
    }
  });

  test('and in 32 find the same on either side of the size from which on they are used', () => {
    const vector = CORPORA.lowRank(seeded(7), 256);
    for (const size of [2 ** 9 - 1, 2 ** 9]) {
      const postings = numbered(size, vector);
      const twin = new NaiveTwin({ dimensions: 256, metric });
      for (const posting of postings) twin.add(posting);
      const index = createIndex({ dimensions: 256, metric }, postings);
      const engine = installEngine(index.config, createKernels());
      const rough = vi.spyOn(engine.kernels, 'roughDistances');
      for (const k of [1, 10, 100]) {
        const query = vector();
        const found = search(index, query, { k, slopFactor: 'all' });
        expect(found.map((hit) => [hit.distance, hit.documentId])).toEqual(bestOf(twin, query, k));
      }
      expect(rough.mock.calls.length > 0).toBe(size === 2 ** 9);
    }
  });
});
