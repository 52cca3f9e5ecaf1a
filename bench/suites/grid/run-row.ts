// The process that measures one row of the grid, and sends each cell to the process that started it (see grid.ts).
import { HELD_OUT, contests } from './contest.js';
import { type Row, vectorsOf } from './rows.js';

const { row, sizes, ks } = JSON.parse(process.argv[2]) as {
  readonly row: Row;
  readonly sizes: readonly number[];
  readonly ks: readonly number[];
};
const set = await vectorsOf(row, { rows: Math.max(...sizes), ...HELD_OUT });
// Up to the first size that takes all there are.
const all = sizes.findIndex((size) => size >= set.vectors.rows);
for (const cell of contests(set, all < 0 ? sizes : sizes.slice(0, all + 1), ks)) process.send?.(cell);
