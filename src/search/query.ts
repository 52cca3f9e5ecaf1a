import type { Metric } from '../config.js';
import { squaredNorm } from '../geometry/kernels.js';
import type { Probe } from '../geometry/metric.js';
import { type VectorInput, writeVector } from '../version/posting.js';
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
}

/** Checks a vector and makes a query of it. */
export function queryOf(vector: VectorInput, dimensions: number, metric: Metric): Query {
  const components = new Float64Array(dimensions);
  writeVector(vector, dimensions, components, 0);
  return queryOfProbe({ vector: components, squaredNorm: squaredNorm(components, 0, dimensions) }, metric);
}

export function queryOfProbe(probe: Probe, metric: Metric): Query {
  const length = Math.sqrt(probe.squaredNorm);
  return { probe, length, unit: unitOf(probe, length, metric), rotated: undefined };
}

function unitOf({ vector, squaredNorm }: Probe, length: number, metric: Metric): Float32Array | undefined {
  if (!codable(squaredNorm)) return undefined;
  if (metric !== 'cosine') return Float32Array.from(vector);
  if (squaredNorm === 0) return undefined;
  const unit = new Float32Array(vector.length);
  for (let i = 0; i < unit.length; i++) unit[i] = vector[i] / length;
  return unit;
}

/** Puts a query into its place in kernel memory, and rotated into the next; only where it has a `unit`. */
export function placeQuery({ kernels, coarse, at }: Engine, query: Query): void {
  const { padded } = coarse;
  if (query.unit === undefined) return;
  kernels.f32.fill(0, at.query / 4, at.query / 4 + padded);
  kernels.f32.set(query.unit, at.query / 4);
  if (query.rotated === undefined) {
    kernels.rotate(at.query, at.rotatedQuery, 1, padded, at.signs);
    query.rotated = kernels.f32.slice(at.rotatedQuery / 4, at.rotatedQuery / 4 + padded);
  } else kernels.f32.set(query.rotated, at.rotatedQuery / 4);
}
