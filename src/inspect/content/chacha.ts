/*
 * The ChaCha stream of D. J. Bernstein with 12 rounds, as RFC 8439 lays its state out but for the rounds: makes many words
 * of a key that look like chance.
 */

/** Fills words, 16 at a time, with the stream of a key of eight words. Time: O(words). */
export function chacha12(key: Uint32Array, to: Uint32Array): void {
  stream(key, [0, 0, 0, 0], 12, to);
}

/** The same with the counter to begin with and the nonce, and as many rounds: as the vectors of the standard have them. */
export function stream(key: Uint32Array, last: readonly number[], rounds: number, to: Uint32Array): void {
  const start = Int32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...key, ...last);
  const x = new Int32Array(16);
  for (let at = 0; at < to.length; at += 16) {
    x.set(start);
    for (let round = 0; round < rounds; round += 2) {
      quarter(x, 0, 4, 8, 12);
      quarter(x, 1, 5, 9, 13);
      quarter(x, 2, 6, 10, 14);
      quarter(x, 3, 7, 11, 15);
      quarter(x, 0, 5, 10, 15);
      quarter(x, 1, 6, 11, 12);
      quarter(x, 2, 7, 8, 13);
      quarter(x, 3, 4, 9, 14);
    }
    for (let i = 0; i < 16; i++) to[at + i] = x[i] + start[i];
    start[12]++;
  }
}

function quarter(x: Int32Array, a: number, b: number, c: number, d: number): void {
  let xa = x[a];
  let xb = x[b];
  let xc = x[c];
  let xd = x[d];
  xa = (xa + xb) | 0;
  xd = left(xd ^ xa, 16);
  xc = (xc + xd) | 0;
  xb = left(xb ^ xc, 12);
  xa = (xa + xb) | 0;
  xd = left(xd ^ xa, 8);
  xc = (xc + xd) | 0;
  xb = left(xb ^ xc, 7);
  x[a] = xa;
  x[b] = xb;
  x[c] = xc;
  x[d] = xd;
}

function left(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
