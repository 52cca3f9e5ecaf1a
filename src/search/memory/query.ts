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
  /** Whether the bounds of kernels hold for it. */
  readonly isBounded: boolean;
  /** As kernels rotated it, once that was needed; not kept for a query in lent memory. */
  rotated: Float32Array | undefined;
  /** Whether its vector lies in memory that the caller lends to one query after another. */
  readonly isLent: boolean;
}

/**
 * Checks a vector and makes a query of it; in lent memory it is valid until the next one is made there. An array of its own
 * for each query would be garbage that is collected late.
 */
export function queryOf(vector: VectorInput, dimensions: number, metric: Metric, lent?: Float64Array): Query {
  const components = lent ?? new Float64Array(dimensions);
  writeVector(vector, dimensions, components, 0);
  const probe = { vector: components, squaredNorm: squaredNorm(components, 0, dimensions) };
  return queryOfProbe(probe, metric, lent !== undefined);
}

/** Makes a query of a checked vector; a lent one is valid until the vector changes. */
export function queryOfProbe(probe: Probe, metric: Metric, isLent = false): Query {
  const { squaredNorm } = probe;
  const isBounded = codable(squaredNorm) && (metric !== 'cosine' || squaredNorm > 0);
  return { probe, length: Math.sqrt(squaredNorm), isBounded, rotated: undefined, isLent };
}

/** Copies a query to kernel memory, of unit length by cosine, if bounds hold for it. */
export function placeQuery(engine: Engine, query: Query): void {
  const { kernels, at, placed } = engine;
  if (!query.isBounded || placed.query === query) return;
  const { vector } = query.probe;
  const [{ f32 }, to] = [kernels, at.query / 4];
  if (engine.unit === 1) for (let i = 0; i < vector.length; i++) f32[to + i] = vector[i] / query.length;
  else f32.set(vector, to);
  placed.query = query;
  placed.isRotated = false;
}

/** Copies a query, as {@link placeQuery} does and rotated, to kernel memory, if bounds hold for it. */
export function placeRotated(engine: Engine, query: Query): void {
  const { kernels, coarse, at, placed } = engine;
  if (!query.isBounded) return;
  placeQuery(engine, query);
  if (placed.isRotated) return;
  placed.isRotated = true;
  if (query.rotated !== undefined) {
    kernels.f32.set(query.rotated, at.rotatedQuery / 4);
    return;
  }
  const { padded } = coarse;
  kernels.rotate(at.query, at.rotatedQuery, 1, padded, at.signs);
  if (!query.isLent) query.rotated = kernels.f32.slice(at.rotatedQuery / 4, at.rotatedQuery / 4 + padded);
}
