/*
 * An index of posting keys, by columns of numbers. The ledger uses it to match keys that a version lost with keys
 * that the next one writes: those in both are updates.
 */

import type { PostingKey } from '../errors.js';
import { keyText } from '../version/posting.js';
import { HashChains, MAX_CHAIN, hashWords } from './hash-chains.js';

/** Keys by column: an object for each would cost more than the rest of the work. */
export interface KeyColumns {
  readonly documentIds: readonly string[];
  readonly starts: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/** Converts a list of keys to columns. */
export function columnsOfKeys(keys: readonly PostingKey[]): KeyColumns {
  return {
    documentIds: keys.map(({ documentId }) => documentId),
    starts: Uint32Array.from(keys, ({ start }) => start),
    lengths: Uint32Array.from(keys, ({ length }) => length),
  };
}

/** Finds keys among others. Documents are numbered, so that comparing keys compares numbers. */
export class KeyIndex {
  readonly #keys: KeyColumns;
  readonly #numbers = new Map<string, number>();
  readonly #numberOf: Uint32Array;
  #byText: Map<string, number> | undefined;
  readonly #chains: HashChains;

  constructor(keys: KeyColumns) {
    const count = keys.documentIds.length;
    this.#keys = keys;
    this.#numberOf = new Uint32Array(count);
    this.#chains = new HashChains(count);
    for (let at = 0; at < count; at++) {
      const documentId = keys.documentIds[at];
      let number = this.#numbers.get(documentId);
      if (number === undefined) this.#numbers.set(documentId, (number = this.#numbers.size));
      this.#numberOf[at] = number;
      this.#chains.add(hashKey(number, keys.starts[at], keys.lengths[at]), at);
    }
  }

  /** Finds the index of a key, or −1. */
  find(documentId: string, start: number, length: number): number {
    const number = this.#numbers.get(documentId);
    if (number === undefined) return -1;
    const { starts, lengths } = this.#keys;
    let at = this.#chains.first(hashKey(number, start, length));
    for (let left = MAX_CHAIN; at >= 0; at = this.#chains.next(at)) {
      if (this.#numberOf[at] === number && starts[at] === start && lengths[at] === length) break;
      if (--left === 0) return this.#texts().get(keyText(documentId, start, length)) ?? -1;
    }
    return at;
  }

  #texts(): ReadonlyMap<string, number> {
    const { documentIds, starts, lengths } = this.#keys;
    return (this.#byText ??= new Map(
      documentIds.map((documentId, at) => [keyText(documentId, starts[at], lengths[at]), at]),
    ));
  }
}

function hashKey(number: number, start: number, length: number): number {
  return hashWords(hashWords(number, start), length);
}
