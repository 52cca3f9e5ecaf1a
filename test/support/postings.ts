import type { Metric, Posting, VectorInput } from 'shardex';

export const METRICS: readonly Metric[] = ['cosine', 'euclidean', 'dot'];

/** Postings `p0`, `p1`, … of one document each. */
export function numbered(count: number, vectorOf: (i: number) => VectorInput, prefix = 'p'): Posting[] {
  return Array.from({ length: count }, (_, i) => ({ documentId: `${prefix}${i}`, vector: vectorOf(i) }));
}

/** Postings spread evenly over some documents, so that each has several, with distinct keys. */
export function ofDocuments(
  documents: number,
  count: number,
  vectorOf: (i: number) => VectorInput,
): Posting[] {
  return Array.from({ length: count }, (_, i) => ({
    documentId: `d${i % documents}`,
    start: 10 * Math.floor(i / documents),
    length: 1 + (i % 3),
    vector: vectorOf(i),
  }));
}
