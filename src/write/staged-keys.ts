// An index of staged rows by key.
import type { Steps } from '../collections/steps.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import { extentText } from './write-set.js';

/** Keys added in one step, at some hundred nanoseconds each. */
const KEYS = 256;

/**
 * Finds staged rows by key. For a document with one row, as most have, it keeps that row's index alone; for others a map of
 * extents, so that n rows take O(n).
 */
export class StagedKeys {
  /** The number of different keys. */
  size = 0;
  readonly #staged: RowList;
  readonly #documents = new Map<string, number | Map<string, number>>();
  /** A Bloom filter of 256 bits over the extents of all keys. */
  readonly #filter = new Uint32Array(8);

  constructor(staged: RowList) {
    this.#staged = staged;
  }

  documentIds(): Iterable<string> {
    return this.#documents.keys();
  }

  /** The extents of a document's staged rows. */
  extentsOf(documentId: string): Iterable<string> {
    const found = this.#documents.get(documentId);
    if (found === undefined) return [];
    return typeof found === 'number' ? [this.#extentOf(found)] : found.keys();
  }

  /** Rules out most rows that have none of the keys, without reading their ids. */
  mayHave(start: number, length: number): boolean {
    const bit = filterBit(start, length);
    return (this.#filter[bit >>> 5] & (1 << (bit & 31))) !== 0;
  }

  /** The index of the last staged row with a key; −1 if there is none. */
  find(documentId: string, start: number, length: number): number {
    const found = this.#documents.get(documentId);
    if (found === undefined) return -1;
    if (typeof found !== 'number') return found.get(extentText(start, length)) ?? -1;
    const { starts, lengths } = columnsOf(this.#staged.blocks[found]);
    const row = this.#staged.rows[found];
    return starts[row] === start && lengths[row] === length ? found : -1;
  }

  /** Whether a row is the last one with its key. */
  isLast(i: number): boolean {
    const { ids, starts, lengths } = columnsOf(this.#staged.blocks[i]);
    const row = this.#staged.rows[i];
    return this.find(ids.at(row), starts[row], lengths[row]) === i;
  }

  add(i: number): void {
    const { ids, starts, lengths } = columnsOf(this.#staged.blocks[i]);
    const row = this.#staged.rows[i];
    const bit = filterBit(starts[row], lengths[row]);
    this.#filter[bit >>> 5] |= 1 << (bit & 31);
    const documentId = ids.at(row);
    const found = this.#documents.get(documentId);
    if (found === undefined) {
      this.#documents.set(documentId, i);
      this.size++;
      return;
    }
    const extents = typeof found === 'number' ? new Map([[this.#extentOf(found), found]]) : found;
    if (extents !== found) this.#documents.set(documentId, extents);
    const before = extents.size;
    extents.set(this.#extentOf(i), i);
    this.size += extents.size - before;
  }

  #extentOf(i: number): string {
    const { starts, lengths } = columnsOf(this.#staged.blocks[i]);
    return extentText(starts[this.#staged.rows[i]], lengths[this.#staged.rows[i]]);
  }
}

/** Hashes an extent to a bit of the filter. */
function filterBit(start: number, length: number): number {
  return (start ^ (start >>> 8) ^ (start >>> 16) ^ (length << 4)) & 0xff;
}

/** Indexes staged rows by key. Time: O(rows). */
export function* stagedKeys(staged: RowList): Steps<StagedKeys> {
  const keys = new StagedKeys(staged);
  for (let i = 0; i < staged.length; i++) {
    if (i % KEYS === KEYS - 1) yield;
    keys.add(i);
  }
  return keys;
}
