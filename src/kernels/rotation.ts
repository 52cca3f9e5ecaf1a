// The random rotation of RaBitQ: signs and fast Walsh-Hadamard transforms, four rounds (as in Kac's walk), without
// a matrix.
import { seededRandom } from '../geometry/random.js';

/** Rounds of a rotation. Fewer leave the coordinates of some data, such as unit vectors, far from normal. */
export const ROUNDS = 4;

/** √½ as the kernels have it. */
export const ROOT_HALF = Math.fround(Math.SQRT1_2);

/** The greatest power of two that is at most `padded`. */
export function powerWithin(padded: number): number {
  return 1 << (31 - Math.clz32(padded));
}

/**
 * A random rotation of `padded` components, the same for the same seed: the factors by which each of its rounds
 * multiplies the components, one round after another.
 *
 * A round flips signs; applies the Hadamard transform of length 2^m to the first 2^m components, or to the last ones in
 * every other round; and where that leaves some out mixes both halves: (a + b)·√½, (a − b)·√½. The scale of the
 * Hadamard transform is part of the factors, which so are ±1 or ±2^(−m/2).
 */
export function rotationSigns(padded: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const power = powerWithin(padded);
  const scale = 1 / Math.sqrt(power);
  const signs = new Float32Array(ROUNDS * padded);
  for (let round = 0; round < ROUNDS; round++) {
    const first = firstOf(round, padded, power);
    for (let i = 0; i < padded; i++) {
      const within = i >= first && i < first + power;
      signs[round * padded + i] = (random() < 0.5 ? -1 : 1) * (within ? scale : 1);
    }
  }
  return signs;
}

/** Where the Hadamard transform of a round begins. */
export function firstOf(round: number, padded: number, power: number): number {
  return round % 2 === 0 ? 0 : padded - power;
}
