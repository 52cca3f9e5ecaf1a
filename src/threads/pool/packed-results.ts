/*
 * Search results in a form that is quick to send: columns instead of an object each.
 */

import type { SearchResult } from '../../search/search.js';

/** Numbers of each result: start, length, score, distance. */
export const NUMBERS_PER_RESULT = 4;

/** Packed results of several searches. As objects they would cost the receiving thread time and garbage. */
export interface PackedResults {
  /** Number of results of each search. */
  readonly counts: Uint32Array;
  readonly documentIds: readonly string[];
  /** {@link NUMBERS_PER_RESULT} for each result. */
  readonly numbers: Float64Array;
  /** Vectors one after another, if they were asked for. */
  readonly vectors: Float32Array | undefined;
}

/** Packs results; either all of them have vectors or none has. Time: O(results · dimensions of their vectors). */
export function packResults(results: readonly (readonly SearchResult[])[]): PackedResults {
  const all = results.flat();
  const dimensions = all[0]?.vector?.length;
  const numbers = new Float64Array(NUMBERS_PER_RESULT * all.length);
  const vectors = dimensions === undefined ? undefined : new Float32Array(dimensions * all.length);
  all.forEach(({ start, length, score, distance, vector }, i) => {
    const at = NUMBERS_PER_RESULT * i;
    numbers[at] = start;
    numbers[at + 1] = length;
    numbers[at + 2] = score;
    numbers[at + 3] = distance;
    if (vector !== undefined) vectors?.set(vector, vector.length * i);
  });
  return {
    counts: Uint32Array.from(results, ({ length }) => length),
    documentIds: all.map(({ documentId }) => documentId),
    numbers,
    vectors,
  };
}

/** Unpacks results; their vectors are copies. Time: O(results · dimensions of their vectors). */
export function unpackResults({ counts, documentIds, numbers, vectors }: PackedResults): SearchResult[][] {
  const dimensions = vectors === undefined ? 0 : vectors.length / documentIds.length;
  let at = 0;
  return Array.from(counts, (count) =>
    documentIds.slice(at, at + count).map((documentId): SearchResult => {
      const i = at++;
      const [start, length] = [numbers[NUMBERS_PER_RESULT * i], numbers[NUMBERS_PER_RESULT * i + 1]];
      const [score, distance] = [numbers[NUMBERS_PER_RESULT * i + 2], numbers[NUMBERS_PER_RESULT * i + 3]];
      const result = { documentId, start, length, score, distance };
      return vectors === undefined
        ? result
        : { ...result, vector: vectors.slice(dimensions * i, dimensions * (i + 1)) };
    }),
  );
}
