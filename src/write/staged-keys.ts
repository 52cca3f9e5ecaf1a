// The keys of staged rows, by document.
import type { Steps } from '../collections/steps.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import { placeText } from './write-set.js';

/** Keys noted in one step: some hundred nanoseconds each. */
const KEYS = 256;

/**
 * Finds rows that are to be written by their keys. Documents with one row, as most have, are told by that row's number
 * alone; of those with many each row is found at once, so that n of them take O(n).
 */
export class StagedKeys {
  /** How many different keys there are. */
  size = 0;
  readonly #staged: RowList;
  readonly #documents = new Map<string, number | Map<string, number>>();
  /** A bit for each place that a key may have, of 256 sorts of them. */
  readonly #sorts = new Uint32Array(8);

  constructor(staged: RowList) {
    this.#staged = staged;
  }

  documentIds(): Iterable<string> {
    return this.#documents.keys();
  }

  /** The places of a document's rows that are to be written. */
  placesOf(documentId: string): Iterable<string> {
    const found = this.#documents.get(documentId);
    if (found === undefined) return [];
    return typeof found === 'number' ? [this.#placeOf(found)] : found.keys();
  }

  /** Tells most rows that have none of the keys, without a look at their ids. */
  mayHave(start: number, length: number): boolean {
    const sort = sortOf(start, length);
    return (this.#sorts[sort >>> 5] & (1 << (sort & 31))) !== 0;
  }

  /** The last row with a key, by its place among those that are to be written; −1 where there is none. */
  find(documentId: string, start: number, length: number): number {
    const found = this.#documents.get(documentId);
    if (found === undefined) return -1;
    if (typeof found !== 'number') return found.get(placeText(start, length)) ?? -1;
    const { starts, lengths } = columnsOf(this.#staged.blocks[found]);
    const row = this.#staged.rows[found];
    return starts[row] === start && lengths[row] === length ? found : -1;
  }

  /** Whether a row is the one that its key leads to. */
  isFound(i: number): boolean {
    const { ids, starts, lengths } = columnsOf(this.#staged.blocks[i]);
    const row = this.#staged.rows[i];
    return this.find(ids.at(row), starts[row], lengths[row]) === i;
  }

  add(i: number): void {
    const { ids, starts, lengths } = columnsOf(this.#staged.blocks[i]);
    const row = this.#staged.rows[i];
    const sort = sortOf(starts[row], lengths[row]);
    this.#sorts[sort >>> 5] |= 1 << (sort & 31);
    const documentId = ids.at(row);
    const found = this.#documents.get(documentId);
    if (found === undefined) {
      this.#documents.set(documentId, i);
      this.size++;
      return;
    }
    const places = typeof found === 'number' ? new Map([[this.#placeOf(found), found]]) : found;
    if (places !== found) this.#documents.set(documentId, places);
    const before = places.size;
    places.set(this.#placeOf(i), i);
    this.size += places.size - before;
  }

  #placeOf(i: number): string {
    const { starts, lengths } = columnsOf(this.#staged.blocks[i]);
    return placeText(starts[this.#staged.rows[i]], lengths[this.#staged.rows[i]]);
  }
}

function sortOf(start: number, length: number): number {
  return (start ^ (start >>> 8) ^ (start >>> 16) ^ (length << 4)) & 0xff;
}

/** The keys of some rows. Time: O(rows). */
export function* stagedKeys(staged: RowList): Steps<StagedKeys> {
  const keys = new StagedKeys(staged);
  for (let i = 0; i < staged.length; i++) {
    if (i % KEYS === KEYS - 1) yield;
    keys.add(i);
  }
  return keys;
}
