/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** A seeded generator (mulberry32), of its own so that a fault in the library's cannot hide in its tests. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 to `count` − 1. */
export function integerBelow(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** One of the items, which must not be none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[integerBelow(random, items.length)];
}

/** The items in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items];
  for (let i = rest.length - 1; i > 0; i--) {
    const j = integerBelow(random, i + 1);
    [rest[i], rest[j]] = [rest[j], rest[i]];
  }
  return rest;
}

/**
 * A vector of multiples of 1/8 in [−`most`, `most`]. Sums of their products are exact in any order, and equal
 * distances are frequent, so that the order of ties is put to the test.
 */
export function dyadicVector(random: Random, dimensions: number, most = 1): number[] {
  return Array.from({ length: dimensions }, () => (integerBelow(random, 16 * most + 1) - 8 * most) / 8);
}

/** A normally distributed number (Box and Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A vector of independent, normally distributed components, which are no 32-bit floats yet. */
export function gaussianVector(random: Random, dimensions: number, spread = 1): number[] {
  return Array.from({ length: dimensions }, () => spread * gaussian(random));
}

/** A maker of vectors around `clusters` random centres, each as likely as the others. */
export function clusteredVectors(
  random: Random,
  dimensions: number,
  clusters: number,
  spread = 0.1,
): () => number[] {
  const centres = Array.from({ length: clusters }, () => gaussianVector(random, dimensions));
  return () => pick(random, centres).map((component) => component + spread * gaussian(random));
}
