import { type Metric, type ShardexIndex, createIndex, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { type Confidence, PROVEN } from '../../src/search/confidence.js';
import { newDirectory } from '../../src/search/memory/directory.js';
import { type Engine, installEngine } from '../../src/search/memory/engine.js';
import { queryOf } from '../../src/search/memory/query.js';
import { CodeScan } from '../../src/search/scan/code-scan.js';
import { ExactScan } from '../../src/search/scan/exact-scan.js';
import { RowMeasurer } from '../../src/search/scan/row-measurer.js';
import { scanFor } from '../../src/search/scan/scan-for.js';
import { type ShardScan, scanInTurn } from '../../src/search/scan/shard-scan.js';
import { ShortScan } from '../../src/search/scan/short-scan.js';
import { TopK } from '../../src/search/scan/top-k.js';
import { CORPORA } from '../support/corpora.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';

const D = 130;
const SIZE = 700;

/** An index of several shards, some of whose rows are dead. */
function indexOf(metric: Metric): ShardexIndex {
  const vector = CORPORA.lowRank(seeded(7), D);
  const full = createIndex({ dimensions: D, metric, shardCapacity: 96 }, numbered(SIZE, vector));
  return update(full, (draft) => {
    for (let i = 0; i < SIZE; i += 5) draft.removeDocument(`p${i}`);
  });
}

const LIVE = SIZE - SIZE / 5;

interface Made {
  readonly scan: ShardScan;
  readonly best: TopK;
  readonly engine: Engine;
}

interface How {
  readonly k?: number;
  readonly sure?: Confidence | undefined;
  readonly withDirectory?: boolean;
  readonly filter?: (posting: { readonly documentId: string }) => boolean;
}

/** A scan of an index by codes, or measuring all rows where no confidence is given. */
function scanOf(index: ShardexIndex, { k = 10, sure, withDirectory = false, filter }: How): Made {
  const { config, shards } = index;
  const engine = installEngine(config, createKernels());
  const query = queryOf(CORPORA.lowRank(seeded(8), D)(), D, config.metric);
  const best = new TopK(k, false);
  const directory = withDirectory ? newDirectory(index) : undefined;
  const measurer = new RowMeasurer(config, query, best, filter, engine);
  const scan =
    sure === undefined
      ? new ExactScan(shards, directory, measurer)
      : new CodeScan(index, query, best, engine, sure, directory, measurer);
  return { scan, best, engine };
}

const foundBy = ({ best }: Made): unknown[] =>
  best.sorted().map(({ distance, columns, row }) => [distance, columns.ids.at(row)]);

describe.each(METRICS)('by %s', (metric) => {
  const index = indexOf(metric);
  const ids = [...index.shards.keys()];
  const exact = scanOf(index, {});
  scanInTurn(exact.scan, ids);

  test('an exact scan measures every live row once, and nothing ever waits', () => {
    expect(exact.scan.tally).toEqual({ shards: ids.length, rows: LIVE, measured: LIVE });
    const { scan } = scanOf(index, {});
    scan.scan(ids[0]);
    expect(scan.candidateCount).toBe(0);
  });

  test.each([false, true])(
    'both scans find the same, in any order of shards (directory: %s)',
    (withDirectory) => {
      for (const sure of [undefined, PROVEN]) {
        for (const order of [ids, ids.toReversed()]) {
          const other = scanOf(index, { sure, withDirectory });
          scanInTurn(other.scan, order);
          expect(foundBy(other)).toEqual(foundBy(exact));
          expect(other.scan.tally).toMatchObject({ shards: ids.length, rows: LIVE });
        }
      }
    },
  );

  test('what estimates find does not depend on the order of shards, or on when candidates are measured (I10)', () => {
    const all = [ids, ids.toReversed()].flatMap((order) =>
      [true, false].map((inTurn) => {
        const made = scanOf(index, { sure: 1, withDirectory: inTurn });
        if (inTurn) scanInTurn(made.scan, order);
        else {
          for (const id of order) made.scan.scan(id);
          made.scan.measure();
        }
        expect(made.scan.tally.measured).toBeLessThan(LIVE / 2);
        return foundBy(made);
      }),
    );
    for (const found of all) expect(found).toEqual(all[0]);
  });

  test('a filter is asked about live rows near enough, and of no row twice', () => {
    const asked: string[] = [];
    const filter = ({ documentId }: { readonly documentId: string }): boolean => {
      asked.push(documentId);
      return Number(documentId.slice(1)) % 2 === 1;
    };
    const expected = scanOf(index, { k: SIZE });
    scanInTurn(expected.scan, ids);
    const odd = foundBy(expected).filter((hit) => Number((hit as [number, string])[1].slice(1)) % 2 === 1);
    for (const sure of [undefined, PROVEN]) {
      asked.length = 0;
      const made = scanOf(index, { sure, filter });
      scanInTurn(made.scan, ids);
      expect(foundBy(made)).toEqual(odd.slice(0, 10));
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked.filter((documentId) => Number(documentId.slice(1)) % 5 === 0)).toEqual([]);
      expect(asked.length).toBeLessThan(LIVE);
    }
  });
});

