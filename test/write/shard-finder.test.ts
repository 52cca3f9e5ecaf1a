import fc from 'fast-check';
import { createIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { probeOf } from '../../src/geometry/metric.js';
import { CentroidTable, centroidsOf } from '../../src/version/centroid-table.js';
import { Centroid } from '../../src/version/shard.js';
import { LEAST_SHARDS, ShardFinder } from '../../src/write/shard-finder.js';
import { CORPORA, type Corpus } from '../support/corpora.js';
import { naiveCosineDistance, naiveSquaredL2 } from '../support/naive-twin.js';
import { withCentroids } from '../support/at-once.js';
import { METRICS } from '../support/postings.js';
import { gaussianVector, integerBelow, pick, seeded } from '../support/random.js';

const KINDS = Object.keys(CORPORA) as Corpus[];

/** Enough for axes and all shadows to be made. */
const WARM = 200;

function tableOf(metric: (typeof METRICS)[number], vectors: readonly (readonly number[])[]): CentroidTable {
  const added = vectors.map((v, id) => ({ id, centroid: new Centroid(Float32Array.from(v)) }));
  return withCentroids(new CentroidTable([]), metric, new Set(), added);
}

describe.each(METRICS)('the nearest shard by %s', (metric) => {
  test('is the one that comparing all finds, while centroids come and go, and come back (I6)', () => {
    const shape = fc.record({
      d: fc.constantFrom(16, 17, 100, 129, 160),
      count: fc.integer({ min: LEAST_SHARDS, max: 500 }),
      corpus: fc.constantFrom(...KINDS),
    });
    fc.assert(
      fc.property(shape, fc.integer(), ({ d, count, corpus }, seed) => {
        const random = seeded(seed);
        const vector = CORPORA[corpus](random, d);
        const finder = new ShardFinder(createIndex({ dimensions: d, metric }).config);
        const zeroAt = integerBelow(random, 2 * count);
        let table = tableOf(
          metric,
          Array.from({ length: count }, (_, id) => (id === zeroAt ? new Array<number>(d).fill(0) : vector())),
        );
        let next = count;
        const tables = [table];
        for (let round = 0; round < 6; round++) {
          const all = centroidsOf(table);
          for (let q = 0; q < 60; q++) {
            const near = pick(random, all).vector;
            const row = pick(random, [
              (): ArrayLike<number> => vector(),
              () => near,
              () => near.map((x) => -x),
              () => near.map((x) => x * (1 + 1e-6 * (random() - 0.5))),
              () => new Float32Array(d),
            ])();
            const probe = probeOf(Float32Array.from(row));
            const measure = metric === 'cosine' ? naiveCosineDistance : naiveSquaredL2;
            const [nearest] = all
              .map((member) => ({ id: member.id, value: measure(probe.vector, member.vector) }))
              .sort((a, b) => a.value - b.value || a.id - b.id);
            expect(finder.find(table, probe)).toEqual(nearest);
          }
          const gone = new Set(Array.from({ length: 3 }, () => pick(random, all).id));
          const added = Array.from({ length: integerBelow(random, 6) }, () => ({
            id: next++,
            centroid: new Centroid(Float32Array.from(vector())),
          }));
          tables.push(withCentroids(table, metric, gone, added));
          // The newest one, or one from which others were made: branches take turns, and a draft may go back.
          table = random() < 0.5 ? tables[tables.length - 1] : pick(random, tables);
        }
      }),
      { numRuns: 20 },
    );
  });

  // All numbers are looked at up to 128 dimensions, 64 axes beyond that.
  test.each([
    ['lowRank', 96],
    ['uniform', 96],
    ['lowRank', 200],
  ] as const)('of many, with %s vectors of %i dimensions, takes comparing two or three', (corpus, d) => {
    for (const count of [300, 4000]) {
      const vector = CORPORA[corpus](seeded(3), d);
      const some = Array.from({ length: count }, () => vector());
      const table = tableOf(metric, some);
      const finder = new ShardFinder(createIndex({ dimensions: d, metric }).config);
      const probes = Array.from({ length: WARM }, () => probeOf(Float32Array.from(vector())));
      for (const probe of probes) finder.find(table, probe);
      const before = finder.compared;
      for (const probe of probes) finder.find(table, probe);
      expect((finder.compared - before) / probes.length, `of ${count}`).toBeLessThan(3.5);
    }
  });

  test('takes few more with a zero vector among them, which by cosine lies at a right angle to everything', () => {
    const random = seeded(5);
    const some = Array.from({ length: 400 }, () => gaussianVector(random, 100));
    some[7].fill(0);
    const table = tableOf(metric, some);
    const finder = new ShardFinder(createIndex({ dimensions: 100, metric }).config);
    const compared = (): number => {
      const before = finder.compared;
      for (let i = 0; i < WARM; i++)
        finder.find(table, probeOf(Float32Array.from(gaussianVector(random, 100))));
      return (finder.compared - before) / WARM;
    };
    compared();
    expect(compared()).toBeLessThan(3.5);
  });

  test('takes no longer to find where axes say nothing', () => {
    const d = 160;
    const count = 600;
    const vector = CORPORA.uniform(seeded(4), d);
    const table = tableOf(
      metric,
      Array.from({ length: count }, () => vector()),
    );
    const finder = new ShardFinder(createIndex({ dimensions: d, metric }).config);
    const compared = (): number => {
      const before = finder.compared;
      for (let i = 0; i < WARM; i++) finder.find(table, probeOf(Float32Array.from(vector())));
      return (finder.compared - before) / WARM;
    };
    expect(compared()).toBeGreaterThan(count / 5);
    expect(compared()).toBeLessThan(10);
  });
});
