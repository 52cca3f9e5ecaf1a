/*
 * Search results in a form that is quick to send: columns instead of an object each.
 */

import type { SearchResult } from '../../search/search.js';

/** Numbers of each result: start, length, score, distance, and its similarity, NaN where it has none. */
export const NUMBERS_PER_RESULT = 5;

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
  all.forEach(({ start, length, score, distance, similarity = NaN, vector }, i) => {
    const at = NUMBERS_PER_RESULT * i;
    numbers[at] = start;
    numbers[at + 1] = length;
    numbers[at + 2] = score;
    numbers[at + 3] = distance;
    numbers[at + 4] = similarity;
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
      const first = NUMBERS_PER_RESULT * i;
      const [start, length, score] = [numbers[first], numbers[first + 1], numbers[first + 2]];
      const [distance, similarity] = [numbers[first + 3], numbers[first + 4]];
      const bare = { documentId, start, length, score, distance };
      const result = Number.isNaN(similarity) ? bare : { ...bare, similarity };
      return vectors === undefined
        ? result
        : { ...result, vector: vectors.slice(dimensions * i, dimensions * (i + 1)) };
    }),
  );
}
