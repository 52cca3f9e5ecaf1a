// The k best rows so far as a sorted list: where k is small, that is faster than a heap, as most rows come nearly in order.
import type { Columns } from '../../version/row-block.js';
import { type Best, type FoundRow, type Ranked, TopK, compareFound, compareRanks } from './top-k.js';

/** Most rows for which a sorted list is faster than a heap, even if they come in no order. */
const MOST = 256;

/** What keeps the k best rows no farther than a limit; with `isDistinct`, the best row of each document. */
export function bestRows(k: number, isDistinct: boolean, limit = Infinity): Best {
  return isDistinct || k > MOST ? new TopK(k, isDistinct, limit) : new SortedRows(k, limit);
}

/** The best rows in order, the worst last. */
export class SortedRows implements Best {
  readonly most: number;
  readonly isDistinct = false;
  /** Rows farther than this need not be offered. */
  worst: number;
  readonly #rows: Ranked[] = [];

  constructor(k: number, limit: number) {
    this.most = k;
    this.worst = limit;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Time: O(k), O(1) for one that is worse than the others. */
  offer(distance: number, columns: Columns, row: number, rank = distance): void {
    if (rank > this.worst) return;
    const rows = this.#rows;
    const found = { distance, columns, row, rank };
    let at = rows.length;
    if (at === this.most) {
      if (compareRanks(found, rows[at - 1]) >= 0) return;
      at--;
    }
    // Most rows come in order.
    if (at > 0 && rank > rows[at - 1].rank) {
      rows[at] = found;
      if (at + 1 === this.most) this.worst = rank;
      return;
    }
    for (; at > 0 && compareRanks(found, rows[at - 1]) < 0; at--) rows[at] = rows[at - 1];
    rows[at] = found;
    if (rows.length === this.most) this.worst = rows[this.most - 1].rank;
  }

  sorted(): FoundRow[] {
    const rows = this.#rows.slice();
    // Unless bounds are proven, some are kept by their bounds.
    for (let i = 1; i < rows.length; i++)
      if (rows[i].distance < rows[i - 1].distance) return rows.sort(compareFound);
    return rows;
  }
}
