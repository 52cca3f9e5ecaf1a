/*
 * Gives documents small numbers, so that field indexes and searches can keep sets of documents as bitmaps. All versions of a
 * lineage share the numbers and only add to them, so a commit numbers only what it writes. Deleted documents keep
 * their numbers until there are too many of those; then a version numbers its documents anew.
 */
import type { IdColumn } from '../collections/id-column.js';
import { RecordColumn } from './record-column.js';

/** Documents are numbered anew when there are this many times as many numbers as documents. */
const MOST_STALE = 4;

/** The ids of a block's rows, of which no more than the last may change. */
interface Rows {
  readonly ids: IdColumn;
  readonly starts: { readonly length: number };
}

/** The numbers of a block's rows, as far as they are known. */
interface RowNumbers {
  readonly numbers: Int32Array;
  known: number;
}

/** Gives each id a number, which never changes. */
export class DocumentNumbers {
  /** The ids by their numbers. */
  readonly ids: string[] = [];
  /** The records of the version that was looked at, or committed, last. */
  readonly records = new RecordColumn();
  readonly #numbers = new Map<string, number>();
  readonly #rows = new WeakMap<Rows, RowNumbers>();
  /** The maps of shards all of whose rows have numbers. */
  readonly #whole = new WeakSet();

  /** How many numbers have been given. */
  get size(): number {
    return this.ids.length;
  }

  /** The number of an id. */
  of(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.ids.length;
      this.#numbers.set(id, number);
      this.ids.push(id);
    }
    return number;
  }

  /** The number of an id that was met; `undefined` for others. */
  find(id: string): number | undefined {
    return this.#numbers.get(id);
  }

  /** Whether most numbers are of documents that a version with so many does not have. */
  isStale(documentCount: number): boolean {
    return this.size > MOST_STALE * (documentCount + 1024);
  }

  /** The numbers of the first rows of a block; a row keeps its id, so they are found out once. */
  ofRows(rows: Rows, visible: number): Int32Array {
    let known = this.#rows.get(rows);
    if (known === undefined) {
      known = { numbers: new Int32Array(rows.starts.length), known: 0 };
      this.#rows.set(rows, known);
    }
    let last: string | undefined;
    for (let number = 0; known.known < visible; known.known++) {
      const id = rows.ids.at(known.known);
      // Postings of one document often lie side by side.
      if (id !== last) number = this.of(id);
      last = id;
      known.numbers[known.known] = number;
    }
    return known.numbers;
  }

  /** Whether all rows of these shards are known to have numbers. */
  hasRowsOf(shards: object): boolean {
    return this.#whole.has(shards);
  }

  /** Notes that they have. */
  noteRowsOf(shards: object): void {
    this.#whole.add(shards);
  }
}
