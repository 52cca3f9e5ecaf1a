// Balanced 2-means: fits a plane that parts vectors in two. Splits of shards and of chunks of centroids use it.
import { type Steps, inSteps } from '../collections/steps.js';
import { dotProduct, squaredL2, squaredNorm } from './exact-loops.js';

/**
 * A plane that parts points in two: x is on the far side if `direction · x > threshold`.
 *
 * It is the plane midway between the two means of 2-means, so a point costs one dot product instead of two distances.
 */
export interface Plane {
  readonly direction: Float64Array;
  readonly threshold: number;
}

/** Points that a plane can be fitted to. */
export interface Points {
  readonly count: number;
  readonly dimensions: number;
  /** Writes the product of a vector with each point p in [`from`, `to`) to `out[p]`. */
  products(vector: Float64Array, from: number, to: number, out: Float64Array): void;
  /** Writes the squared distance of a vector from each point to `out[p]`, perhaps less a constant. */
  distances(vector: Float64Array, from: number, to: number, out: Float64Array): void;
  /** Adds the points that have a 1 in `sides` to a sum, or all points if there are no sides. */
  addTo(sum: Float64Array, sides: Uint8Array | undefined, from: number, to: number): void;
  /** Writes the components of a point. */
  copy(point: number, to: Float64Array): void;
}

/** Points that lie row by row in a matrix. */
export function pointsOf(matrix: Float32Array, count: number, dimensions: number): Points {
  return {
    count,
    dimensions,
    products: (vector, from, to, out) => {
      for (let p = from; p < to; p++) out[p] = dotProduct(vector, matrix, p * dimensions);
    },
    distances: (vector, from, to, out) => {
      for (let p = from; p < to; p++) out[p] = squaredL2(vector, matrix, p * dimensions);
    },
    addTo: (sum, sides, from, to) => {
      for (let p = from; p < to; p++) if (sides === undefined || sides[p] === 1) addPoint(sum, matrix, p);
    },
    copy: (point, to) => {
      to.set(matrix.subarray(point * dimensions, (point + 1) * dimensions));
    },
  };
}

function addPoint(sum: Float64Array, matrix: Float32Array, point: number): void {
  const at = point * sum.length;
  for (let i = 0; i < sum.length; i++) sum[i] += matrix[at + i];
}

/**
 * Scratch memory for fitting planes, one after another.
 *
 * A caller that fits many lends the same to all. Memory of their own would be collected late, when rows lie above it, and
 * would never go back to the system.
 */
export interface FittingScratch {
  readonly mean: Float64Array;
  readonly sums: Float64Array;
  readonly direction: Float64Array;
  readonly values: Float64Array;
  readonly sides: readonly [Uint8Array, Uint8Array];
}

/** Bytes of scratch memory for `count` points. */
export function scratchBytes(count: number, dimensions: number): number {
  return 8 * (3 * dimensions + count) + 2 * count;
}

/** Scratch memory for up to `count` points, in a buffer from `from` on, a multiple of 8. */
export function fittingScratch(
  count: number,
  dimensions: number,
  buffer = new ArrayBuffer(scratchBytes(count, dimensions)),
  from = 0,
): FittingScratch {
  let at = from;
  const take = (bytes: number): number => (at += bytes) - bytes;
  return {
    mean: new Float64Array(buffer, take(8 * dimensions), dimensions),
    sums: new Float64Array(buffer, take(8 * dimensions), dimensions),
    direction: new Float64Array(buffer, take(8 * dimensions), dimensions),
    values: new Float64Array(buffer, take(8 * count), count),
    sides: [new Uint8Array(buffer, take(count), count), new Uint8Array(buffer, take(count), count)],
  };
}

/** The most Lloyd rounds; they end earlier once hardly any point changes sides. */
const ROUNDS = 8;

/** Values that are sorted, merged or scanned in one step: about a millisecond. */
const RUN = 16_384;

/** The least share of the points that either side may get. */
export const LEAST_SHARE = 0.25;

/**
 * Moves a threshold so that neither side of it has less than {@link LEAST_SHARE} of the values, as far as ties allow.
 *
 * Otherwise a split could part off one outlier at a time, and the rest would stay over capacity. Returns `undefined` if
 * all values are equal. Time: O(n), or O(n log n) if it has to move, with pauses.
 */
export function* balanceInSteps(values: Float64Array, threshold: number): Steps<number | undefined> {
  const n = values.length;
  const least = Math.max(1, Math.floor(n * LEAST_SHARE));
  let far = 0;
  for (const value of values) if (value > threshold) far++;
  if (far >= least && n - far >= least) return threshold;
  const sorted = yield* sortedInSteps(values);
  // Cuts between two different values: the balanced one nearest to the threshold, else the least unbalanced one.
  const isCut = (cut: number): boolean => cut > 0 && cut < n && sorted[cut - 1] < sorted[cut];
  for (let i = 0; i <= n - 2 * least; i++) {
    if (i % RUN === 0) yield;
    const cut = far < least ? n - least - i : least + i;
    if (isCut(cut)) return sorted[cut - 1];
  }
  for (let off = 1; off < n; off++) {
    if (off % RUN === 0) yield;
    const cut = [least - off, n - least + off].find(isCut);
    if (cut !== undefined) return sorted[cut - 1];
  }
  return undefined;
}

