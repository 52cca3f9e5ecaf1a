// The random rotation of RaBitQ, without a matrix: four rounds of random signs and a fast Walsh–Hadamard transform (FWHT),
// mixed as in Kac's walk where the length is no power of two.
import { seededRandom } from '../geometry/random.js';

/** Rounds of a rotation; fewer leave the components of some data, such as unit vectors, far from normal. */
export const ROUNDS = 4;

/** √½ in 32 bits. */
export const ROOT_HALF = Math.fround(Math.SQRT1_2);

/** The greatest power of two that is at most `padded`. */
export function powerWithin(padded: number): number {
  return 1 << (31 - Math.clz32(padded));
}

/**
 * The factors of a random rotation of `padded` components, one round after another; the same for the same seed.
 *
 * A round multiplies the components by its factors. Then it applies the Hadamard transform of length 2^m to the first 2^m
 * components, in every other round to the last ones. If some are left out, it mixes both halves (Kac's walk):
 * (a + b)·√½, (a − b)·√½. The scale of the transform is part of the factors, which therefore are ±1 or ±2^(−m/2).
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

/** The first component of the Hadamard transform of a round. */
export function firstOf(round: number, padded: number, power: number): number {
  return round % 2 === 0 ? 0 : padded - power;
}
