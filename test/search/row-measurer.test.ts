import { type Metric, type ShardexIndex, createIndex, update } from 'shardex';
import { describe, expect, test, vi } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { type Engine, installEngine } from '../../src/search/memory/engine.js';
import { PROVEN } from '../../src/search/confidence.js';
import { queryOf } from '../../src/search/memory/query.js';
import { leastProven, mostLeft, mostWorthIt } from '../../src/search/scan/row-cost.js';
import { RowMeasurer, TOGETHER } from '../../src/search/scan/row-measurer.js';
import { scanFor } from '../../src/search/scan/scan-for.js';
import { scanInTurn } from '../../src/search/scan/shard-scan.js';
import { TopK } from '../../src/search/scan/top-k.js';
import { Trial } from '../../src/search/scan/trial.js';
import { columnsOf } from '../../src/version/row-block.js';
import { isDead, segmentOf } from '../../src/version/shard-rows.js';
import { CORPORA } from '../support/corpora.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';

const SIZE = 150;

/** What measures the rows of an index in the end: no engine, the twin, SIMD, and SIMD with no room to keep a copy. */
const ENGINES: Readonly<Record<string, (index: ShardexIndex) => Engine | undefined>> = {
  'no engine': () => undefined,
  'the twin': (index) => installEngine(index.config, createKernels({ simd: false })),
  SIMD: (index) => installEngine(index.config, createKernels()),
  'SIMD without a budget': (index) => {
    const engine = installEngine(index.config, createKernels());
    engine.slots.most = 0;
    return engine;
  },
};

/** The best rows of an index, as measured segment by segment, or named one by one in an order far from theirs. */
function measured(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: number[],
  isNamed: boolean,
  most = SIZE,
): unknown {
  const { config } = index;
  const best = new TopK(most, false);
  const measurer = new RowMeasurer(
    config,
    queryOf(query, config.dimensions, config.metric),
    best,
    undefined,
    engine,
  );
  const segments = [...index.shards.values()].flatMap(({ rows }) => rows.segments);
  if (isNamed) {
    const rows = segments.flatMap((segment) =>
      Array.from({ length: segment.visible }, (_, row) => row)
        .filter((row) => !isDead(segment, row))
        .map((row) => ({ columns: columnsOf(segment.block), row })),
    );
    for (let first = 0; first < rows.length; first += 7) {
      const some = rows.slice(first, first + 7);
      some.forEach((_, i) => {
        const { columns, row } = rows[(29 * (first + i)) % rows.length];
        measurer.name(i, columns, row, -Infinity);
      });
      measurer.fetch(some.length);
      for (let i = 0; i < some.length; i += TOGETHER)
        measurer.measure(i, Math.min(TOGETHER, some.length - i));
    }
  } else for (const segment of segments) measurer.measureAll(segment);
  expect(measurer.count).toBe(SIZE);
  return best.sorted().map(({ distance, columns, row }) => [distance, columns.ids.at(row)]);
}

describe.each(METRICS)('rows have one distance, however they are reached, by %s', (metric) => {
  test.each([17, 100, 127, 128, 131, 258])('in %i dimensions', (dimensions) => {
    for (const corpus of ['lowRank', 'offset', 'extreme'] as const) {
      const vector = CORPORA[corpus](seeded(dimensions), dimensions);
      const postings = numbered(SIZE, vector);
      const twin = new NaiveTwin({ dimensions, metric });
      for (const posting of postings) twin.add(posting);
      const query = vector();
      const expected = twin.search(query, { k: SIZE }).map((hit) => [hit.distance, hit.documentId]);
      for (const engineFor of Object.values(ENGINES)) {
        const part = createIndex({ dimensions, metric, shardCapacity: 64 }, postings.slice(0, 100));
        const index = update(part, (draft) => {
          draft.addPostings(postings.slice(100));
        });
        const engine = engineFor(index);
        // With nothing kept, with the copies of some rows, with those of all.
        for (const isNamed of [true, false, true]) {
          expect(measured(index, engine, query, isNamed)).toEqual(expected);
        }
      }
    }
  });
});

