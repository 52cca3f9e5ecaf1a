// Numbers of documents, by which searches keep sets of them: one for each id that was met, for as long as a lineage is searched.
import type { Leaf } from '../../collections/sorted-set.js';
import type { Columns } from '../../version/row-block.js';
import { LastColumn } from './record-column.js';

/** The numbers of a block's rows, as far as they are known. */
interface RowNumbers {
  readonly numbers: Int32Array;
  known: number;
}

/** Gives each id a number, which never changes; versions, forks and branches of a lineage have the same. */
export class DocumentNumbers {
  /** The ids by their numbers. */
  readonly ids: string[] = [];
  /** The records of the version that was looked at last. */
  readonly records = new LastColumn();
  readonly #numbers = new Map<string, number>();
  readonly #rows = new WeakMap<Columns, RowNumbers>();
  readonly #leaves = new WeakMap<object, Int32Array>();
  /** Bytes of the numbers of rows, about: those of blocks that are gone count until all is dropped. */
  #rowBytes = 0;

  /** How many numbers have been given. */
  get size(): number {
    return this.ids.length;
  }

  /** About how many bytes they take. */
  get byteLength(): number {
    return 48 * this.ids.length + this.#rowBytes;
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

  /** The numbers of the first rows of a block; a row keeps its id, so they are found out once. */
  ofRows(columns: Columns, visible: number): Int32Array {
    let rows = this.#rows.get(columns);
    if (rows === undefined) {
      rows = { numbers: new Int32Array(columns.starts.length), known: 0 };
      this.#rows.set(columns, rows);
      this.#rowBytes += rows.numbers.byteLength;
    }
    let last: string | undefined;
    for (let number = 0; rows.known < visible; rows.known++) {
      const id = columns.ids.at(rows.known);
      // Postings of one document often lie side by side.
      if (id !== last) number = this.of(id);
      last = id;
      rows.numbers[rows.known] = number;
    }
    return rows.numbers;
  }

  /** The numbers of a leaf's documents. */
  ofLeaf(leaf: Leaf<unknown>): Int32Array {
    let numbers = this.#leaves.get(leaf);
    if (numbers === undefined) {
      numbers = Int32Array.from(leaf.ids, (id) => this.of(id));
      this.#leaves.set(leaf, numbers);
    }
    return numbers;
  }
}
