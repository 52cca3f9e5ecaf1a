import fc from 'fast-check';
import { createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { probeOf, separations } from '../../src/geometry/metric.js';
import { Centroid, matrixOf } from '../../src/version/shard.js';
import { RowBlock, RowList, claimRows, columnsOf, writeKey } from '../../src/version/row-block.js';
import { BATCH, nearestFinders } from '../../src/write/nearest-finder.js';
import { METRICS } from '../support/postings.js';
import { gaussianVector, pick, seeded } from '../support/random.js';

// Centroids that are twice the same, nearly the same, zero, far off or as long as can be: rounding alone would decide.
const SCALES = [0, 1e-40, 1, 1, 1, 1000, 3e37];

test.each(METRICS)(
  'the nearest centroid and its separation are those of 64-bit floats (I10): %s',
  (metric) => {
    const shape = fc.record({ d: fc.integer({ min: 1, max: 20 }), count: fc.integer({ min: 8, max: 24 }) });
    fc.assert(
      fc.property(shape, fc.integer(), ({ d, count }, seed) => {
        const random = seeded(seed);
        const { config } = createIndex({ dimensions: d, metric });
        const scale = pick(random, SCALES);
        const some = Array.from({ length: 4 }, () => gaussianVector(random, d, scale));
        const near = (): number[] =>
          pick(random, some).map((x) => x * (1 + pick(random, [0, 1e-7, -1e-7, 0.1])));
        const centroids = Array.from({ length: count }, () => new Centroid(Float32Array.from(near())));
        const finder = nearestFinders(config)(centroids);
        const block = new RowBlock(6, d);
        claimRows(block, 0, 6);
        const rows = new RowList();
        const nearest: number[] = [];
        for (let row = 0; row < 6; row++) {
          columnsOf(block).vectors.set(
            row < 4 ? near() : gaussianVector(random, d, pick(random, SCALES)),
            row * d,
          );
          writeKey(columnsOf(block), row, 'a', row, 1);
          const from = row % 2 === 0 ? 0 : Math.floor(random() * count);
          const probe = probeOf(columnsOf(block).vectors, row * d, d);
          const all = centroids.map((centroid) => {
            const out = new Float64Array(1);
            separations(metric, probe, matrixOf(centroid), 0, 1, out);
            return out[0];
          });
          rows.push(block, row);
          nearest.push(all.indexOf(Math.min(...all)));
          const truth = all.slice(from);
          const least = Math.min(...truth);
          expect(finder.find(block, row, from, count)).toEqual({
            index: from + truth.indexOf(least),
            separation: least,
          });
        }
        expect([...finder.indexes(rows, 0)]).toEqual(nearest);
        expect([...finder.indexes(rows, 4)]).toEqual(nearest.slice(4));
      }),
      { numRuns: 300 },
    );
  },
);

test('more rows than are measured together', () => {
  const random = seeded(6);
  const d = 16;
  const set = Array.from({ length: 20 }, () => new Centroid(Float32Array.from(gaussianVector(random, d))));
  const finder = nearestFinders(createIndex({ dimensions: d }).config)(set);
  const count = 2 * BATCH + 7;
  const block = new RowBlock(count, d);
  claimRows(block, 0, count);
  const rows = new RowList();
  for (let row = 0; row < count; row++) {
    columnsOf(block).vectors.set(gaussianVector(random, d), row * d);
    writeKey(columnsOf(block), row, 'a', row, 1);
    rows.push(block, row);
  }
  const found = [0, BATCH, 2 * BATCH].flatMap((first) => [...finder.indexes(rows, first)]);
  expect(found).toEqual(rows.rows.map((row) => finder.find(block, row, 0, set.length).index));
});

test('finders of one lineage that take turns do not see each other’s centroids', () => {
  const random = seeded(5);
  const d = 16;
  const { config } = createIndex({ dimensions: d });
  const sets = [20, 9, 30].map((count) =>
    Array.from({ length: count }, () => new Centroid(Float32Array.from(gaussianVector(random, d)))),
  );
  const block = new RowBlock(50, d);
  claimRows(block, 0, 50);
  for (let row = 0; row < 50; row++) {
    columnsOf(block).vectors.set(gaussianVector(random, d), row * d);
    writeKey(columnsOf(block), row, 'a', row, 1);
  }
  const alone = sets.map((set) => {
    const finder = nearestFinders(createIndex({ dimensions: d }).config)(set);
    return Array.from({ length: 50 }, (_, row) => finder.find(block, row, 0, set.length));
  });
  const finders = sets.map((set) => nearestFinders(config)(set));
  for (let row = 0; row < 50; row++)
    expect(finders.map((finder, s) => finder.find(block, row, 0, sets[s].length))).toEqual(
      alone.map((found) => found[row]),
    );
});
