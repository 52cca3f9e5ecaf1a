import { type Random, clusteredVectors, gaussian, gaussianVector, integerBelow } from './random.js';

function lowRank(random: Random, d: number): () => number[] {
  const axes = Array.from({ length: 12 }, (_, j) => gaussianVector(random, d, 1 / Math.sqrt(1 + j)));
  return () => {
    const vector = gaussianVector(random, d, 0.1);
    for (const axis of axes) {
      const along = gaussian(random);
      for (let i = 0; i < d; i++) vector[i] += along * axis[i];
    }
    return vector;
  };
}

/** Makers of vectors like those that indexes are used for, and like those that are hard on them. */
export const CORPORA = {
  /** Around 60 centres, with as much spread as there is between them. */
  clustered: (random: Random, d: number) => clusteredVectors(random, d, 60, 1),
  /** A few directions with most of the spread, as embeddings have. */
  lowRank,
  /** In a cube: no clusters at all. */
  uniform: (random: Random, d: number) => () => Array.from({ length: d }, () => random()),
  /** Far from the origin, compared with the distances between them. */
  offset: (random: Random, d: number) => {
    const next = clusteredVectors(random, d, 60, 1);
    return () => next().map((component) => component + 30);
  },
  /** So far from it that all point nearly the same way. */
  narrow: (random: Random, d: number) => {
    const next = lowRank(random, d);
    return () => next().map((component) => component + 300);
  },
  /** Many equal ones, and many zero vectors. */
  repeated: (random: Random, d: number) => {
    const few = Array.from({ length: 40 }, () => gaussianVector(random, d));
    return () => (random() < 0.1 ? new Array<number>(d).fill(0) : few[integerBelow(random, few.length)]);
  },
  /** From the smallest 32-bit floats to nearly the largest. */
  extreme: (random: Random, d: number) => () =>
    gaussianVector(random, d, 10 ** (integerBelow(random, 8) * 11 - 44)),
} satisfies Record<string, (random: Random, dimensions: number) => () => number[]>;

export type Corpus = keyof typeof CORPORA;
