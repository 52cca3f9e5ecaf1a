// Data set: vectors of English words.
import { type DataSet, type Wanted } from './data-set.js';
import { realVectors } from '../words-index.js';
import type { Nearness } from './nearness.js';
import { kept } from './kept.js';
import { type Matrix, concatenated, rowsBetween } from './matrix.js';

/** Held out in {@link realVectors}. */
const HELD_OUT = 1000;

/** The vectors of English words as they are, not scaled to length 1. */
export function wordVectors(nearness: Nearness) {
  return async ({ rows, queries, more }: Wanted): Promise<DataSet> => {
    const all = await kept('words', 100, inOrder);
    const last = all.rows - HELD_OUT;
    const indexed = Math.min(rows, last - more);
    return {
      title: `word vectors, ${nearness}`,
      nearness,
      vectors: rowsBetween(all, 0, indexed),
      more: rowsBetween(all, last - more, last),
      queries: rowsBetween(all, last, last + Math.min(queries, HELD_OUT)),
    };
  };
}

async function inOrder(): Promise<Matrix> {
  const { postings, queries } = await realVectors({ quick: false, words: Number.MAX_SAFE_INTEGER });
  return concatenated([...postings.map(({ vector }) => Float32Array.from(vector)), ...queries]);
}
