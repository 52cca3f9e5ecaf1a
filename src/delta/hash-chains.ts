/*
 * A hash table of small integers in two typed arrays, with colliding entries in chains. `KeyIndex` finds keys by it,
 * `LostRowIndex` vectors; an object or a Map entry for each row would cost more than the rest of the work.
 */

/**
 * Longest chain that is searched; beyond it, callers index their entries by text instead.
 *
 * Ids and vectors may come from attackers, who can choose them to collide.
 */
export const MAX_CHAIN = 32;

/** A hash table of the integers from 0 to a count that is known beforehand. */
export class HashChains {
  /** The newest entry of each bucket, and for each entry the one before it; plus 1, so that 0 is none. */
  readonly #last: Uint32Array;
  readonly #before: Uint32Array;

  constructor(count: number) {
    this.#last = new Uint32Array(bucketsFor(count));
    this.#before = new Uint32Array(count);
  }

  add(hash: number, entry: number): void {
    const bucket = hash & (this.#last.length - 1);
    this.#before[entry] = this.#last[bucket];
    this.#last[bucket] = entry + 1;
  }

  /** Starts the chain of a hash; −1 if it is empty. */
  first(hash: number): number {
    return this.#last[hash & (this.#last.length - 1)] - 1;
  }

  /** Continues the chain after an entry; −1 at its end. */
  next(entry: number): number {
    return this.#before[entry] - 1;
  }
}

/** Chooses a power of two, so that the lowest bits of a hash select the bucket. */
export function bucketsFor(count: number): number {
  let buckets = 8;
  while (buckets < 2 * count) buckets *= 2;
  return buckets;
}

/** Hashes two words into one, well mixed down to the lowest bits. */
export function hashWords(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b ^ (b >>> 15), 0x85eb_ca6b), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
