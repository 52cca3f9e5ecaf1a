import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSteps } from '../../src/collections/steps.js';
import { resolveConfig } from '../../src/config.js';
import { dotProduct } from '../../src/geometry/exact-loops.js';
import { probeOf, separations } from '../../src/geometry/metric.js';
import { RowList, columnsOf } from '../../src/version/row-block.js';
import { meanOf } from '../../src/version/shard.js';
import { LoadedRows, meanOfRows } from '../../src/write/loaded-rows.js';
import { stagePostings } from '../../src/write/staging.js';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, integerBelow, seeded } from '../support/random.js';

/** Rows of several blocks, a few of them zero, in no order. */
function someRows(config: ReturnType<typeof resolveConfig>, count: number, seed: number): RowList {
  const random = seeded(seed);
  const vector = (): number[] =>
    random() < 0.1 ? new Array<number>(config.dimensions).fill(0) : gaussianVector(random, config.dimensions);
  const blocks = [1, 2].map(() => stagePostings(config, numbered(count, vector)));
  const list = new RowList();
  for (let i = 0; i < count; i++) {
    const from = blocks[integerBelow(random, 2)];
    const row = integerBelow(random, count);
    list.push(from.blocks[row], from.rows[row]);
  }
  return list;
}

// Below and above the least dimensions that are copied.
const SHAPES = fc.constantFrom([31, 40], [32, 40], [101, 40]);

test.each(METRICS)(
  'rows are measured and added up as one by one, whoever had the kernels in between: %s',
  (metric) => {
    fc.assert(
      fc.property(SHAPES, fc.integer({ min: 1, max: 1000 }), ([dimensions, count], seed) => {
        const config = resolveConfig({ dimensions, metric });
        const lists = [seed, seed + 1].map((one) => someRows(config, count, one));
        const loaded = lists.map((list) => new LoadedRows(config, list));
        const probe = probeOf(Float64Array.from(gaussianVector(seeded(seed), dimensions)));
        const cuts = [0, 7, Math.floor(count / 2), count];
        for (let part = 0; part + 1 < cuts.length; part++) {
          lists.forEach((list, l) => {
            const [products, apart, far] = [1, 2, 3].map(() => new Float64Array(count));
            loaded[l].products(probe.vector, cuts[part], cuts[part + 1], products);
            loaded[l].separations(probe, cuts[part], cuts[part + 1], apart);
            loaded[l].distances(probe.vector, cuts[part], cuts[part + 1], far);
            for (let i = cuts[part]; i < cuts[part + 1]; i++) {
              const columns = columnsOf(list.blocks[i]);
              const square = columns.squaredNorms[list.rows[i]];
              const weight = metric !== 'cosine' ? 1 : square === 0 ? 0 : 1 / Math.sqrt(square);
              const dot = dotProduct(probe.vector, columns.vectors, list.rows[i] * dimensions);
              expect(products[i]).toBe(metric === 'cosine' ? dot * weight : dot);
              const one = new Float64Array(1);
              separations(metric, probe, columns, list.rows[i], 1, one);
              expect(apart[i]).toBe(one[0]);
              const less = metric === 'cosine' ? probe.squaredNorm : 0;
              const point = new Float64Array(dimensions);
              loaded[l].copy(i, point);
              const true2 = point.reduce((sum, x, j) => sum + (x - probe.vector[j]) ** 2, 0);
              expect(far[i] + less).toBeCloseTo(true2, 6);
            }
          });
        }
        for (const list of lists)
          expect(runSteps(meanOfRows(list, config)).toArray()).toEqual(
            meanOf(list, metric, dimensions).toArray(),
          );
      }),
      { numRuns: 12 },
    );
  },
);

test('sums are of the side that is asked for', () => {
  const config = resolveConfig({ dimensions: 64, metric: 'euclidean' });
  const list = someRows(config, 30, 5);
  const sides = Uint8Array.from({ length: 30 }, (_, i) => Number(i % 3 === 1));
  const sum = new Float64Array(64);
  new LoadedRows(config, list).addTo(sum, sides, 2, 25);
  const expected = new Float64Array(64);
  for (let i = 2; i < 25; i++) {
    if (sides[i] === 0) continue;
    const { vectors } = columnsOf(list.blocks[i]);
    for (let j = 0; j < 64; j++) expected[j] += vectors[list.rows[i] * 64 + j];
  }
  expect([...sum]).toEqual([...expected]);
});

test('more rows than the kernels have room for are measured and added up in several parts', () => {
  const [dimensions, count] = [9000, 500];
  const config = resolveConfig({ dimensions, metric: 'dot' });
  const vector = (i: number): Float32Array =>
    Float32Array.from({ length: dimensions }, (_, j) => (i + j) % 7);
  const list = stagePostings(config, numbered(count, vector));
  const loaded = new LoadedRows(config, list);
  const ones = new Float64Array(dimensions).fill(1);
  const [products, sum] = [new Float64Array(count), new Float64Array(dimensions)];
  loaded.products(ones, 0, count, products);
  loaded.addTo(sum, undefined, 0, count);
  const naive = Array.from({ length: count }, (_, i) => vector(i).reduce((all, x) => all + x, 0));
  expect([...products]).toEqual(naive);
  for (const j of [0, 1, 8999])
    expect(sum[j]).toBe(Array.from({ length: count }, (_, i) => (i + j) % 7).reduce((all, x) => all + x, 0));
});
