// Balanced 2-means: a plane that parts vectors into two halves. Splits of shards and of chunks of centroids use
// it.
import { type Steps, inSteps, runSteps } from '../collections/steps.js';
import { dotProduct, squaredL2, squaredNorm } from './exact-loops.js';

/**
 * A plane that parts points in two: a point belongs to the far side where `direction · x > threshold`. The plane is
 * the one between the two means of 2-means clustering, and costs one dot product a point instead of two distances.
 */
export interface Plane {
  readonly direction: Float64Array;
  readonly threshold: number;
}

/** Points that a plane can be fitted to. */
export interface Points {
  readonly count: number;
  readonly dimensions: number;
  /** Writes the product of a vector with each point, from one on and up to another: `out[p]` is that of point p. */
  products(vector: Float64Array, from: number, to: number, out: Float64Array): void;
  /** Likewise the squared distances, or what is less by the same for all. */
  distances(vector: Float64Array, from: number, to: number, out: Float64Array): void;
  /** Adds to a sum those of the points that have a 1, or all where nothing is said of sides. */
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
 * Memory for fitting planes, one after another. Whoever fits many lends the same to all: what each would leave behind is
 * collected late, and meanwhile rows are made above it, so that the system never gets it back.
 */
export interface FittingRoom {
  readonly mean: Float64Array;
  readonly sums: Float64Array;
  readonly direction: Float64Array;
  readonly values: Float64Array;
  readonly sides: readonly [Uint8Array, Uint8Array];
}

/** Bytes of the room for so many points. */
export function roomBytes(count: number, dimensions: number): number {
  return 8 * (3 * dimensions + count) + 2 * count;
}

/** Room for up to so many points, in a buffer from a multiple of 8 on. */
export function fittingRoom(
  count: number,
  dimensions: number,
  buffer = new ArrayBuffer(roomBytes(count, dimensions)),
  from = 0,
): FittingRoom {
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

/** Lloyd rounds at most; they end earlier once hardly any point changes sides. */
const ROUNDS = 8;

/** Values that are sorted, merged or looked through in one step: about a millisecond. */
const RUN = 16_384;

/** The smallest share of the points that either side may get. */
export const LEAST_SHARE = 0.25;

/**
 * Moves a threshold so that neither side of it holds less than {@link LEAST_SHARE} of the values, as far as ties allow:
 * without this one outlier could be split off at a time, and the rest would stay over capacity. Returns `undefined`
 * when all values are equal. Time: O(n), and O(n log n) where it has to move.
 */
export function balance(values: Float64Array, threshold: number): number | undefined {
  return runSteps(balanceInSteps(values, threshold));
}

/** The same with pauses. */
export function* balanceInSteps(values: Float64Array, threshold: number): Steps<number | undefined> {
  const n = values.length;
  const least = Math.max(1, Math.floor(n * LEAST_SHARE));
  let far = 0;
  for (const value of values) if (value > threshold) far++;
  if (far >= least && n - far >= least) return threshold;
  const sorted = yield* sortedInSteps(values);
  // A cut goes between two different values: the balanced one nearest to the threshold, else the least unbalanced.
  const parts = (cut: number): boolean => cut > 0 && cut < n && sorted[cut - 1] < sorted[cut];
  for (let i = 0; i <= n - 2 * least; i++) {
    if (i % RUN === 0) yield;
    const cut = far < least ? n - least - i : least + i;
    if (parts(cut)) return sorted[cut - 1];
  }
  for (let off = 1; off < n; off++) {
    if (off % RUN === 0) yield;
    const cut = [least - off, n - least + off].find(parts);
    if (cut !== undefined) return sorted[cut - 1];
  }
  return undefined;
}

/** The values in ascending order: in runs of a bounded length, which are then merged. */
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
 * Fits the plane that parts `count` points (row-major, `dimensions` each) by balanced 2-means: real Lloyd rounds from
 * a deterministic start, the point farthest from the mean. Returns `undefined` when all points are the same. The
 * direction lies in the room, if one is lent: it is good until the next plane is fitted there.
 *
 * Time: O(rounds · count · dimensions), at most 8 rounds.
 */
export function fitPlane(matrix: Float32Array, count: number, dimensions: number): Plane | undefined {
  return runSteps(fitPlaneInSteps(pointsOf(matrix, count, dimensions)));
}

/** The same with pauses. */
export function* fitPlaneInSteps(
  points: Points,
  room: FittingRoom = fittingRoom(points.count, points.dimensions),
): Steps<Plane | undefined> {
  const { count, dimensions } = points;
  const { mean, sums, direction } = room;
  const values = room.values.subarray(0, count);
  let [sides, next] = room.sides;
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

/** The place of the greatest value; the first of equals. */
function greatestOf(values: Float64Array): number {
  let greatest = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[greatest]) greatest = i;
  return greatest;
}

/** Notes for each point which side its value puts it on; returns how many are on the far one. */
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

/**
 * Turns a direction to that of the plane midway between the mean of the far side (whose sum is given) and the mean of the
 * rest, and returns the threshold.
 */
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
