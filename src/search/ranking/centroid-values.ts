/*
 * Measures a query against all centroids of a version in kernel memory, for `near-shards.ts`: in 32 bits, or in 16 bits
 * with a bound on the error. A centroid value is a squared L2 distance, or −dot. Values stand in `at.products`, those of
 * each chunk STAGE numbers apart; a candidate is a label, STAGE · chunk + index in the chunk, and a value.
 */
import { roughError } from '../../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { type CentroidChunk, matrixOfChunk } from '../../version/centroid-table.js';
import type { Searchable } from '../../version/searchable.js';
import { codable } from '../memory/block-codes.js';
import { chunkAt, floatsAt } from '../memory/chunk-memory.js';
import { CANDIDATES, type Engine } from '../memory/engine.js';
import { type Query, placeQuery } from '../memory/query.js';

/** The part of a version that ranking reads. */
export type WithCentroids = Pick<Searchable, 'config' | 'centroids'>;

/** Squared chord of a right angle: a zero centroid has cosine 0 with everything. */
export const RIGHT_ANGLE = 2;

/** Measures all centroids in 32 bits. Returns the least value, or `undefined` where the kernels' bounds do not hold. */
export function measureCentroids(index: WithCentroids, engine: Engine, query: Query): number | undefined {
  if (!isMeasurable(index, query)) return undefined;
  const { config, centroids } = index;
  const { kernels, coarse, byDot, at } = engine;
  const product = byDot ? DOT : SQUARED_L2;
  const from = placeForProducts(engine, query);
  let least = Infinity;
  let out = at.products;
  for (const chunk of centroids.chunks) {
    const { ids, shortest } = chunk;
    const address = floatsAt(engine, chunkAt(engine, chunk), ids.length);
    kernels.distances(product, from, address, coarse.padded, ids.length, coarse.dimensions, out);
    if (config.metric === 'cosine' && shortest === 0) overwriteZeros(engine, chunk, out);
    kernels.f32.fill(Infinity, out / 4 + ids.length, out / 4 + STAGE);
    least = Math.min(least, kernels.least(out, ids.length));
    out += 4 * STAGE;
  }
  return Number.isNaN(least) ? undefined : least;
}

/** Below this many shards 16 bits save nothing. */
export const MIN_SHARDS = 128;

/**
 * Measures all centroids in 16 bits. Returns the greatest error of a value.
 *
 * Returns `undefined` if there are too few shards, if the bounds do not hold, or if the cache cannot hold all chunks.
 */
export function measureRoughly(index: WithCentroids, engine: Engine, query: Query): number | undefined {
  const { config, centroids } = index;
  const { chunks, size, shortest } = centroids;
  if (size < MIN_SHARDS || !isMeasurable(index, query)) return undefined;
  if (config.metric === 'cosine' && shortest === 0) return undefined;
  const { kernels, coarse, slots, byDot, at } = engine;
  const { evictions } = slots;
  for (let c = 0; c < chunks.length; c++) {
    const address = chunkAt(engine, chunks[c]);
    if (address === at.chunk) return undefined;
    kernels.u32[at.chunks / 4 + c] = address;
    kernels.u32[at.chunkFloats / 4 + c] = floatsAt(engine, address, chunks[c].ids.length);
  }
  if (slots.evictions !== evictions) return undefined;
  placeForProducts(engine, query);
  const product = byDot ? DOT : SQUARED_L2;
  const { padded } = coarse;
  kernels.roughDistances(
    product,
    at.query,
    at.chunks,
    chunks.length,
    padded,
    at.integers,
    at.products,
    at.line,
  );
  const [farthest, reach] = [kernels.f32[at.line / 4], kernels.f32[at.line / 4 + 1]];
  return roughError(product, padded, farthest, reach, Math.sqrt(centroids.longest));
}

/** Measures the first `count` candidates in 32 bits; the query must be where {@link measureRoughly} put it. */
export function measureCandidates({ kernels, coarse, byDot, at }: Engine, count: number): void {
  const product = byDot ? DOT : SQUARED_L2;
  const from = byDot ? at.centre : at.query;
  const { padded, dimensions } = coarse;
  kernels.distancesAt(product, from, at.candidates, count, at.chunkFloats, padded, dimensions);
}

/** Makes candidates of the centroids with values up to a limit. Returns how many. */
export function collectWithin(
  { centroids: { chunks } }: WithCentroids,
  { kernels, at }: Engine,
  limit: number,
): number {
  // Infinity itself marks unused places.
  return kernels.within(at.products, STAGE * chunks.length, Math.min(limit, MAX_FLOAT32), at.candidates, 0);
}

const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * The `most` least of `count` values in kernel memory, `stride` numbers apart, ascending.
 *
 * Infinity, which marks unused places, is left out. A NaN has no order: then the result is empty.
 */
export function leastValues(
  { kernels: { f32 } }: Engine,
  address: number,
  count: number,
  stride: number,
  most: number,
): number[] {
  const least: number[] = [];
  let bound = Infinity;
  for (let i = 0, word = address / 4; i < count; i++, word += stride) {
    const value = f32[word];
    if (!(value < bound)) {
      if (Number.isNaN(value)) return [];
      continue;
    }
    let to = Math.min(least.length, most - 1);
    for (; to > 0 && least[to - 1] > value; to--) least[to] = least[to - 1];
    least[to] = value;
    if (least.length === most) bound = least[most - 1];
  }
  return least;
}

/** Whether the kernels' bounds hold for query and centroids, and there is memory for all values. */
function isMeasurable({ centroids }: WithCentroids, query: Query): boolean {
  const { chunks, shortest, longest } = centroids;
  const fits = STAGE * chunks.length <= CANDIDATES;
  return fits && query.isBounded && codable(longest) && codable(shortest);
}

/** Copies the query to kernel memory, by dot product negated too. Returns the address that products are taken from. */
function placeForProducts(engine: Engine, query: Query): number {
  const { kernels, coarse, byDot, at } = engine;
  placeQuery(engine, query);
  if (!byDot) return at.query;
  const { f32 } = kernels;
  for (let i = 0; i < coarse.padded; i++) f32[at.centre / 4 + i] = 0 - f32[at.query / 4 + i];
  return at.centre;
}

/** Overwrites the values of zero centroids. */
function overwriteZeros({ kernels: { f32 } }: Engine, chunk: CentroidChunk, out: number): void {
  const { squaredNorms } = matrixOfChunk(chunk);
  squaredNorms.forEach((square, c) => {
    if (square === 0) f32[out / 4 + c] = RIGHT_ANGLE;
  });
}
