// Sparse matrices, and TF-IDF weights of texts.
import { type Matrix, matrix } from './matrix.js';

/** Vectors most of whose components are zero: of each row those that are not, one row after another. */
export interface Sparse {
  readonly columns: number;
  /** Where each row begins, and where the last one ends. */
  readonly starts: Uint32Array;
  readonly places: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * Weighs what is in texts, each a list of numbers below `columns` with repetitions: more, the more often it is in the
 * text and the fewer texts have it (TF-IDF). Rows have length 1, or 0 where nothing in them tells texts apart.
 */
export function weighted(texts: readonly (readonly number[])[], columns: number): Sparse {
  const counts = texts.map((text) => {
    const count = new Map<number, number>();
    for (const place of text) count.set(place, (count.get(place) ?? 0) + 1);
    return count;
  });
  const having = new Uint32Array(columns);
  for (const count of counts) for (const place of count.keys()) having[place]++;
  const size = counts.reduce((sum, count) => sum + count.size, 0);
  const found = { starts: new Uint32Array(texts.length + 1), places: new Uint32Array(size) };
  const weights = new Float32Array(size);
  let at = 0;
  counts.forEach((count, row) => {
    const from = at;
    for (const [place, times] of count) {
      found.places[at] = place;
      weights[at++] = (1 + Math.log(times)) * Math.log(texts.length / having[place]);
    }
    const length = Math.hypot(...weights.subarray(from, at));
    if (length > 0) for (let i = from; i < at; i++) weights[i] /= length;
    found.starts[row + 1] = at;
  });
  return { columns, ...found, weights };
}

/** The same with its zeros. */
export function dense({ columns, starts, places, weights }: Sparse): Matrix {
  const rows = starts.length - 1;
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let at = starts[row]; at < starts[row + 1]; at++) values[row * columns + places[at]] = weights[at];
  }
  return matrix(values, columns);
}
