import { group } from 'd3-array';
import { createIndex } from '../../../dist/index.js';
import { count } from '../../../demo/units.js';
import type { DataSet } from '../../data-sets/data-set.js';
import { rowsBetween } from '../../data-sets/matrix.js';
import { postings } from '../../engines/shardex.js';
import { type Answer, answerTo } from './asked.js';
import { fixedSettings } from './fixed.js';
import { cellOf } from './tables.js';
import { truthOf } from './truth.js';

/** What was asked for: each combination of these. */
export interface Grid {
  readonly sizes: readonly number[];
  readonly ks: readonly number[];
  readonly recalls: readonly number[];
  /** How many queries a `k` takes. */
  readonly queriesFor: (k: number) => number;
}

/** An answer of an index of so many vectors, beside the best fixed setting. */
export interface Cell extends Answer {
  readonly rows: number;
  /** Rows that the least fixed number of shards scans which finds as much. */
  readonly fixed: number;
}

/** A `k` that is more than this share of all is no search for the nearest. */
const MOST_WANTED = 1 / 3;

/** Measures a data set at each size that it has; prints each line as soon as it is known. */
export function cellsOf({ vectors, queries, nearness }: DataSet, grid: Grid): Cell[] {
  const { sizes, ks, recalls } = grid;
  const cells: Cell[] = [];
  for (const rows of new Set(sizes.map((size) => Math.min(size, vectors.rows)))) {
    const startedAt = performance.now();
    const index = createIndex(
      { dimensions: vectors.dimensions, metric: nearness },
      postings(rowsBetween(vectors, 0, rows)),
    );
    const wanted = ks.filter((k) => k <= rows * MOST_WANTED);
    for (const [many, those] of group(wanted, grid.queriesFor)) {
      const some = rowsBetween(queries, 0, Math.min(many, queries.rows));
      const truth = truthOf(index, some, Math.max(...those));
      const fixed = fixedSettings(index, some, truth, those);
      for (const k of those) {
        const line = recalls.map((asked) => {
          const answer = answerTo(index, some, truth, k, asked);
          return { ...answer, rows, fixed: fixed.rowsFor(k, answer.got) };
        });
        cells.push(...line);
        const said = line.map((cell) => `${cell.asked}: ${cellOf(cell)}`).join('   ');
        console.log(`${count(rows).padStart(7)}  k ${String(k).padEnd(4)}  ${said}`);
      }
    }
    console.log(`${count(rows).padStart(7)}  ${Math.round((performance.now() - startedAt) / 100) / 10} s`);
  }
  return cells;
}
