// Balanced 2-means: a plane that parts vectors into two halves. Splits of shards and of chunks of centroids use
// it.
import { type Steps, inSteps, runSteps } from '../collections/steps.js';
import { squaredNorm } from './exact-loops.js';

/**
 * A plane that parts points in two: a point belongs to the far side where `direction · x > threshold`. The plane is
 * the one between the two means of 2-means clustering, and costs one dot product a point instead of two distances.
 */
export interface Plane {
  readonly direction: Float64Array;
  readonly threshold: number;
}

/**
 * Memory for fitting planes, one after another. Whoever fits many lends the same to all: what each would leave behind is
 * collected late, and meanwhile rows are made above it, so that the system never gets it back.
 */
export interface FittingRoom {
  /** The points themselves, for the caller to fill. */
  readonly points: Float32Array;
  readonly mean: Float64Array;
  /** The mean in 32 bits, as points are. */
  readonly middle: Float32Array;
  readonly sums: Float64Array;
  readonly direction: Float64Array;
  readonly values: Float64Array;
  readonly sides: readonly [Uint8Array, Uint8Array];
}

/** Bytes of the room for so many points. */
export function roomBytes(count: number, dimensions: number): number {
  return 8 * (3 * dimensions + count) + 4 * (count + 1) * dimensions + 2 * count;
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
    points: new Float32Array(buffer, take(4 * count * dimensions), count * dimensions),
    middle: new Float32Array(buffer, take(4 * dimensions), dimensions),
    sides: [new Uint8Array(buffer, take(count), count), new Uint8Array(buffer, take(count), count)],
  };
}

/** Lloyd rounds at most; they end earlier once hardly any point changes sides. */
const ROUNDS = 8;

/** Values that are sorted, merged or looked through in one step: about a millisecond. */
const RUN = 16_384;

/** The smallest share of the points that either side may get. */
export const LEAST_SHARE = 0.25;

/** `direction · x` for one row of a matrix, in four running sums: only the side of a plane depends on it. */
export function project(direction: Float64Array, matrix: Float32Array, at: number): number {
  const d = direction.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 4 <= d; i += 4) {
    s0 += direction[i] * matrix[at + i];
    s1 += direction[i + 1] * matrix[at + i + 1];
    s2 += direction[i + 2] * matrix[at + i + 2];
    s3 += direction[i + 3] * matrix[at + i + 3];
  }
  for (; i < d; i++) s0 += direction[i] * matrix[at + i];
  return s0 + s1 + s2 + s3;
}

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
export function fitPlane(points: Float32Array, count: number, dimensions: number): Plane | undefined {
  return runSteps(fitPlaneInSteps(points, count, dimensions));
}

/** The same with pauses. */
export function* fitPlaneInSteps(
  points: Float32Array,
  count: number,
  dimensions: number,
  room: Omit<FittingRoom, 'points'> = fittingRoom(count, dimensions),
): Steps<Plane | undefined> {
  const { mean, middle, sums, direction } = room;
  const values = room.values.subarray(0, count);
  let [sides, next] = room.sides;
  mean.fill(0);
  sides.fill(0);
  yield* inSteps(count, dimensions, (from, to) => {
    addPoints(mean, points, from, to);
  });
  for (let i = 0; i < dimensions; i++) mean[i] /= count;

  const farthest: Farthest = { point: 0, distance: -1 };
  yield* inSteps(count, dimensions, (from, to) => {
    lookForFarthest(farthest, mean, points, from, to);
  });
  for (let i = 0; i < dimensions; i++) direction[i] = points[farthest.point * dimensions + i] - mean[i];
  if (squaredNorm(direction, 0, dimensions) === 0) return undefined;
  middle.set(mean);
  let threshold = project(direction, middle, 0);
  for (let round = 0; ; round++) {
    yield* inSteps(count, dimensions, (from, to) => {
      for (let p = from; p < to; p++) values[p] = project(direction, points, p * dimensions);
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
      addFarPoints(sums, points, now, from, to);
    });
    if (round === ROUNDS || (round > 0 && changed * 200 <= count)) return { direction, threshold };
    [sides, next] = [next, sides];
    threshold = toBetween(direction, sums, far, mean, count);
    if (squaredNorm(direction, 0, dimensions) === 0) return undefined;
  }
}

/** Adds points to a sum. */
function addPoints(sum: Float64Array, points: Float32Array, from: number, to: number): void {
  const d = sum.length;
  for (let p = from; p < to; p++) for (let i = 0; i < d; i++) sum[i] += points[p * d + i];
}

/** Adds those of the far side. */
function addFarPoints(
  sum: Float64Array,
  points: Float32Array,
  sides: Uint8Array,
  from: number,
  to: number,
): void {
  for (let p = from; p < to; p++) if (sides[p] === 1) addPoints(sum, points, p, p + 1);
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

/** The point that is farthest from the mean, so far; the first of equals. */
interface Farthest {
  point: number;
  distance: number;
}

function lookForFarthest(
  best: Farthest,
  mean: Float64Array,
  points: Float32Array,
  from: number,
  to: number,
): void {
  const d = mean.length;
  for (let p = from; p < to; p++) {
    let distance = 0;
    for (let i = 0; i < d; i++) {
      const delta = points[p * d + i] - mean[i];
      distance += delta * delta;
    }
    if (distance > best.distance) {
      best.point = p;
      best.distance = distance;
    }
  }
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
