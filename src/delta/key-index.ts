import type { PostingKey } from '../errors.js';
import { keyText } from '../version/posting.js';

/** Keys of one bucket that are looked through before all are put into a map: strangers may choose them so that they meet. */
const MOST_TOGETHER = 32;

/** Keys by column: an object for each would cost more than all that is done with them. */
export interface KeyColumns {
  readonly documentIds: readonly string[];
  readonly starts: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/** The columns of a list of keys. */
export function columnsOfKeys(keys: readonly PostingKey[]): KeyColumns {
  return {
    documentIds: keys.map(({ documentId }) => documentId),
    starts: Uint32Array.from(keys, ({ start }) => start),
    lengths: Uint32Array.from(keys, ({ length }) => length),
  };
}

/** Finds keys among others: documents are numbered, so that the rest is done with numbers alone. */
export class KeyIndex {
  readonly #keys: KeyColumns;
  readonly #numbers = new Map<string, number>();
  readonly #numberOf: Uint32Array;
  #byText: Map<string, number> | undefined;
  /** The last key of each bucket, and for each key the one before it; one more than its place, so that 0 is none. */
  readonly #last: Uint32Array;
  readonly #before: Uint32Array;

  constructor(keys: KeyColumns) {
    const count = keys.documentIds.length;
    this.#keys = keys;
    this.#numberOf = new Uint32Array(count);
    this.#before = new Uint32Array(count);
    this.#last = new Uint32Array(bucketsFor(count));
    for (let at = 0; at < count; at++) {
      const documentId = keys.documentIds[at];
      let number = this.#numbers.get(documentId);
      if (number === undefined) this.#numbers.set(documentId, (number = this.#numbers.size));
      this.#numberOf[at] = number;
      const bucket = this.#bucket(number, keys.starts[at], keys.lengths[at]);
      this.#before[at] = this.#last[bucket];
      this.#last[bucket] = at + 1;
    }
  }

  /** The place of a key, or −1. */
  find(documentId: string, start: number, length: number): number {
    const number = this.#numbers.get(documentId);
    if (number === undefined) return -1;
    const { starts, lengths } = this.#keys;
    let at = this.#last[this.#bucket(number, start, length)];
    for (let left = MOST_TOGETHER; at > 0; at = this.#before[at - 1]) {
      if (this.#numberOf[at - 1] === number && starts[at - 1] === start && lengths[at - 1] === length) break;
      if (--left === 0) return this.#texts().get(keyText(documentId, start, length)) ?? -1;
    }
    return at - 1;
  }

  #texts(): ReadonlyMap<string, number> {
    const { documentIds, starts, lengths } = this.#keys;
    return (this.#byText ??= new Map(
      documentIds.map((documentId, at) => [keyText(documentId, starts[at], lengths[at]), at]),
    ));
  }

  #bucket(number: number, start: number, length: number): number {
    return hashOf(hashOf(number, start), length) & (this.#last.length - 1);
  }
}

/** A power of two, so that a hash becomes a bucket by its lowest bits. */
export function bucketsFor(count: number): number {
  let buckets = 8;
  while (buckets < 2 * count) buckets *= 2;
  return buckets;
}

/** Two words as one, well mixed down to the lowest bits. */
export function hashOf(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b ^ (b >>> 15), 0x85eb_ca6b), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