describe.each(METRICS)('where few rows of a segment are alive, those alone are measured, by %s', (metric) => {
  test.each([17, 100, 131, 384])('in %i dimensions', (dimensions) => {
    const vector = CORPORA.lowRank(seeded(dimensions), dimensions);
    const postings = numbered(SIZE, vector);
    const query = vector();
    for (const nth of [2, 31, 200]) {
      const isKept = (_: unknown, row: number): boolean => row % nth === 1;
      const twin = new NaiveTwin({ dimensions, metric });
      for (const posting of postings.filter(isKept)) twin.add(posting);
      const expected = twin.search(query, { k: SIZE }).map((hit) => [hit.distance, hit.documentId]);
      for (const engineFor of Object.values(ENGINES)) {
        const index = createIndex({ dimensions, metric, shardCapacity: SIZE }, postings);
        const [{ block, visible }] = [...index.shards.values()][0].rows.segments;
        const { ids } = columnsOf(block);
        const kept = new Set(postings.filter(isKept).map(({ documentId }) => documentId));
        const dead = Array.from({ length: visible }, (_, row) => row).filter((row) => !kept.has(ids.at(row)));
        const segment = segmentOf(block, visible, dead);
        const best = new TopK(SIZE, false);
        const sought = queryOf(query, dimensions, metric);
        const engine = engineFor(index);
        const touched = engine && vi.spyOn(engine.kernels, 'measure');
        const measurer = new RowMeasurer(index.config, sought, best, undefined, engine);
        measurer.measureAll(segment);
        expect(best.sorted().map((hit) => [hit.distance, hit.columns.ids.at(hit.row)])).toEqual(expected);
        expect(measurer.count).toBe(kept.size);
        if (nth > 2) expect(touched?.mock.calls ?? []).toEqual([]);
      }
    }
  });
});

describe('bounds are proven where that is worth it', () => {
  test('from fewer rows on the longer they are, and from more the more results are wanted', () => {
    expect(leastProven(1536, 10)).toBeLessThan(leastProven(384, 10));
    expect(leastProven(384, 10)).toBeLessThan(leastProven(100, 10));
    expect(leastProven(384, 100)).toBeGreaterThan(2 * leastProven(384, 10));
    expect(mostWorthIt(768, 300)).toBeLessThan(mostLeft(768, 300));
    expect(mostWorthIt(768, 300)).toBeGreaterThan(mostWorthIt(384, 300));
  });

  test('not at shards after those where it was not, and longer each time', () => {
    const trial = new Trial();
    const tried = Array.from({ length: 16 }, () => {
      const isTried = trial.next();
      if (isTried) trial.note(false);
      return isTried;
    });
    expect(tried.flatMap((isTried, i) => (isTried ? [i] : []))).toEqual([0, 2, 5, 10]);
    while (!trial.next());
    trial.note(true);
    expect(trial.next()).toBe(true);
    trial.note(false);
    expect([trial.next(), trial.next()]).toEqual([false, true]);
  });

  test.each(METRICS)('and either way finds the same, whatever the data are, by %s', (metric) => {
    for (const corpus of ['lowRank', 'uniform', 'offset', 'repeated', 'extreme'] as const) {
      const index = aroundSwitch(metric, corpus, 700);
      const vector = CORPORA[corpus](seeded(8), 130);
      for (const k of [1, 10, 80]) {
        const query = vector();
        const [outright, proven] = [false, true].map((isEstimated) => scanned(index, query, k, isEstimated));
        expect(proven.found).toEqual(outright.found);
        expect(outright.measured).toBe(700);
        expect(proven.measured).toBeLessThanOrEqual(700);
      }
    }
  });

  test.each(METRICS)('also at every size around the switch, by %s', (metric) => {
    const switched = leastProven(384, 10);
    for (const size of [switched - 1, switched, switched + 1]) {
      const index = aroundSwitch(metric, 'lowRank', size, 384);
      const query = CORPORA.lowRank(seeded(9), 384)();
      expect(scanned(index, query, 10, true).found).toEqual(scanned(index, query, 10, false).found);
    }
  });
});

function aroundSwitch(
  metric: Metric,
  corpus: keyof typeof CORPORA,
  size: number,
  dimensions = 130,
): ShardexIndex {
  const vector = CORPORA[corpus](seeded(7), dimensions);
  return createIndex({ dimensions, metric, shardCapacity: 96 }, numbered(size, vector));
}

function scanned(
  index: ShardexIndex,
  query: number[],
  k: number,
  isEstimated: boolean,
): { found: unknown; measured: number } {
  const { dimensions, metric } = index.config;
  const best = new TopK(k, false);
  const engine = installEngine(index.config, createKernels());
  const asked = queryOf(query, dimensions, metric);
  const scan = scanFor(index, asked, best, { engine, sure: PROVEN, isEstimated });
  scanInTurn(scan, [...index.shards.keys()]);
  const found = best.sorted().map(({ distance, columns, row }) => [distance, columns.ids.at(row)]);
  return { found, measured: scan.tally.measured };
}
