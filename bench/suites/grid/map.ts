// The heat map of the grid.
import { count } from '../../../demo/units.js';
import type { HeatMap } from '../../result.js';
import type { Of } from './cell.js';
import { RECALLS, ratioAt } from './figures.js';

/** Ratios at each recall for one `k`, of the sizes that are in all rows. */
export function heatMapOf(all: readonly Of[], k: number, sizes: readonly number[]): HeatMap {
  return {
    file: 'grid',
    title: `Searches a second at a recall, in times of the faster of hnswlib-node and usearch (k ${k})`,
    rows: all.map(({ name }) => name),
    columns: sizes.map(count),
    columnTitle: 'vectors',
    panels: RECALLS.map((recall) => ({
      title: `recall ${recall}`,
      cells: all.flatMap(({ name, cells }) =>
        cells
          .filter((cell) => cell.k === k && sizes.includes(cell.size))
          .map((cell) => {
            const [ratio, at] = [ratioAt(cell, recall), { row: name, column: count(cell.size) }];
            // A file of JSON has no infinity.
            return Number.isFinite(ratio) ? { ...at, ratio } : at;
          }),
      ),
    })),
  };
}
