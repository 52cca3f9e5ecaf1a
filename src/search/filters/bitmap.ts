// A set of small whole numbers, one bit each, that grows as it has to.
import { bitCount } from '../../collections/bits.js';

/** A set of whole numbers from 0 on. */
export class Bitmap {
  words: Uint32Array;

  /** A set of none of the numbers below `count`, or of `all` of them. */
  constructor(count: number, all = false) {
    this.words = new Uint32Array((count + 31) >>> 5);
    if (!all) return;
    this.words.fill(0xffff_ffff);
    if ((count & 31) !== 0) this.words[count >>> 5] = (1 << (count & 31)) - 1;
  }

  has(n: number): boolean {
    const word = n >>> 5;
    return word < this.words.length && ((this.words[word] >>> (n & 31)) & 1) !== 0;
  }

  set(n: number, isIn: boolean): void {
    const word = n >>> 5;
    if (word >= this.words.length) {
      if (!isIn) return;
      const grown = new Uint32Array(Math.max(word + 1, 2 * this.words.length));
      grown.set(this.words);
      this.words = grown;
    }
    if (isIn) this.words[word] |= 1 << (n & 31);
    else this.words[word] &= ~(1 << (n & 31));
  }

  /** Takes in those at [from, to) of a list; there must be room for them. */
  addAll(numbers: readonly number[], from: number, to: number): void {
    const { words } = this;
    for (let i = from; i < to; i++) {
      const n = numbers[i];
      words[n >>> 5] |= 1 << (n & 31);
    }
  }

  /** How many numbers are in it. */
  get size(): number {
    let size = 0;
    for (const word of this.words) size += bitCount(word);
    return size;
  }

  /** Keeps what is in another one, too. */
  intersect({ words }: Bitmap): this {
    for (let i = 0; i < this.words.length; i++) this.words[i] &= i < words.length ? words[i] : 0;
    return this;
  }

  /** Takes in what is in another one. */
  unite(other: Bitmap): this {
    if (other.words.length > this.words.length) {
      const grown = other.words.slice();
      for (let i = 0; i < this.words.length; i++) grown[i] |= this.words[i];
      this.words = grown;
    } else for (let i = 0; i < other.words.length; i++) this.words[i] |= other.words[i];
    return this;
  }

  /** Becomes the set of those numbers below `count` that are not in it. */
  invert(count: number): this {
    const all = new Bitmap(count, true);
    for (let i = 0; i < all.words.length; i++) all.words[i] &= ~(i < this.words.length ? this.words[i] : 0);
    this.words = all.words;
    return this;
  }

  /** Visits the numbers in it, ascending. */
  each(visit: (n: number) => void): void {
    for (let i = 0; i < this.words.length; i++)
      for (let left = this.words[i]; left !== 0; left &= left - 1)
        visit(32 * i + 31 - Math.clz32(left & -left));
  }

  copy(): Bitmap {
    const copy = new Bitmap(0);
    copy.words = this.words.slice();
    return copy;
  }
}
