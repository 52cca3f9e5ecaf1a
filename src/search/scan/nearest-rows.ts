// Keeps the rows that a scan measures, and tells the nearest of them in the end, as a look needs it: as sets, in no order.
import { compareKeys, keyOfRow } from '../../version/posting.js';
import type { Columns } from '../../version/row-block.js';
import type { Kept } from './top-k.js';

/** Rows are thrown out once there are this many times as many as are wanted, or twice as many as were left then. */
const PRUNED = 4;

/** Distances that there is room for at first. */
const ROOM = 2048;

/**
 * The nearest of all rows that were measured, or all of them. A heap of a thousand rows would compare each with ten others,
 * in code that is slow before it has run often, and a commit makes few looks; here numbers are sorted by the engine's own code.
 */
export class NearestRows implements Kept {
  readonly most: number;
  worst = Infinity;
  readonly isDistinct = false;
  #count = 0;
  /** The first `#count` of each are of one row. */
  #distances = new Float64Array(ROOM);
  readonly #columns: Columns[] = [];
  readonly #rows: number[] = [];
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
    if (this.#count === this.#distances.length) this.#grow();
    this.#put(this.#count++, distance, columns, row);
    if (this.#count >= this.#most) this.#prune();
  }

  /**
   * The columns of the nearest rows, for ascending `counts`: first the nearest `counts[0]`, then the rest of the nearest
   * `counts[1]`, and so on, within each in no order. Ties are broken as in results. Time: O(n log n).
   */
  nearest(counts: readonly number[]): Columns[] {
    const distances = this.#distances;
    const sorted = this.#sorted();
    const ends = counts.map((count) => Math.min(count, sorted.length));
    const most = ends[ends.length - 1];
    // Whether a row is among so many could depend on more than how near it is.
    if (ends.some((end) => end < sorted.length && sorted[end - 1] === sorted[end]))
      return this.#inOrder(most, sorted[most - 1]);
    const lasts = ends.map((end) => sorted[end - 1]);
    const next = [0, ...ends];
    const found = new Array<Columns>(most);
    for (let i = 0; i < sorted.length; i++) {
      let part = 0;
      while (part < lasts.length && distances[i] > lasts[part]) part++;
      if (part < lasts.length) found[next[part]++] = this.#columns[i];
    }
    return found;
  }

  /** The columns of the nearest `count`, in order; `last` is how far the last of them is. Each key is read once. */
  #inOrder(count: number, last: number): Columns[] {
    const near: {
      readonly distance: number;
      readonly i: number;
      readonly key: ReturnType<typeof keyOfRow>;
    }[] = [];
    for (let i = 0; i < this.#count; i++) {
      const distance = this.#distances[i];
      if (distance <= last) near.push({ distance, i, key: keyOfRow(this.#columns[i], this.#rows[i]) });
    }
    return near
      .sort((a, b) => a.distance - b.distance || compareKeys(a.key, b.key))
      .slice(0, count)
      .map(({ i }) => this.#columns[i]);
  }

  #prune(): void {
    this.worst = this.#sorted()[this.most - 1];
    let left = 0;
    for (let i = 0; i < this.#count; i++) {
      const distance = this.#distances[i];
      if (distance <= this.worst) this.#put(left++, distance, this.#columns[i], this.#rows[i]);
    }
    this.#count = left;
    this.#most = Math.max(PRUNED * this.most, 2 * left);
  }

  #put(i: number, distance: number, columns: Columns, row: number): void {
    this.#distances[i] = distance;
    this.#columns[i] = columns;
    this.#rows[i] = row;
  }

  /** The distances, ascending. */
  #sorted(): Float64Array {
    return this.#distances.slice(0, this.#count).sort();
  }

  #grow(): void {
    const longer = new Float64Array(2 * this.#distances.length);
    longer.set(this.#distances);
    this.#distances = longer;
  }
}
