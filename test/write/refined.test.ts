import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.js';
import { seededRandom } from '../../src/geometry/random.js';
import { runSteps } from '../../src/collections/steps.js';
import { RowBlock, RowList, columnsOf, writeKey } from '../../src/version/row-block.js';
import { matrixOf, meanOf } from '../../src/version/shard.js';
import type { Part } from '../../src/write/moves.js';
import { refined } from '../../src/write/reassign.js';

const DIMENSIONS = 3;
const PARTS = 12;
const ROWS = 600;
const ROUNDS = 4;

/** Parts of random points, each point in any of them. */
function anyParts(): Part[] {
  const random = seededRandom(5);
  const block = new RowBlock(ROWS, DIMENSIONS, false);
  const columns = columnsOf(block);
  const lists = Array.from({ length: PARTS }, () => new RowList());
  for (let row = 0; row < ROWS; row++) {
    for (let i = 0; i < DIMENSIONS; i++) columns.vectors[row * DIMENSIONS + i] = random();
    writeKey(columns, row, `d${row}`, 0, 0);
    lists[Math.floor(random() * PARTS)].push(block, row);
  }
  return lists.map((rows, id) => ({ id, rows, centroid: meanOf(rows, 'euclidean', DIMENSIONS) }));
}

/** The same by the book: each row to the nearest centroid, then the means, and so on. */
function naive(parts: readonly Part[]): { readonly rows: number[]; readonly centroid: number[] }[] {
  const { vectors } = columnsOf(parts[0].rows.blocks[0]);
  const at = (row: number): number[] => [...vectors.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS)];
  let current = parts.map(({ rows, centroid }) => ({
    rows: [...rows.rows],
    centroid: [...matrixOf(centroid).vectors],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    const next = current.map((): number[] => []);
    for (const row of current.flatMap(({ rows }) => rows)) {
      const apart = current.map(({ centroid }) =>
        at(row).reduce((sum, x, i) => sum + (x - centroid[i]) ** 2, 0),
      );
      next[apart.indexOf(Math.min(...apart))].push(row);
    }
    current = next.map((rows, part) => ({
      rows,
      // One that has lost all its rows stays where it is.
      centroid: current[part].centroid.map((before, i) =>
        rows.length === 0
          ? before
          : Math.fround(rows.reduce((sum, row) => sum + at(row)[i], 0) / rows.length),
      ),
    }));
  }
  return current;
}

test('parts of a bulk split are refined as by naive k-means', () => {
  const parts = anyParts();
  const found = runSteps(refined(parts, resolveConfig({ dimensions: DIMENSIONS, metric: 'euclidean' })));
  const expected = naive(parts);
  expect(found.map(({ id }) => id)).toEqual(parts.map(({ id }) => id));
  expect(found.map(({ rows }) => rows.rows)).toEqual(expected.map(({ rows }) => rows));
  expect(found.map(({ centroid }) => [...matrixOf(centroid).vectors])).toEqual(
    expected.map(({ centroid }) => centroid),
  );
  // Each lies in memory of its own: what is kept of one, or sent to another thread, must not be those of all.
  for (const { centroid } of found) expect(matrixOf(centroid).vectors.buffer.byteLength).toBe(4 * DIMENSIONS);
});
