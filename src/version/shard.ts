// A shard, the inverted list of an IVF index: a fixed centroid and its rows.
import type { Metric } from '../config.js';
import { squaredNorm } from '../geometry/exact-loops.js';
import { type Matrix, type Probe, probeOf } from '../geometry/metric.js';
import { type RowList, columnsOf } from './row-block.js';
import type { ShardRows } from './shard-rows.js';

/** Names a shard within one lineage of versions; counts up from 0, never reused. */
export type ShardId = number;

/** The components of a centroid; never given to callers of the library. */
export let matrixOf: (centroid: Centroid) => Matrix;

/** A shard's centre: fixed as long as the shard lives (I6), and of unit length for the cosine metric. */
export class Centroid {
  readonly #matrix: Matrix;

  static {
    matrixOf = (centroid) => centroid.#matrix;
  }

  /** @internal */
  constructor(vector: Float32Array) {
    this.#matrix = { vectors: vector, squaredNorms: Float64Array.of(squaredNorm(vector, 0, vector.length)) };
    Object.freeze(this);
  }

  /** A copy of its components. */
  toArray(): Float32Array {
    return this.#matrix.vectors.slice();
  }
}

/** A bounded group of postings near one centroid: the unit of sharing between versions (I4) and of search. */
export interface Shard {
  /** Its id, the key it has in `ShardexIndex.shards`. */
  readonly id: ShardId;
  /** What its postings are near to; fixed as long as the shard lives. */
  readonly centroid: Centroid;
  /** Its postings. */
  readonly rows: ShardRows;
}

/** A centroid as a probe, to compare rows with. */
export function centroidProbe(centroid: Centroid): Probe {
  return probeOf(matrixOf(centroid).vectors);
}

/** Whether two centroids are equal to the bit. */
export function sameCentroid(a: Centroid, b: Centroid): boolean {
  return a === b || sameComponents(matrixOf(a).vectors, matrixOf(b).vectors);
}

/** Whether two vectors of one length are equal to the bit; −0 and 0 differ. */
export function sameComponents(a: Float32Array, b: Float32Array): boolean {
  return a.every((component, i) => Object.is(component, b[i]));
}

/** The mean of some rows; by cosine, the mean of their directions, scaled to unit length. */
export function meanOf(list: RowList, metric: Metric, dimensions: number): Centroid {
  const sums = new Float64Array(dimensions);
  for (let i = 0; i < list.length; i++) addRow(sums, columnsOf(list.blocks[i]), list.rows[i], metric);
  return centroidFrom(sums, list.length, metric);
}

/** Turns the sum of `count` rows, or of their directions, into their mean, whose memory may be given as `target`. */
export function centroidFrom(
  sums: Float64Array,
  count: number,
  metric: Metric,
  target: Float32Array = new Float32Array(sums.length),
): Centroid {
  const total = metric === 'cosine' ? Math.sqrt(squaredNorm(sums, 0, sums.length)) : count;
  if (total > 0) for (let j = 0; j < sums.length; j++) sums[j] /= total;
  target.set(sums);
  return new Centroid(target);
}

/** Adds a row to a sum; by cosine, its direction. */
function addRow(sums: Float64Array, { vectors, squaredNorms }: Matrix, row: number, metric: Metric): void {
  const norm = metric === 'cosine' ? Math.sqrt(squaredNorms[row]) : 1;
  if (norm === 0) return;
  const scale = 1 / norm;
  const at = row * sums.length;
  for (let j = 0; j < sums.length; j++) sums[j] += vectors[at + j] * scale;
}
