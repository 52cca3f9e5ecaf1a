// Keeps the rows that a scan measures, and tells the nearest of them in the end, as a look needs it: as sets, in no order.
import type { Columns } from '../../version/row-block.js';
import { compareKeys, keyOfRow } from '../../version/posting.js';
import type { Kept } from './top-k.js';

/** Rows are thrown out once there are this many times as many as are wanted, or twice as many as were left then. */
const PRUNED = 4;

/**
 * The nearest of all rows that were measured, or all of them. A heap of a thousand rows would compare each with ten others,
 * in code that is slow before it has run often, and a commit makes few looks; here numbers are sorted by the engine's own code.
 */
export class NearestRows implements Kept {
  readonly most: number;
  worst = Infinity;
  readonly isDistinct = false;
  #distances: number[] = [];
  #columns: Columns[] = [];
  #rows: number[] = [];
  /** How many there may be until rows are thrown out. Of equally far ones all are left, so it grows with them. */
  #most: number;
  readonly #leftOut: { readonly columns: Columns; readonly row: number } | undefined;

  /** Keeps the nearest `most`, and others as near as the last of them, without one row that is looked for. */
  constructor(most: number, leftOut?: { readonly columns: Columns; readonly row: number }) {
    this.most = most;
    this.#most = PRUNED * most;
    this.#leftOut = leftOut;
  }

  offer(distance: number, columns: Columns, row: number): void {
    if (row === this.#leftOut?.row && columns === this.#leftOut.columns) return;
    this.#distances.push(distance);
    this.#columns.push(columns);
    this.#rows.push(row);
    if (this.#distances.length >= this.#most) this.#prune();
  }

  /**
   * The columns of the nearest rows, for ascending `counts`: first the nearest `counts[0]`, then the rest of the nearest
   * `counts[1]`, and so on, within each in no order. Ties are broken as in results. Time: O(n log n).
   */
  nearest(counts: readonly number[]): Columns[] {
    const distances = this.#distances;
    const sorted = Float64Array.from(distances).sort();
    const ends = counts.map((count) => Math.min(count, sorted.length));
    // Whether a row is among so many could depend on more than how near it is.
    if (ends.some((end) => end < sorted.length && sorted[end - 1] === sorted[end]))
      return this.#inOrder(ends[ends.length - 1], sorted[ends[ends.length - 1] - 1]);
    const lasts = ends.map((end) => sorted[end - 1]);
    const next = [0, ...ends];
    const found = new Array<Columns>(ends[ends.length - 1]);
    for (let i = 0; i < distances.length; i++) {
      let part = 0;
      while (part < lasts.length && distances[i] > lasts[part]) part++;
      if (part < lasts.length) found[next[part]++] = this.#columns[i];
    }
    return found;
  }

  /** The columns of the nearest `count`, in order; `last` is how far the last of them is. Each key is read once. */
  #inOrder(count: number, last: number): Columns[] {
    const near = this.#distances.flatMap((distance, i) =>
      distance <= last ? [{ distance, i, key: keyOfRow(this.#columns[i], this.#rows[i]) }] : [],
    );
    return near
      .sort((a, b) => a.distance - b.distance || compareKeys(a.key, b.key))
      .slice(0, count)
      .map(({ i }) => this.#columns[i]);
  }

  #prune(): void {
    this.worst = Float64Array.from(this.#distances).sort()[this.most - 1];
    const near = this.#distances.flatMap((distance, i) => (distance <= this.worst ? [i] : []));
    this.#distances = near.map((i) => this.#distances[i]);
    this.#columns = near.map((i) => this.#columns[i]);
    this.#rows = near.map((i) => this.#rows[i]);
    this.#most = Math.max(PRUNED * this.most, 2 * near.length);
  }
}
