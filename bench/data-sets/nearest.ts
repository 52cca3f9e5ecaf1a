// Brute force: the true nearest rows of each query.
import type { Nearness } from './nearness.js';
import { type Matrix, rowOf } from './matrix.js';

/** For each query its nearest rows, nearest first, by comparing it with all of them. */
export function nearest(vectors: Matrix, queries: Matrix, nearness: Nearness, k: number): number[][] {
  const all: number[][] = [];
  // Four queries at a time: each component that was loaded is used four times.
  for (let first = 0; first < queries.rows; first += 4) {
    const some = Array.from({ length: Math.min(4, queries.rows - first) }, (_, q) =>
      rowOf(queries, first + q),
    );
    all.push(...(nearness === 'euclidean' ? byDistance : byProduct)(vectors, some, k));
  }
  return all;
}

function byProduct(
  { values, rows, dimensions }: Matrix,
  queries: readonly Float32Array[],
  k: number,
): number[][] {
  const best = queries.map(() => new Best(k));
  if (queries.length === 4) {
    const [a, b, c, d] = queries;
    const [bestA, bestB, bestC, bestD] = best;
    for (let row = 0, at = 0; row < rows; row++) {
      let toA = 0;
      let toB = 0;
      let toC = 0;
      let toD = 0;
      for (let i = 0; i < dimensions; i++, at++) {
        const value = values[at];
        toA -= value * a[i];
        toB -= value * b[i];
        toC -= value * c[i];
        toD -= value * d[i];
      }
      if (toA < bestA.worst) bestA.put(row, toA);
      if (toB < bestB.worst) bestB.put(row, toB);
      if (toC < bestC.worst) bestC.put(row, toC);
      if (toD < bestD.worst) bestD.put(row, toD);
    }
  } else {
    queries.forEach((query, q) => {
      for (let row = 0, at = 0; row < rows; row++, at += dimensions) {
        const to = apart(values.subarray(at, at + dimensions), query, 'dot');
        if (to < best[q].worst) best[q].put(row, to);
      }
    });
  }
  return best.map(({ found }) => found);
}

function byDistance(
  { values, rows, dimensions }: Matrix,
  queries: readonly Float32Array[],
  k: number,
): number[][] {
  const best = queries.map(() => new Best(k));
  if (queries.length === 4) {
    const [a, b, c, d] = queries;
    const [bestA, bestB, bestC, bestD] = best;
    for (let row = 0, at = 0; row < rows; row++) {
      let toA = 0;
      let toB = 0;
      let toC = 0;
      let toD = 0;
      for (let i = 0; i < dimensions; i++, at++) {
        const value = values[at];
        toA += (value - a[i]) * (value - a[i]);
        toB += (value - b[i]) * (value - b[i]);
        toC += (value - c[i]) * (value - c[i]);
        toD += (value - d[i]) * (value - d[i]);
      }
      if (toA < bestA.worst) bestA.put(row, toA);
      if (toB < bestB.worst) bestB.put(row, toB);
      if (toC < bestC.worst) bestC.put(row, toC);
      if (toD < bestD.worst) bestD.put(row, toD);
    }
  } else {
    queries.forEach((query, q) => {
      for (let row = 0, at = 0; row < rows; row++, at += dimensions) {
        const distance = apart(values.subarray(at, at + dimensions), query, 'euclidean');
        if (distance < best[q].worst) best[q].put(row, distance);
      }
    });
  }
  return best.map(({ found }) => found);
}

/** How far a vector is from a query, to the bit as {@link nearest} compares: a sum in 64-bit floats, component by component. */
export function apart(vector: Float32Array, query: Float32Array, nearness: Nearness): number {
  let sum = 0;
  if (nearness === 'euclidean') {
    for (let i = 0; i < query.length; i++) sum += (vector[i] - query[i]) * (vector[i] - query[i]);
  } else {
    for (let i = 0; i < query.length; i++) sum -= vector[i] * query[i];
  }
  return sum;
}

/** The nearest rows so far, nearest first. */
class Best {
  readonly found: number[] = [];
  readonly #distances: number[] = [];
  readonly #k: number;
  /** What is not nearer than this is not among them. */
  worst = Infinity;

  constructor(k: number) {
    this.#k = k;
  }

  put(row: number, distance: number): void {
    let at = this.found.length;
    while (at > 0 && this.#distances[at - 1] > distance) at--;
    this.found.splice(at, 0, row);
    this.#distances.splice(at, 0, distance);
    if (this.found.length > this.#k) {
      this.found.pop();
      this.#distances.pop();
    }
    if (this.found.length === this.#k) this.worst = this.#distances[this.#k - 1];
  }
}
