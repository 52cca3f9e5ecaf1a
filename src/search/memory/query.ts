// A query in the forms that a search needs: exact, of unit length in 32 bits, rotated.
import type { Metric } from '../../config.js';
import { squaredNorm } from '../../geometry/exact-loops.js';
import type { Probe } from '../../geometry/metric.js';
import { type VectorInput, writeVector } from '../../version/posting.js';
import { codable } from './block-codes.js';
import type { Engine } from './engine.js';

/** A query, ready to be measured against rows and, where the kernels' bounds hold for it, to be estimated with. */
export interface Query {
  /** As the index would store it, in 32-bit floats, so that a stored vector is at distance 0 from itself. */
  readonly probe: Probe;
  /** Its length. */
  readonly length: number;
  /** As the kernels are given it: of unit length for the cosine metric. `undefined` where that says nothing. */
  readonly unit: Float32Array | undefined;
  /** The same rotated, once it was. */
  rotated: Float32Array | undefined;
  /** Where these two lie, if that was lent. */
  readonly room: QueryRoom | undefined;
}

/** Memory for a query, lent by whoever looks for many, one after the other: what each leaves behind is collected late. */
export class QueryRoom {
  readonly unit: Float32Array;
  #rotated = new Float32Array();

  constructor(dimensions: number) {
    this.unit = new Float32Array(dimensions);
  }

  /** A copy that lasts until the next one is made. */
  keep(rotated: Float32Array): Float32Array {
    if (this.#rotated.length !== rotated.length) this.#rotated = new Float32Array(rotated.length);
    this.#rotated.set(rotated);
    return this.#rotated;
  }
}

/** Checks a vector and makes a query of it. */
export function queryOf(vector: VectorInput, dimensions: number, metric: Metric): Query {
  const components = new Float64Array(dimensions);
  writeVector(vector, dimensions, components, 0);
  return queryOfProbe({ vector: components, squaredNorm: squaredNorm(components, 0, dimensions) }, metric);
}

/** A query of a vector that was checked. In a room that is lent it is good until the next one is made there. */
export function queryOfProbe(probe: Probe, metric: Metric, room?: QueryRoom): Query {
  const length = Math.sqrt(probe.squaredNorm);
  return { probe, length, unit: unitOf(probe, length, metric, room), rotated: undefined, room };
}

function unitOf(
  { vector, squaredNorm }: Probe,
  length: number,
  metric: Metric,
  room: QueryRoom | undefined,
): Float32Array | undefined {
  if (!codable(squaredNorm)) return undefined;
  const isCosine = metric === 'cosine';
  if (isCosine && squaredNorm === 0) return undefined;
  const unit = room?.unit ?? new Float32Array(vector.length);
  for (let i = 0; i < unit.length; i++) unit[i] = isCosine ? vector[i] / length : vector[i];
  return unit;
}

/** Copies a query to kernel memory, and rotated beside it; only where it has a `unit`. */
export function placeQuery({ kernels, coarse, at }: Engine, query: Query): void {
  const { padded } = coarse;
  if (query.unit === undefined) return;
  kernels.f32.fill(0, at.query / 4, at.query / 4 + padded);
  kernels.f32.set(query.unit, at.query / 4);
  if (query.rotated === undefined) {
    kernels.rotate(at.query, at.rotatedQuery, 1, padded, at.signs);
    const rotated = kernels.f32.subarray(at.rotatedQuery / 4, at.rotatedQuery / 4 + padded);
    query.rotated = query.room === undefined ? rotated.slice() : query.room.keep(rotated);
  } else kernels.f32.set(query.rotated, at.rotatedQuery / 4);
}
