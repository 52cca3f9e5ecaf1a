// The k best rows so far, in the total order of results, or the best one of each document: a bounded heap.
import type { Columns } from '../../version/row-block.js';
import { compareKeys, keyOfRow } from '../../version/posting.js';

/** A row found by a search. */
export interface FoundRow {
  readonly distance: number;
  readonly columns: Columns;
  readonly row: number;
  /** The value that it was kept by: its distance, or its bound if that is more. */
  readonly rank?: number;
}

/** What keeps the rows that a scan measures. */
export interface Kept {
  /** How many are kept at most. */
  readonly most: number;
  /** A row farther than this cannot get in, so it need not be offered. */
  readonly worst: number;
  /** Whether it keeps the best row of each document only. */
  readonly isDistinct: boolean;
  offer(distance: number, columns: Columns, row: number, rank?: number): void;
}

/** Compares by the total order of results: distance, then documentId, start, length (I10). */
export function compareFound(a: FoundRow, b: FoundRow): number {
  return a.distance - b.distance || compareKeys(keyOfRow(a.columns, a.row), keyOfRow(b.columns, b.row));
}

/** Compares by the order in which rows are kept. */
export function compareRanks(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || compareKeys(keyOfRow(a.columns, a.row), keyOfRow(b.columns, b.row));
}

/** A row with the value that it is kept by. */
export type Ranked = Required<FoundRow>;

/** What keeps the best rows of a search. */
export interface Best extends Kept {
  /** How many are kept. */
  readonly size: number;
  /** The kept rows, best first. */
  sorted(): FoundRow[];
}

/** A heap of the k best rows with the worst on top; with `distinctDocuments`, of the best row of each document. */
export class TopK implements Best {
  /** How many are kept at most. */
  readonly most: number;
  /** How far they may be. */
  readonly #limit: number;
  readonly #heap: Ranked[] = [];
  /** Index in the heap of each document's row, if documents are distinct. */
  readonly #positions: Map<string, number> | undefined;

  constructor(k: number, distinctDocuments: boolean, limit = Infinity) {
    this.most = k;
    this.#limit = limit;
    this.#positions = distinctDocuments ? new Map() : undefined;
  }

  /** Rows farther than this need not be offered. */
  get worst(): number {
    return this.#heap.length < this.most ? this.#limit : this.#heap[0].rank;
  }

  get isDistinct(): boolean {
    return this.#positions !== undefined;
  }

  /** How many are kept. */
  get size(): number {
    return this.#heap.length;
  }

  offer(distance: number, columns: Columns, row: number, rank = distance): void {
    if (rank > this.#limit) return;
    const found = { distance, columns, row, rank };
    const position = this.#positions?.get(columns.ids.at(row));
    if (position !== undefined) {
      if (compareRanks(found, this.#heap[position]) < 0) {
        this.#put(found, position);
        this.#sink(position);
      }
    } else if (this.#heap.length < this.most) {
      this.#heap.push(found);
      this.#rise(this.#heap.length - 1);
    } else if (compareRanks(found, this.#heap[0]) < 0) {
      this.#positions?.delete(documentOf(this.#heap[0]));
      this.#put(found, 0);
      this.#sink(0);
    }
  }

  /** The kept rows, best first. */
  sorted(): FoundRow[] {
    return [...this.#heap].sort(compareFound);
  }

  #put(found: Ranked, at: number): void {
    this.#heap[at] = found;
    this.#positions?.set(documentOf(found), at);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const found = heap[from];
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compareRanks(found, heap[parent]) <= 0) break;
      this.#put(heap[parent], at);
      at = parent;
    }
    this.#put(found, at);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const found = heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareRanks(heap[child + 1], heap[child]) > 0) child++;
      if (compareRanks(heap[child], found) <= 0) break;
      this.#put(heap[child], at);
      at = child;
    }
    this.#put(found, at);
  }
}

function documentOf(found: FoundRow): string {
  return found.columns.ids.at(found.row);
}
