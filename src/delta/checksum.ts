/*
 * The checksum of an encoded delta: `encode.ts` writes it into the header, `decode.ts` refuses bytes with another one.
 */

import { Digest } from '../collections/digest.js';

/**
 * Computes the checksum of an encoded delta, leaving out its own two words at `except`.
 *
 * Four independent lanes take turns with the words. Each step is invertible, so a change of any single word changes the
 * result. It detects accidents, not attacks.
 *
 * Time: O(words), about as fast as they can be read.
 */
export function checksumOf(words: Uint32Array, except: number): [number, number] {
  const digest = new Digest();
  digest.addWords(words, 0, except);
  let [a, b, c, d] = [0x9e37_79b9, 0x243f_6a88, 0xb7e1_5162, 0x6a09_e667];
  let i = except + 2;
  for (const end = words.length - 3; i < end; i += 4) {
    a = Math.imul(a ^ words[i], 0xcc9e_2d51);
    b = Math.imul(b ^ words[i + 1], 0x1b87_3593);
    c = Math.imul(c ^ words[i + 2], 0x85eb_ca6b);
    d = Math.imul(d ^ words[i + 3], 0xc2b2_ae35);
    a = (a << 13) | (a >>> 19);
    b = (b << 15) | (b >>> 17);
    c = (c << 11) | (c >>> 21);
    d = (d << 17) | (d >>> 15);
  }
  digest.addWords(words, i, words.length - i);
  for (const lane of [a, b, c, d, words.length]) digest.add(lane);
  return digest.words();
}
