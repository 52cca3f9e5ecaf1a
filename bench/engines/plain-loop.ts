// Engine: a loop over all vectors.
import { nearest } from '../data-sets/nearest.js';
import { concatenated } from '../data-sets/matrix.js';
import type { Engine } from './engine.js';

/** A loop over all vectors that keeps the best: no index, and nothing to install. */
export const engine: Engine = {
  parameters: 'no index',
  build: (vectors, nearness) => ({
    sweeps: [],
    exact: true,
    searcher: (queries, k) => ({
      one: (query) => nearest(vectors, concatenated([queries[query]]), nearness, k)[0],
    }),
  }),
};
