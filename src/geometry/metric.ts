// Distances by each metric, made of exact products: for searches, and to find which shard a row belongs to.
import type { Metric } from '../config.js';
import { dotRows, dotScattered, squaredL2Rows, squaredL2Scattered, squaredNorm } from './exact-loops.js';

/** Row-major vectors, with the squared length of each. */
export interface Matrix {
  readonly vectors: Float32Array;
  readonly squaredNorms: Float64Array;
}

/** A vector in 64-bit floats to compare rows with, with its squared length. */
export interface Probe {
  readonly vector: Float64Array;
  readonly squaredNorm: number;
}

/** Makes a probe of `dimensions` components of `source`, from `at`. */
export function probeOf(source: Float32Array | Float64Array, at = 0, dimensions = source.length): Probe {
  const vector = new Float64Array(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = source[at + i];
  return { vector, squaredNorm: squaredNorm(vector, 0, dimensions) };
}

/** A probe that is filled with one row after another. */
export interface ReusableProbe extends Probe {
  squaredNorm: number;
}

/** A probe for {@link fillProbe}. */
export function reusableProbe(dimensions: number): ReusableProbe {
  return { vector: new Float64Array(dimensions), squaredNorm: 0 };
}

/** Loads one row of a matrix into a probe. */
export function fillProbe(probe: ReusableProbe, rows: Matrix, row: number): void {
  const d = probe.vector.length;
  const at = row * d;
  for (let i = 0; i < d; i++) probe.vector[i] = rows.vectors[at + i];
  probe.squaredNorm = rows.squaredNorms[row];
}

/**
 * The cosine, from the dot product and both squared lengths; 0 if either vector is zero.
 *
 * Dividing by the root of the product, not by the product of roots, makes a vector's cosine with itself exactly 1.
 */
export function cosine(dot: number, squaredA: number, squaredB: number): number {
  const product = squaredA * squaredB;
  if (product === 0) return 0;
  const cos = dot / Math.sqrt(product);
  return cos > 1 ? 1 : cos < -1 ? -1 : cos;
}

/** The metric's distance of two vectors (1 − cosine, L2 or −dot), from their product and squared lengths. */
export function distanceOf(metric: Metric, product: number, squaredA: number, squaredB: number): number {
  if (metric === 'cosine') return 1 - cosine(product, squaredA, squaredB);
  // Not −0 for orthogonal vectors.
  return metric === 'euclidean' ? Math.sqrt(product) : 0 - product;
}

/** Writes the distances of the probe from `count` rows. */
export function distances(
  metric: Metric,
  { vector, squaredNorm }: Probe,
  rows: Matrix,
  first: number,
  count: number,
  out: Float64Array,
): void {
  if (metric === 'euclidean') squaredL2Rows(vector, rows.vectors, first, count, out);
  else dotRows(vector, rows.vectors, first, count, out);
  for (let r = 0; r < count; r++)
    out[r] = distanceOf(metric, out[r], squaredNorm, rows.squaredNorms[first + r]);
}

/** As {@link distances}, for rows of several matrices. The same bits (I10). */
export function scatteredDistances(
  metric: Metric,
  { vector, squaredNorm }: Probe,
  matrices: readonly Matrix[],
  rows: readonly number[],
  first: number,
  count: number,
  out: Float64Array,
): void {
  if (metric === 'euclidean') squaredL2Scattered(vector, matrices, rows, first, count, out);
  else dotScattered(vector, matrices, rows, first, count, out);
  for (let r = 0; r < count; r++) {
    const { squaredNorms } = matrices[first + r];
    out[r] = distanceOf(metric, out[r], squaredNorm, squaredNorms[rows[first + r]]);
  }
}

/**
 * Writes the separations of `count` rows from a centroid, by which rows are assigned to shards (I6).
 *
 * A separation is 1 − cosine for `cosine`, and the squared L2 distance for the others. For `dot` too: k-means minimises L2,
 * and by dot product every posting would belong to the longest centroid.
 */
export function separations(
  metric: Metric,
  probe: Probe,
  rows: Matrix,
  first: number,
  count: number,
  out: Float64Array,
): void {
  if (metric === 'cosine') distances(metric, probe, rows, first, count, out);
  else squaredL2Rows(probe.vector, rows.vectors, first, count, out);
}

/** Converts a separation to a distance that obeys the triangle inequality: the chord of the angle, or L2. */
export function chord(metric: Metric, separation: number): number {
  return Math.sqrt(metric === 'cosine' ? 2 * separation : separation);
}

/** Converts a distance to the cosine or the dot product. */
export function similarityOf(metric: 'cosine' | 'dot', distance: number): number {
  // Not −0.
  return metric === 'cosine' ? 1 - distance : 0 - distance;
}

/** Converts a distance to a score in [0, 1], higher is better. */
export function scoreOf(metric: Metric, distance: number): number {
  switch (metric) {
    case 'cosine':
      return (2 - distance) / 2;
    case 'euclidean':
      return 1 / (1 + distance);
    case 'dot':
      return 1 / (1 + Math.exp(distance));
  }
}
