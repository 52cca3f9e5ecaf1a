/*
 * Approximate principal axes of some vectors (PCA by subspace iteration), by which shadows of centroids have fewer
 * dimensions. The axes need not be the very best: distances along any orthogonal directions are lower bounds of the full
 * distances, and better directions only make them closer.
 */
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { seededRandom } from './random.js';

/** Orthogonal directions of length 1 (or 0, if the points span fewer), row by row, and their origin. */
export interface Axes {
  readonly origin: Float64Array;
  readonly directions: Float64Array;
  readonly count: number;
}

/** Iterations after the random start. */
const TURNS = 2;

/** A direction of which orthogonalisation leaves less than this share is nothing but rounding. */
const LEAST_LEFT = 1e-6;

/** Approximates the principal axes of row-major points. Time: O(points · dimensions · axes), with pauses. */
export function* axesInSteps(points: Float64Array, dimensions: number, most: number): Steps<Axes> {
  const count = points.length / dimensions;
  const axes = Math.min(most, dimensions);
  const origin = new Float64Array(dimensions);
  for (let i = 0; i < points.length; i++) origin[i % dimensions] += points[i] / count;
  for (let i = 0; i < points.length; i++) points[i] -= origin[i % dimensions];
  const random = seededRandom(0);
  const pause = roundsPerStep(2 * axes * dimensions);
  let directions = Float64Array.from({ length: axes * dimensions }, () => random() - 0.5);
  for (let turn = 0; turn <= TURNS; turn++) {
    if (turn > 0) {
      const turned = new Float64Array(axes * dimensions);
      for (let p = 0; p < count; p++) {
        if (p % pause === 0) yield;
        pull(turned, directions, points, p * dimensions, dimensions);
      }
      directions = turned;
    }
    for (let a = 0; a < axes; a++) {
      if (a % roundsPerStep(4 * axes * dimensions) === 0) yield;
      orthonormalise(directions, a, dimensions);
    }
  }
  return { origin, directions, count: axes };
}

/** Adds a point to each direction, weighted by its product with it. */
function pull(
  turned: Float64Array,
  directions: Float64Array,
  points: Float64Array,
  at: number,
  dimensions: number,
): void {
  for (let a = 0; a < directions.length; a += dimensions) {
    let along = 0;
    for (let i = 0; i < dimensions; i++) along += directions[a + i] * points[at + i];
    for (let i = 0; i < dimensions; i++) turned[a + i] += along * points[at + i];
  }
}

/** Makes a direction orthogonal to those before it, of length 1 (Gram–Schmidt, twice because of rounding). */
function orthonormalise(directions: Float64Array, axis: number, dimensions: number): void {
  const at = axis * dimensions;
  for (let time = 0; time < 2; time++) {
    const before = lengthOf(directions, at, dimensions);
    for (let b = 0; b < at; b += dimensions) {
      let along = 0;
      for (let i = 0; i < dimensions; i++) along += directions[b + i] * directions[at + i];
      for (let i = 0; i < dimensions; i++) directions[at + i] -= along * directions[b + i];
    }
    const left = lengthOf(directions, at, dimensions);
    const scale = left > LEAST_LEFT * before && Number.isFinite(left) ? 1 / left : 0;
    for (let i = 0; i < dimensions; i++) directions[at + i] *= scale;
  }
}

function lengthOf(vectors: Float64Array, at: number, dimensions: number): number {
  let square = 0;
  for (let i = at; i < at + dimensions; i++) square += vectors[i] * vectors[i];
  return Math.sqrt(square);
}

/**
 * Writes the shadow of a vector times `scale`: its component along each axis, then its distance from their span.
 *
 * The distance of two shadows is never more than that of the vectors, but for {@link shadowError}. Returns the vector's
 * distance from the origin. Time: O(axes · dimensions).
 */
export function castShadow(
  { origin, directions, count }: Axes,
  vector: Float32Array | Float64Array,
  from: number,
  scale: number,
  scratch: Float64Array,
  out: Float32Array | Float64Array,
  at: number,
): number {
  const d = origin.length;
  let square = 0;
  for (let i = 0; i < d; i++) {
    const x = vector[from + i] * scale - origin[i];
    scratch[i] = x;
    square += x * x;
  }
  let rest = square;
  let a = 0;
  // Four at a time, because the additions of one sum wait for each other.
  for (; a + 4 <= count; a += 4) {
    const [p, q, r] = [(a + 1) * d, (a + 2) * d, (a + 3) * d];
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0, o = a * d; i < d; i++, o++) {
      const x = scratch[i];
      s0 += x * directions[o];
      s1 += x * directions[p + i];
      s2 += x * directions[q + i];
      s3 += x * directions[r + i];
    }
    out[at + a] = s0;
    out[at + a + 1] = s1;
    out[at + a + 2] = s2;
    out[at + a + 3] = s3;
    rest -= s0 * s0 + s1 * s1 + s2 * s2 + s3 * s3;
  }
  for (; a < count; a++) {
    let sum = 0;
    for (let i = 0, o = a * d; i < d; i++, o++) sum += scratch[i] * directions[o];
    out[at + a] = sum;
    rest -= sum * sum;
  }
  out[at + count] = Math.sqrt(Math.max(0, rest));
  return Math.sqrt(square);
}

/**
 * How much the distance of two shadows, in 64 or 32 bits, can exceed that of the vectors.
 *
 * `reach` is the sum of their distances from the origin, `length` the sum of their lengths and that of the origin. The
 * distance from the span is the root of a small difference, which loses half of the digits: at 10,000 dimensions it has an
 * error of 2^-17.
 */
export function shadowError(reach: number, length: number): number {
  return 2 ** -16 * reach + 2 ** -40 * length;
}
