/*
 * A hash of a set that does not depend on its order, and that elements can be added to and taken from: LtHash (Lewi, Kim,
 * Maykov, Weis: Securing Update Propagation with Homomorphic Hashing, 2019), 1,024 sums of 16 bits. Each element is
 * hashed, and its hash stretched to as many words; finding two sets with equal sums is as hard as finding short vectors in a
 * lattice, for which these numbers are put at more than 200 bits. Narrower sums, as of plain 64-bit hashes, can be forged.
 */

import { chacha12 } from './chacha.js';
import { sha256 } from './sha256.js';

const LANES = 1024;

/** The sums of a set. */
export class SetHash {
  readonly #lanes = new Uint16Array(LANES);
  readonly #stretched = new Uint32Array(LANES / 2);

  /** Adds an element, of which there must be no other. Time: O(bytes), about as for a kilobyte more. */
  add(element: Uint8Array): void {
    const lanes = this.#of(element);
    for (let i = 0; i < LANES; i++) this.#lanes[i] += lanes[i];
  }

  /** Takes out an element that was added. */
  remove(element: Uint8Array): void {
    const lanes = this.#of(element);
    for (let i = 0; i < LANES; i++) this.#lanes[i] -= lanes[i];
  }

  /** Adds the elements of another set. Time: O(1). */
  addAll(other: SetHash): void {
    for (let i = 0; i < LANES; i++) this.#lanes[i] += other.#lanes[i];
  }

  /** The same sums, to be changed apart. */
  copy(): SetHash {
    const copy = new SetHash();
    copy.addAll(this);
    return copy;
  }

  /** The hash of the sums, as 64 hexadecimal digits. */
  toString(): string {
    const words = sha256(new Uint8Array(this.#lanes.buffer));
    return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  #of(element: Uint8Array): Uint16Array {
    chacha12(sha256(element), this.#stretched);
    return new Uint16Array(this.#stretched.buffer);
  }
}
