// Seeded random numbers, and data sets made of them.
import { randomLcg, randomNormal } from 'd3-random';
import { type DataSet, type Nature, type Wanted, dealt } from './data-set.js';
import { type Matrix, matrix, rowOf } from './matrix.js';

/** Random numbers of one seed: evenly spread over [0, 1), and standard normal. */
export interface Source {
  readonly random: () => number;
  readonly normal: () => number;
}

export function sourceOf(seed: number): Source {
  const random = randomLcg(seed);
  return { random, normal: randomNormal.source(random)() };
}

/** A data set whose vectors are made one by one; `fill` may return what a vector is about. */
export function made(
  nature: Nature,
  dimensions: number,
  wanted: Wanted,
  fill: (into: Float32Array) => number | undefined,
): DataSet {
  const rows = wanted.queries + wanted.more + wanted.rows;
  const all = matrix(new Float32Array(rows * dimensions), dimensions);
  const topics = Array.from({ length: rows }, (_, row) => fill(rowOf(all, row)));
  const known = topics.every((topic) => topic !== undefined);
  return dealt(nature, all, wanted, known ? Uint16Array.from(topics) : undefined);
}

/** Vectors of independent standard normal components. */
export function normals(rows: number, dimensions: number, { normal }: Source): Matrix {
  return matrix(Float32Array.from({ length: rows * dimensions }, normal), dimensions);
}
