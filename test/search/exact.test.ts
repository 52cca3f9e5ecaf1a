import { createIndex, type Metric, type PostingKey, search, type ShardexIndex, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { METRICS, ofDocuments } from '../support/postings.js';
import {
  clusteredVectors,
  dyadicVector,
  gaussianVector,
  pick,
  type Random,
  seeded,
} from '../support/random.js';
import { expectSameContents } from '../support/sound.js';

const DIMENSIONS = 6;

const KINDS = {
  dyadic: (random: Random) => () => dyadicVector(random, DIMENSIONS),
  gaussian: (random: Random) => () => gaussianVector(random, DIMENSIONS),
  clustered: (random: Random) => clusteredVectors(random, DIMENSIONS, 7),
  // From the smallest 32-bit floats to nearly the largest, and zero vectors.
  extreme: (random: Random) => () =>
    gaussianVector(random, DIMENSIONS, pick(random, [0, 1e-44, 1e-38, 1e-20, 1, 1e20, 3e37])),
};

/** An index with a past: added in bulk and one by one, superseded, removed. And its twin. */
function grown(metric: Metric, kind: keyof typeof KINDS): { index: ShardexIndex; twin: NaiveTwin } {
  const random = seeded(METRICS.indexOf(metric));
  const vector = KINDS[kind](random);
  const options = { dimensions: DIMENSIONS, metric, shardCapacity: 16 };
  const twin = new NaiveTwin(options);
  const first = ofDocuments(60, 300, vector);
  const second = [
    ...ofDocuments(60, 300, vector).filter(() => random() < 0.3),
    ...ofDocuments(5, 20, vector),
  ];
  for (const posting of [...first, ...second]) twin.add(posting);
  let index = update(createIndex(options, first), (draft) => {
    for (const posting of second) draft.addPosting(posting);
  });
  for (const gone of ['d1', 'd22', 'd59']) {
    expect(twin.removeDocument(gone)).toBeGreaterThan(0);
    index = update(index, (draft) => {
      draft.removeDocument(gone);
    });
  }
  return { index, twin };
}

const even = ({ documentId }: PostingKey) => Number(documentId.slice(1)) % 2 === 0;

// All loops add up in the same order as the naive twin, so there is no tolerance anywhere (I10).
describe.each(METRICS)("slopFactor 'all' equals the naive twin exactly, by %s", (metric) => {
  describe.each(['dyadic', 'gaussian', 'clustered', 'extreme'] as const)('over %s vectors', (kind) => {
    const { index, twin } = grown(metric, kind);
    const random = seeded(9);
    const stored = twin.all().map(({ vector }) => vector);
    const queries = [
      ...Array.from({ length: 6 }, () => KINDS[kind](random)()),
      pick(random, stored),
      pick(random, stored).map((x) => -x),
      new Float32Array(DIMENSIONS),
    ];

    test('and holds the same postings', () => {
      expect(index.shardCount).toBeGreaterThan(10);
      expectSameContents(index, twin);
    });

    test.each([1, 2, 10, 100, twin.size - 1, twin.size, twin.size + 1, 10_000])('for k = %i', (k) => {
      for (const query of queries) {
        expect(search(index, query, { k, slopFactor: 'all' })).toEqual(twin.search(query, { k }));
      }
    });

    test('with a filter', () => {
      for (const query of queries) {
        for (const filter of [even, ({ start }: PostingKey) => start > 20, () => false]) {
          expect(search(index, query, { k: 20, slopFactor: 'all', filter })).toEqual(
            twin.search(query, { k: 20, filter }),
          );
        }
      }
    });

    test('with distinct documents, with and without a filter', () => {
      for (const query of queries) {
        for (const k of [1, 7, 57, 100]) {
          const distinct = 'document' as const;
          expect(search(index, query, { k, slopFactor: 'all', distinct })).toEqual(
            twin.search(query, { k, distinct }),
          );
          expect(search(index, query, { k, slopFactor: 'all', distinct, filter: even })).toEqual(
            twin.search(query, { k, distinct, filter: even }),
          );
        }
      }
    });
  });
});
