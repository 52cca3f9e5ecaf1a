// The best results so far, in the total order of results, or the best one of each document.
import type { Columns } from '../../version/row-block.js';
import { compareKeys, keyOfRow } from '../../version/posting.js';

/** A row found by a search. */
export interface Candidate {
  readonly distance: number;
  readonly columns: Columns;
  readonly row: number;
  /** What it was kept by: its distance, unless that is less than an estimate allowed. */
  readonly rank?: number;
}

/** The fixed total order of results: distance, then documentId, start, length (I10). */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return a.distance - b.distance || compareKeys(keyOfRow(a.columns, a.row), keyOfRow(b.columns, b.row));
}

/** The order in which candidates are kept. */
function compareRanks(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || compareKeys(keyOfRow(a.columns, a.row), keyOfRow(b.columns, b.row));
}

type Ranked = Required<Candidate>;

/** Keeps the best k candidates in a heap with the worst on top; with `distinct`, the best one of each document. */
export class TopK {
  /** How many are kept at most. */
  readonly most: number;
  /** How far they may be. */
  readonly #limit: number;
  readonly #heap: Ranked[] = [];
  /** Where in the heap each document's candidate is, when documents are to be distinct. */
  readonly #places: Map<string, number> | undefined;

  constructor(k: number, distinctDocuments: boolean, limit = Infinity) {
    this.most = k;
    this.#limit = limit;
    this.#places = distinctDocuments ? new Map() : undefined;
  }

  /** A row farther than this cannot get in, so it need not be offered. */
  get worst(): number {
    return this.#heap.length < this.most ? this.#limit : this.#heap[0].rank;
  }

  /** How many were kept so far. */
  get size(): number {
    return this.#heap.length;
  }

  offer(distance: number, columns: Columns, row: number, rank = distance): void {
    if (rank > this.#limit) return;
    const candidate = { distance, columns, row, rank };
    const place = this.#places?.get(columns.ids.at(row));
    if (place !== undefined) {
      if (compareRanks(candidate, this.#heap[place]) < 0) {
        this.#put(candidate, place);
        this.#sink(place);
      }
    } else if (this.#heap.length < this.most) {
      this.#heap.push(candidate);
      this.#rise(this.#heap.length - 1);
    } else if (compareRanks(candidate, this.#heap[0]) < 0) {
      this.#places?.delete(documentOf(this.#heap[0]));
      this.#put(candidate, 0);
      this.#sink(0);
    }
  }

  /** What was kept, best first. */
  sorted(): Candidate[] {
    return [...this.#heap].sort(compareCandidates);
  }

  #put(candidate: Ranked, at: number): void {
    this.#heap[at] = candidate;
    this.#places?.set(documentOf(candidate), at);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const candidate = heap[from];
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compareRanks(candidate, heap[parent]) <= 0) break;
      this.#put(heap[parent], at);
      at = parent;
    }
    this.#put(candidate, at);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const candidate = heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareRanks(heap[child + 1], heap[child]) > 0) child++;
      if (compareRanks(heap[child], candidate) <= 0) break;
      this.#put(heap[child], at);
      at = child;
    }
    this.#put(candidate, at);
  }
}

function documentOf(candidate: Candidate): string {
  return candidate.columns.ids.at(candidate.row);
}
