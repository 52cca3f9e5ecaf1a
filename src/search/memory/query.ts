// A query in the forms that a search needs: exact for measuring, in 32 bits for kernels, rotated for codes.
import type { Metric } from '../../config.js';
import { squaredNorm } from '../../geometry/exact-loops.js';
import type { Probe } from '../../geometry/metric.js';
import { type VectorInput, writeVector } from '../../version/posting.js';
import { codable } from './block-codes.js';
import type { Engine } from './engine.js';
import type { QueryScratch } from './query-scratch.js';

/** A query in all forms that a search needs. */
export interface Query {
  /** As the index would store it, in 32-bit floats, so that a stored vector is at distance 0 from itself. */
  readonly probe: Probe;
  /** Its length. */
  readonly length: number;
  /** What kernels are given, of unit length by cosine; `undefined` where their bounds do not hold. */
  readonly unit: Float32Array | undefined;
  /** The rotated `unit`, once it was needed; not kept for a query in lent memory. */
  rotated: Float32Array | undefined;
  /** Where its vectors lie, if the caller lent memory. */
  readonly scratch: QueryScratch | undefined;
}

/** Checks a vector and makes a query of it; with `scratch` it is valid until the next one is made there. */
export function queryOf(
  vector: VectorInput,
  dimensions: number,
  metric: Metric,
  scratch?: QueryScratch,
): Query {
  const components = scratch?.vector ?? new Float64Array(dimensions);
  writeVector(vector, dimensions, components, 0);
  const probe = { vector: components, squaredNorm: squaredNorm(components, 0, dimensions) };
  return queryOfProbe(probe, metric, scratch);
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

/** Copies a query to kernel memory, if it has a `unit`. */
export function placeQuery(engine: Engine, query: Query): void {
  const { kernels, at, placed } = engine;
  if (query.unit === undefined || placed.query === query) return;
  kernels.f32.set(query.unit, at.query / 4);
  placed.query = query;
  placed.isRotated = false;
}

/** Copies a query, as it is and rotated, to kernel memory, if it has a `unit`. */
export function placeRotated(engine: Engine, query: Query): void {
  const { kernels, coarse, at, placed } = engine;
  if (query.unit === undefined) return;
  placeQuery(engine, query);
  if (placed.isRotated) return;
  placed.isRotated = true;
  if (query.rotated !== undefined) {
    kernels.f32.set(query.rotated, at.rotatedQuery / 4);
    return;
  }
  const { padded } = coarse;
  kernels.rotate(at.query, at.rotatedQuery, 1, padded, at.signs);
  if (query.scratch === undefined)
    query.rotated = kernels.f32.slice(at.rotatedQuery / 4, at.rotatedQuery / 4 + padded);
}