/** Sorts the values in runs of a bounded length, which are then merged. */
function* sortedInSteps(values: Float64Array): Steps<Float64Array> {
  const n = values.length;
  let from = values.slice();
  for (let at = 0; at < n; at += RUN) {
    from.subarray(at, at + RUN).sort();
    yield;
  }
  let to = new Float64Array(n > RUN ? n : 0);
  for (let width = RUN; width < n; width *= 2) {
    for (let left = 0; left < n; left += 2 * width) {
      const middle = Math.min(left + width, n);
      const end = Math.min(middle + width, n);
      let [a, b] = [left, middle];
      for (let at = left; at < end; at++) {
        if (at % RUN === 0) yield;
        to[at] = b === end || (a < middle && from[a] <= from[b]) ? from[a++] : from[b++];
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Fits the plane that parts `count` row-major points by balanced 2-means.
 *
 * It makes Lloyd rounds from a deterministic start, the point farthest from the mean. Returns `undefined` if all points are
 * equal. With lent scratch memory the direction is valid until the next plane is fitted there.
 *
 * Time: O(rounds · count · dimensions), at most 8 rounds, with pauses.
 */
export function* fitPlaneInSteps(
  points: Points,
  scratch: FittingScratch = fittingScratch(points.count, points.dimensions),
): Steps<Plane | undefined> {
  const { count, dimensions } = points;
  const { mean, sums, direction } = scratch;
  const values = scratch.values.subarray(0, count);
  let [sides, next] = scratch.sides;
  mean.fill(0);
  sides.fill(0);
  yield* inSteps(count, dimensions, (from, to) => {
    points.addTo(mean, undefined, from, to);
  });
  for (let i = 0; i < dimensions; i++) mean[i] /= count;

  yield* inSteps(count, dimensions, (from, to) => {
    points.distances(mean, from, to, values);
  });
  points.copy(greatestOf(values), direction);
  for (let i = 0; i < dimensions; i++) direction[i] -= mean[i];
  if (squaredNorm(direction, 0, dimensions) === 0) return undefined;
  let threshold = 0;
  for (let i = 0; i < dimensions; i++) threshold += direction[i] * mean[i];
  for (let round = 0; ; round++) {
    yield* inSteps(count, dimensions, (from, to) => {
      points.products(direction, from, to, values);
    });
    const balanced = yield* balanceInSteps(values, threshold);
    if (balanced === undefined) return undefined;
    threshold = balanced;
    let changed = 0;
    let far = 0;
    sums.fill(0);
    const [before, now] = [sides, next];
    yield* inSteps(count, dimensions, (from, to) => {
      far += takeSides(now, values, balanced, from, to);
      changed += countDifferent(before, now, from, to);
      points.addTo(sums, now, from, to);
    });
    if (round === ROUNDS || (round > 0 && changed * 200 <= count)) return { direction, threshold };
    [sides, next] = [next, sides];
    threshold = toBetween(direction, sums, far, mean, count);
    if (squaredNorm(direction, 0, dimensions) === 0) return undefined;
  }
}

/** Returns the index of the greatest value; the first of equals. */
function greatestOf(values: Float64Array): number {
  let greatest = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[greatest]) greatest = i;
  return greatest;
}

/** Puts each point on a side by its value. Returns how many are on the far one. */
function takeSides(
  sides: Uint8Array,
  values: Float64Array,
  threshold: number,
  from: number,
  to: number,
): number {
  let far = 0;
  for (let p = from; p < to; p++) {
    sides[p] = values[p] > threshold ? 1 : 0;
    far += sides[p];
  }
  return far;
}

function countDifferent(a: Uint8Array, b: Uint8Array, from: number, to: number): number {
  let different = 0;
  for (let p = from; p < to; p++) if (a[p] !== b[p]) different++;
  return different;
}

/** Sets the direction of the plane midway between the means of both sides. Returns its threshold. */
function toBetween(
  direction: Float64Array,
  sums: Float64Array,
  far: number,
  mean: Float64Array,
  count: number,
): number {
  let threshold = 0;
  for (let i = 0; i < mean.length; i++) {
    const a = sums[i] / far;
    const b = (mean[i] * count - sums[i]) / (count - far);
    direction[i] = a - b;
    threshold += (a * a - b * b) / 2;
  }
  return threshold;
}
