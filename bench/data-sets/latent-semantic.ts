// Turns texts into vectors by latent semantic analysis.
import { normals, sourceOf } from './made.js';
import { type Matrix, matrix, rowOf } from './matrix.js';
import { orthonormalise } from './orthonormalise.js';
import { type Sparse, weighted } from './sparse.js';

/** A word that fewer texts have says nothing about which texts are alike. */
const LEAST_TEXTS = 3;
const ITERATIONS = 3;
const SEED = 0.85;

/** Names what vectors made by {@link latentSemantic} depend on. */
export const SEMANTIC = `definitions-semantic-${LEAST_TEXTS}-${ITERATIONS}-${SEED}`;

/**
 * Texts as the weights of their words, projected onto the few directions that keep most of them: latent semantic
 * analysis. The directions are those of a truncated singular value decomposition, found by iterating from random ones
 * (Halko, Martinsson and Tropp, 2011), but for a rotation among them, which no distance between texts depends on.
 */
export function latentSemantic(texts: readonly (readonly string[])[], dimensions: number): Matrix {
  const weights = weighted(...numbered(texts));
  let basis = normals(weights.columns, dimensions, sourceOf(SEED));
  for (let i = 0; i < ITERATIONS; i++) {
    basis = thereAndBack(weights, basis);
    orthonormalise(basis);
  }
  const projected = matrix(new Float32Array(texts.length * dimensions), dimensions);
  for (let row = 0; row < texts.length; row++) project(weights, row, basis, rowOf(projected, row));
  return projected;
}

/** Numbers the words that enough texts have. */
function numbered(texts: readonly (readonly string[])[]): [number[][], number] {
  const having = new Map<string, number>();
  for (const text of texts) for (const word of new Set(text)) having.set(word, (having.get(word) ?? 0) + 1);
  const words = [...having].filter(([, count]) => count >= LEAST_TEXTS).map(([word]) => word);
  const numbers = new Map(words.map((word, number) => [word, number]));
  return [texts.map((text) => text.flatMap((word) => numbers.get(word) ?? [])), words.length];
}

/** AᵀA times a basis. */
function thereAndBack(weights: Sparse, basis: Matrix): Matrix {
  const { dimensions } = basis;
  const to = matrix(new Float32Array(basis.values.length), dimensions);
  const there = new Float32Array(dimensions);
  for (let row = 0; row < weights.starts.length - 1; row++) {
    there.fill(0);
    project(weights, row, basis, there);
    for (let at = weights.starts[row]; at < weights.starts[row + 1]; at++) {
      addTo(to.values, weights.places[at] * dimensions, weights.weights[at], there, 0, dimensions);
    }
  }
  return to;
}

/** Adds a row of A times a basis to a vector. */
function project({ starts, places, weights }: Sparse, row: number, basis: Matrix, into: Float32Array): void {
  const { dimensions, values } = basis;
  for (let at = starts[row]; at < starts[row + 1]; at++) {
    addTo(into, 0, weights[at], values, places[at] * dimensions, dimensions);
  }
}

function addTo(
  into: Float32Array,
  place: number,
  much: number,
  values: Float32Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) into[place + i] += much * values[from + i];
}
