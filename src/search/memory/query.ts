// A query in the forms that a search needs: exact for measuring, in 32 bits for kernels, rotated for codes.
import type { Metric } from '../../config.js';
import { squaredNorm } from '../../geometry/exact-loops.js';
import type { Probe } from '../../geometry/metric.js';
import { type VectorInput, writeVector } from '../../version/posting.js';
import { codable } from './block-codes.js';
import type { Engine } from './engine.js';

/** A query in all forms that a search needs. */
export interface Query {
  /** As the index would store it, in 32-bit floats, so that a stored vector is at distance 0 from itself. */
  readonly probe: Probe;
  /** Its length. */
  readonly length: number;
  /** What kernels are given, of unit length by cosine; `undefined` where their bounds do not hold. */
  readonly unit: Float32Array | undefined;
  /** The rotated `unit`, once it was needed. */
  rotated: Float32Array | undefined;
  /** Where `unit` and `rotated` lie, if the caller lent memory. */
  readonly scratch: QueryScratch | undefined;
}

/**
 * Memory for one query at a time, lent by a caller that makes many.
 *
 * Arrays of its own for each query would be garbage that is collected late.
 */
export class QueryScratch {
  readonly unit: Float32Array;
  #rotated = new Float32Array();

  constructor(dimensions: number) {
    this.unit = new Float32Array(dimensions);
  }

  /** Keeps a copy until the next one is made. */
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

/** Makes a query of a checked vector; with `scratch` it is valid until the next one is made there. */
export function queryOfProbe(probe: Probe, metric: Metric, scratch?: QueryScratch): Query {
  const length = Math.sqrt(probe.squaredNorm);
  return { probe, length, unit: unitOf(probe, length, metric, scratch), rotated: undefined, scratch };
}

function unitOf(
  { vector, squaredNorm }: Probe,
  length: number,
  metric: Metric,
  scratch: QueryScratch | undefined,
): Float32Array | undefined {
  if (!codable(squaredNorm)) return undefined;
  const isCosine = metric === 'cosine';
  if (isCosine && squaredNorm === 0) return undefined;
  const unit = scratch?.unit ?? new Float32Array(vector.length);
  for (let i = 0; i < unit.length; i++) unit[i] = isCosine ? vector[i] / length : vector[i];
  return unit;
}

/** Copies a query, as it is and rotated, to kernel memory, if it has a `unit`. */
export function placeQuery({ kernels, coarse, at }: Engine, query: Query): void {
  const { padded } = coarse;
  if (query.unit === undefined) return;
  kernels.f32.fill(0, at.query / 4, at.query / 4 + padded);
  kernels.f32.set(query.unit, at.query / 4);
  if (query.rotated === undefined) {
    kernels.rotate(at.query, at.rotatedQuery, 1, padded, at.signs);
    const rotated = kernels.f32.subarray(at.rotatedQuery / 4, at.rotatedQuery / 4 + padded);
    query.rotated = query.scratch?.keep(rotated) ?? rotated.slice();
  } else kernels.f32.set(query.rotated, at.rotatedQuery / 4);
}
