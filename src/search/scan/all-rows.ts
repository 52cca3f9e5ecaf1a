// Keeps all rows that a scan measures, and sorts them in the end: where most of what is measured is wanted, as in a look.
import type { Columns } from '../../version/row-block.js';
import { type FoundRow, type Kept, compareFound } from './top-k.js';

/**
 * All rows that were measured. A heap of a thousand rows would compare each with ten others, in code that is slow before it has
 * run often, and a commit makes few looks; here numbers are sorted by the engine's own code.
 */
export class AllRows implements Kept {
  readonly most = Infinity;
  readonly worst = Infinity;
  readonly isDistinct = false;
  readonly #distances: number[] = [];
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];

  offer(distance: number, columns: Columns, row: number): void {
    this.#distances.push(distance);
    this.#columns.push(columns);
    this.#rows.push(row);
  }

  /** The nearest, best first, in the order of results. Time: O(n log n). */
  nearest(count: number): FoundRow[] {
    const distances = Float64Array.from(this.#distances);
    const sorted = distances.slice().sort();
    const last = sorted[Math.min(count, sorted.length) - 1];
    const places = new Map<number, number>();
    for (let i = sorted.length - 1; i >= 0; i--) if (sorted[i] <= last) places.set(sorted[i], i);
    const found: FoundRow[] = [];
    distances.forEach((distance, i) => {
      const place = places.get(distance);
      if (place === undefined) return;
      places.set(distance, place + 1);
      found[place] = { distance, columns: this.#columns[i], row: this.#rows[i] };
    });
    // Equal distances are in the order of keys.
    for (let i = 1; i < found.length; i++)
      if (found[i].distance === found[i - 1].distance) return found.sort(compareFound).slice(0, count);
    return found.slice(0, count);
  }
}
