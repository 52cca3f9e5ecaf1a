import {
  createIndex,
  type Metric,
  type Posting,
  searchExplained,
  searchMany,
  search,
  type ShardexIndex,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { installEngine } from '../../src/search/memory/engine.js';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { CORPORA, type Corpus } from '../support/corpora.js';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import { pick, seeded } from '../support/random.js';

/** Enough that searches work with codes. */
const POSTINGS = 2600;

/** An index with a past: rows that were superseded or removed, and blocks that were appended to. */
function grown(
  metric: Metric,
  dimensions: number,
  corpus: Corpus,
  shardCapacity = 128,
): { index: ShardexIndex; twin: NaiveTwin; vector: () => number[]; stored: readonly Posting[] } {
  const vector = CORPORA[corpus](seeded(dimensions), dimensions);
  const options = { dimensions, metric, shardCapacity };
  const twin = new NaiveTwin(options);
  const stored = ofDocuments(900, POSTINGS, vector);
  let index = createIndex(options, stored);
  for (const posting of stored) twin.add(posting);
  // Codes are made for what there is so far.
  search(index, vector(), { k: 1, slopFactor: 'all' });
  const more = ofDocuments(50, 200, vector);
  for (const posting of more) twin.add(posting);
  index = update(index, (draft) => {
    draft.addPostings(more);
    for (const gone of ['d1', 'd500', 'd899']) draft.removeDocument(gone);
  });
  for (const gone of ['d1', 'd500', 'd899']) twin.removeDocument(gone);
  return { index, twin, vector, stored };
}

const DIMENSIONS: readonly [number, readonly Corpus[]][] = [
  [1, ['clustered']],
  [3, ['repeated']],
  [17, ['clustered', 'lowRank', 'uniform', 'offset', 'repeated', 'extreme']],
  [100, ['clustered', 'offset', 'repeated']],
  [257, ['lowRank']],
  [768, ['clustered']],
];

describe.each(METRICS)("slopFactor 'all' equals the naive twin exactly, by %s", (metric) => {
  describe.each(DIMENSIONS)('in %i dimensions', (dimensions, corpora) => {
    test.each(corpora)('over %s vectors', (corpus) => {
      const { index, twin, vector, stored } = grown(metric, dimensions, corpus);
      const random = seeded(3);
      const queries = [
        vector(),
        vector(),
        [...pick(random, stored).vector],
        [...pick(random, stored).vector].map((x) => -x),
        new Array<number>(dimensions).fill(0),
      ];
      for (const query of queries) {
        for (const k of [1, 10, 150]) {
          const expected = twin.search(query, { k });
          expect(search(index, query, { k, slopFactor: 'all' })).toEqual(expected);
          expect(search(index, query, { k, recall: 1 })).toEqual(expected);
        }
        const filter = ({ start }: { start: number }) => start % 20 === 0;
        const options = { k: 12, filter, distinct: 'document' } as const;
        expect(search(index, query, { ...options, slopFactor: 'all' })).toEqual(twin.search(query, options));
      }
      expect(searchMany(index, queries, { k: 10, slopFactor: 'all' })).toEqual(
        queries.map((query) => twin.search(query, { k: 10 })),
      );
    });
  });
});

test('the codes do leave rows out', () => {
  const { index, vector } = grown('cosine', 257, 'lowRank', 768);
  // With SIMD all rows would be compared.
  installEngine(index.config, createKernels({ simd: false }));
  const { explanation } = searchExplained(index, vector(), { k: 10, slopFactor: 'all' });
  expect(explanation.rowsScanned).toBe(index.postingCount);
  expect(explanation.rowsMeasured).toBeLessThan(index.postingCount / 4);
  expect(explanation.exact).toBe(true);
});

/* Negative controls: the comparison above notices when codes are wrong. */
describe('notices', () => {
  const wrongWith = (
    sabotage: (
      kernels: ReturnType<typeof createKernels>,
      isLate: () => boolean,
    ) => Partial<ReturnType<typeof createKernels>>,
  ): boolean => {
    let isLate = false;
    const vector = CORPORA.clustered(seeded(5), 384);
    // In shards so large that bounds are worth proving.
    const options = { dimensions: 384, shardCapacity: 256 };
    const twin = new NaiveTwin(options);
    const first = ofDocuments(900, POSTINGS, vector);
    let index = createIndex(options, first);
    const kernels = createKernels({ simd: false });
    const own = Object.assign(
      Object.create(kernels) as typeof kernels,
      sabotage(kernels, () => isLate),
    );
    installEngine(index.config, own);
    const query = vector();
    search(index, query, { k: 1, slopFactor: 'all' });
    // The nearest posting of all comes later, and the nearest one before it goes.
    const [nearest] = search(index, query, { k: 1, slopFactor: 'all' });
    const late = { documentId: 'late', vector: query };
    index = update(index, (draft) => {
      draft.removeDocument(nearest.documentId);
      draft.addPosting(late);
    });
    isLate = true;
    for (const posting of [...first, late]) twin.add(posting);
    twin.removeDocument(nearest.documentId);
    const found = search(index, query, { k: 10, slopFactor: 'all' });
    return JSON.stringify(found) !== JSON.stringify(twin.search(query, { k: 10 }));
  };

  test('nothing where nothing is wrong', () => {
    expect(wrongWith(() => ({}))).toBe(false);
  });

  test('a bitmap of dead rows that is ignored', () => {
    const ignored = wrongWith((kernels) => ({
      scan: (codes, nibbles, constants, rows, tables, base, a, b, slack, _dead, threshold, out, label) =>
        kernels.scan(codes, nibbles, constants, rows, tables, base, a, b, slack, 0, threshold, out, label),
    }));
    expect(ignored).toBe(true);
  });

  test('codes that are not extended after an append', () => {
    const stale = wrongWith((kernels, isLate) => ({
      encode: (rotated, count, first, codes, padded, bits, constants, centre) => {
        if (!isLate()) kernels.encode(rotated, count, first, codes, padded, bits, constants, centre);
        // A stale code: that of a row in the opposite direction.
        else {
          for (let i = 0; i < count * padded; i++) kernels.f32[rotated / 4 + i] *= -1;
          kernels.encode(rotated, count, first, codes, padded, bits, constants, centre);
        }
      },
    }));
    expect(stale).toBe(true);
  });

  test('bounds that are too tight', () => {
    const tight = wrongWith((kernels) => ({
      scan: (codes, nibbles, constants, rows, tables, base, a, b, slack, dead, threshold, out, label) =>
        kernels.scan(
          codes,
          nibbles,
          constants,
          rows,
          tables,
          base,
          a,
          b,
          -20 * slack,
          dead,
          threshold,
          out,
          label,
        ),
    }));
    expect(tight).toBe(true);
  });
});
