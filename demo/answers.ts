import { type ShardexIndex, search } from '../dist/index.js';

/** What a search answers, to the last bit: keys, scores, distances and vectors. */
export function answer(index: ShardexIndex, query: Float32Array): Buffer {
  const parts: Buffer[] = [];
  for (const { documentId, start, length, score, distance, vector } of search(index, query, {
    k: 10,
    includeVector: true,
  })) {
    const numbers = Float64Array.of(start, length, score, distance, ...(vector ?? []));
    parts.push(Buffer.from(documentId), Buffer.from(numbers.buffer));
  }
  return Buffer.concat(parts);
}