describe('a scan by codes', () => {
  const index = indexOf('euclidean');
  const ids = [...index.shards.keys()];

  test('lets candidates wait until they are measured, and keeps no more of them than it is told', () => {
    const { scan, best } = scanOf(index, { sure: 0, withDirectory: true });
    for (const id of ids) scan.scan(id);
    expect(scan.candidateCount).toBe(LIVE);
    expect([scan.tally.measured, best.size]).toEqual([0, 0]);
    scan.keepBest(60);
    expect(scan.candidateCount).toBe(60);
    scan.measureSome();
    const { measured } = scan.tally;
    expect(measured).toBeGreaterThanOrEqual(10);
    expect(measured).toBeLessThan(60);
    scan.measure();
    expect(scan.candidateCount).toBe(0);
    expect(scan.tally.measured).toBeLessThanOrEqual(60);
  });

  test('finds the same where the cache has no room for codes', () => {
    const roomy = scanOf(index, { sure: 1, withDirectory: true });
    scanInTurn(roomy.scan, ids);
    const tight = scanOf(index, { sure: 1, withDirectory: true });
    tight.engine.slots.most = 0;
    scanInTurn(tight.scan, ids);
    expect(foundBy(tight)).toEqual(foundBy(roomy));
  });

  test('goes on after another query had the engine', () => {
    const alone = scanOf(index, { sure: 1 });
    scanInTurn(alone.scan, ids);
    const made = scanOf(index, { sure: 1 });
    const other = scanFor(index, queryOf(new Array<number>(D).fill(3), D, 'euclidean'), new TopK(5, false), {
      engine: made.engine,
      sure: 1,
    });
    for (const id of ids) {
      made.scan.resume();
      scanInTurn(made.scan, [id]);
      other.resume();
      scanInTurn(other, [id]);
    }
    expect(foundBy(made)).toEqual(foundBy(alone));
  });
});

test('without SIMD or where codes would not pay, every row is compared: in 32 bits, if there is SIMD', () => {
  const index = indexOf('dot');
  const query = queryOf(new Array<number>(D).fill(1), D, 'dot');
  const engine = installEngine(index.config, createKernels());
  const twin = installEngine(index.config, createKernels({ simd: false }));
  for (const [options, kind] of [
    [{ engine: undefined, sure: 1 }, ExactScan],
    [{ engine: twin, sure: 1, isEstimated: false }, ExactScan],
    [{ engine, sure: 1, isEstimated: false }, ShortScan],
    [{ engine, sure: 1 }, CodeScan],
  ] as const)
    expect(scanFor(index, query, new TopK(1, false), options)).toBeInstanceOf(kind);
});
