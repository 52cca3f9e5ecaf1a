/*
 * Where shards lie on a map: their centroids seen along the two axes along which they differ most (principal axes).
 */

import type { ShardexIndex } from '../../index.js';

/** Two axes through the mean of an index's centroids. */
export interface Axes {
  readonly mean: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** How much of what centroids differ by shows on the map, 0 to 1. */
  readonly share: number;
}

/** A place on a map. */
export type Place = readonly [x: number, y: number];

/** Centroids that axes are computed from at most; more of them would hardly turn these. */
const SAMPLED = 512;

/** Rounds of power iteration: the axes are only looked at. */
const ROUNDS = 40;

/** Finds the axes of an index. Time: O(shards · dimensions) for up to 512 shards. */
export function axesOf(index: ShardexIndex): Axes {
  return principalAxes(sampleOf(index));
}

/** The same, which remembers the axes of each index for as long as that lives. */
export function rememberedAxes(): (index: ShardexIndex) => Axes {
  const known = new WeakMap<ShardexIndex, Axes>();
  return (index) => {
    const axes = known.get(index) ?? axesOf(index);
    known.set(index, axes);
    return axes;
  };
}

/** Where a vector lies along two axes. By cosine, only its direction counts. */
export function placeOf({ mean, first, second }: Axes, vector: ArrayLike<number>, isCosine: boolean): Place {
  const scale = isCosine ? 1 / (Math.hypot(...Array.from(vector)) || 1) : 1;
  let [x, y] = [0, 0];
  for (let j = 0; j < mean.length; j++) {
    const off = vector[j] * scale - mean[j];
    x += off * first[j];
    y += off * second[j];
  }
  return [rounded(x), rounded(y)];
}

/** The two axes along which vectors differ most. Deterministic. Time: O(vectors · dimensions). */
export function principalAxes(vectors: readonly Float32Array[]): Axes {
  const dimensions = vectors.at(0)?.length ?? 0;
  const mean = new Float64Array(dimensions);
  for (const vector of vectors) for (let j = 0; j < dimensions; j++) mean[j] += vector[j] / vectors.length;
  const rows = vectors.map((vector) => Float64Array.from(vector, (component, j) => component - mean[j]));
  const total = rows.reduce((sum, row) => sum + dot(row, row), 0);
  const first = leadingAxis(rows, dimensions);
  const shown = take(rows, first);
  const second = leadingAxis(rows, dimensions);
  const more = take(rows, second);
  return { mean, first, second, share: total === 0 ? 1 : Math.min(1, (shown + more) / total) };
}

/** The axis along which rows reach farthest, by power iteration; of no length where they do not differ. */
function leadingAxis(rows: readonly Float64Array[], dimensions: number): Float64Array {
  let axis = farthest(rows, dimensions);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(dimensions);
    for (const row of rows) {
      const along = dot(row, axis);
      for (let j = 0; j < dimensions; j++) next[j] += along * row[j];
    }
    const length = Math.sqrt(dot(next, next));
    if (!(length > 1e-12)) return new Float64Array(dimensions);
    axis = next.map((component) => component / length);
  }
  // Either direction would do: always the same one.
  const most = axis.reduce(
    (best, component, j) => (Math.abs(component) > Math.abs(axis[best]) ? j : best),
    0,
  );
  return axis[most] < 0 ? axis.map((component) => -component) : axis;
}

/** The longest row, which is hardly ever at a right angle to the axis that is looked for. */
function farthest(rows: readonly Float64Array[], dimensions: number): Float64Array {
  let [longest, most] = [new Float64Array(dimensions), 0];
  for (const row of rows) {
    const length = dot(row, row);
    if (length > most) [longest, most] = [row.slice(), length];
  }
  return longest;
}

/** Takes what rows have along an axis out of them; returns how much that was, squared. */
function take(rows: readonly Float64Array[], axis: Float64Array): number {
  let sum = 0;
  for (const row of rows) {
    const along = dot(row, axis);
    sum += along * along;
    for (let j = 0; j < row.length; j++) row[j] -= along * axis[j];
  }
  return sum;
}

function sampleOf({ shards }: ShardexIndex): Float32Array[] {
  const ids = [...shards.keys()].sort((a, b) => a - b);
  const every = Math.max(1, ids.length / SAMPLED);
  const count = Math.min(SAMPLED, ids.length);
  return Array.from({ length: count }, (_, i) =>
    shards.get(ids[Math.floor(i * every)])?.centroid.toArray(),
  ).filter((vector) => vector !== undefined);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

/** As precise as a map can show. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
