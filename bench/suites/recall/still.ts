// Recall of indexes that do not change.
import { group } from 'd3-array';
import { createIndex } from '../../../dist/index.js';
import { count, time } from '../../../demo/units.js';
import type { DataSet } from '../../data-sets/data-set.js';
import { rowsBetween } from '../../data-sets/matrix.js';
import { postings } from '../../engines/shardex.js';
import { type Cell, linesOf } from './measured.js';
import { said } from './tables.js';

/** What to ask for: each combination of these. */
export interface Grid {
  readonly sizes: readonly number[];
  readonly ks: readonly number[];
  readonly recalls: readonly number[];
  /** How many queries a `k` takes. */
  readonly queriesFor: (k: number) => number;
}

/** A `k` that is more than this share of all is no search for the nearest. */
const MOST_WANTED = 1 / 3;

/** Measures a data set at each size that it has; prints each line as soon as it is known. */
export function cellsOf({ vectors, queries, nearness }: DataSet, grid: Grid): Cell[] {
  const cells: Cell[] = [];
  for (const rows of sizesWithin(grid.sizes, vectors.rows)) {
    const startedAt = performance.now();
    const config = { dimensions: vectors.dimensions, metric: nearness };
    const index = createIndex(config, postings(rowsBetween(vectors, 0, rows)));
    const where = (k: number): string => `${count(rows)}, k ${count(k)}`;
    const wanted = grid.ks.filter((k) => k <= rows * MOST_WANTED);
    for (const [many, ks] of group(wanted, grid.queriesFor)) {
      const some = rowsBetween(queries, 0, Math.min(many, queries.rows));
      for (const line of linesOf(index, some, ks, grid.recalls, where)) {
        cells.push(...line);
        console.log(said(line));
      }
    }
    console.log(`${count(rows)} vectors took ${time(performance.now() - startedAt)}`);
  }
  return cells;
}

/** Sizes that differ by less than this factor say the same; the larger one is measured. */
const APART = 1.5;

/** The sizes up to all rows that there are. */
function sizesWithin(sizes: readonly number[], rows: number): number[] {
  const within = [...new Set(sizes.map((size) => Math.min(size, rows)))];
  return within.filter((size, i) => i + 1 === within.length || size * APART <= within[i + 1]);
}
