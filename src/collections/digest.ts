// A 64-bit hash of words and texts: fingerprints of versions, and checksums.

/**
 * A 64-bit hash of 32-bit words, in order.
 *
 * It has two lanes of the mixing steps of MurmurHash3 (A. Appleby), with different seeds and factors. It detects accidents,
 * not attacks: collisions can be constructed.
 */
export class Digest {
  #a = 0x2f0b4c47;
  #b = 0x5d1e9a83;
  #count = 0;

  /** Adds a word: the low 32 bits of a number. */
  add(word: number): void {
    this.#count++;
    this.#a = (Math.imul(rotated(this.#a ^ Math.imul(word, 0xcc9e2d51), 13), 5) + 0x561ccd1b) | 0;
    this.#b = (Math.imul(rotated(this.#b ^ Math.imul(word, 0x1b873593), 15), 5) + 0x52dce729) | 0;
  }

  /** Adds `count` words from `from` on. */
  addWords(words: Uint32Array, from: number, count: number): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = from; i < from + count; i++) {
      const word = words[i];
      a = (Math.imul(rotated(a ^ Math.imul(word, 0xcc9e2d51), 13), 5) + 0x561ccd1b) | 0;
      b = (Math.imul(rotated(b ^ Math.imul(word, 0x1b873593), 15), 5) + 0x52dce729) | 0;
    }
    this.#a = a;
    this.#b = b;
    this.#count += count;
  }

  /** Adds a text with its length, so that different sequences of texts differ. */
  addText(text: string): void {
    this.add(text.length);
    for (let i = 0; i < text.length; i++) this.add(text.charCodeAt(i));
  }

  /** The hash as two words. */
  words(): [number, number] {
    const a = finished(this.#a ^ this.#count ^ rotated(this.#b, 16));
    return [a, finished(this.#b ^ this.#count ^ rotated(a, 8))];
  }

  /** The hash as 16 hexadecimal digits. */
  toString(): string {
    const [a, b] = this.words();
    return hexadecimal(a) + hexadecimal(b);
  }
}

/** The hash of a few texts and numbers. */
export function digestOf(...parts: readonly (string | number)[]): string {
  const digest = new Digest();
  for (const part of parts) {
    if (typeof part === 'string') digest.addText(part);
    // A version number may need more than one word.
    else {
      digest.add(part % 0x1_0000_0000);
      digest.add(Math.floor(part / 0x1_0000_0000));
    }
  }
  return digest.toString();
}

/** Eight hexadecimal digits, with leading zeros. */
function hexadecimal(word: number): string {
  return (word + 0x1_0000_0000).toString(16).slice(1);
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finished(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
