// Turns texts into vectors: means of the vectors of their words.
import { rollup } from 'd3-array';
import type { Words } from '../words.js';

/** How often a word may be, as a share of all, before its weight is halved. */
const HALF = 1e-3;
/** More than enough to find the direction that texts have most in common. */
const ITERATIONS = 10;

/** Names what vectors made by {@link meaningOf} depend on. */
export const MEANING = `${HALF}-${ITERATIONS}`;

/** Texts as vectors. */
export interface Meaning {
  /** Those of the texts that it was made of, one behind the other. */
  readonly vectors: Float32Array;
  /** That of another text; nothing but zeros where none of its words is known. */
  readonly of: (text: string) => Float32Array;
}

/**
 * Texts as the means of their words' vectors, rare words weighing more, less the direction that all have in common: smooth
 * inverse frequency (Arora, Liang and Ma, 2017).
 */
export function meaningOf(texts: readonly string[], { words, dimensions, vector }: Words): Meaning {
  const places = new Map(words.map((word, at) => [word, at]));
  const split = texts.map(wordsIn);
  const all = split.flat();
  const times = rollup(
    all,
    (those) => those.length,
    (word) => word,
  );
  const vectors = new Float32Array(texts.length * dimensions);
  split.forEach((text, row) => {
    addMean(text, rowOf(row));
  });
  const common = commonDirection(rows(), dimensions);
  for (const row of rows()) takeAway(row, common);
  return {
    vectors,
    of: (text) => {
      const mean = new Float32Array(dimensions);
      addMean(wordsIn(text), mean);
      takeAway(mean, common);
      return mean;
    },
  };

  function rowOf(row: number): Float32Array {
    return vectors.subarray(row * dimensions, (row + 1) * dimensions);
  }

  function* rows(): Generator<Float32Array> {
    for (let row = 0; row < texts.length; row++) yield rowOf(row);
  }

  function addMean(text: readonly string[], mean: Float32Array): void {
    for (const word of text) {
      const at = places.get(word);
      if (at === undefined) continue;
      const weight = HALF / (HALF + (times.get(word) ?? 0) / all.length) / text.length;
      const of = vector(at);
      for (let d = 0; d < dimensions; d++) mean[d] += weight * of[d];
    }
  }
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** The first principal component of some vectors, by power iteration. */
function commonDirection(vectors: Iterable<Float32Array>, dimensions: number): Float64Array {
  const all = [...vectors];
  let common = new Float64Array(dimensions).fill(1 / Math.sqrt(dimensions));
  for (let i = 0; i < ITERATIONS; i++) {
    const next = new Float64Array(dimensions);
    for (const vector of all) {
      const much = dot(vector, common);
      for (let d = 0; d < dimensions; d++) next[d] += much * vector[d];
    }
    const length = Math.hypot(...next);
    common = next.map((component) => component / length);
  }
  return common;
}

/** Takes from a vector what lies along a direction, in place. */
function takeAway(vector: Float32Array, direction: Float64Array): void {
  const much = dot(vector, direction);
  for (let d = 0; d < vector.length; d++) vector[d] -= much * direction[d];
}

function dot(vector: Float32Array, direction: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += vector[d] * direction[d];
  return sum;
}
