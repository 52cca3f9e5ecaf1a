import type { ShardexConfig } from '../config.js';
import { distances, separations } from '../geometry/metric.js';
import { productError } from '../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../kernels/kernels.js';
import { type CentroidChunk, matrixOfChunk, rankShards } from '../version/centroid-table.js';
import { type Shard, type ShardId, matrixOf } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { codable } from './block-codes.js';
import { CANDIDATES, type Engine } from './engine.js';
import { type Query, placeQuery } from './query.js';

/** What of a version a ranking looks at. */
export type Ranked = Pick<ShardexIndex, 'config' | 'centroids' | 'shards'>;

/** Shards, and how far their centroids are from a query: L2 of unit vectors by cosine, −dot by length by dot. */
export interface Near {
  readonly ids: readonly ShardId[];
  readonly apart: readonly number[];
}

/**
 * The `most` shards nearest to a query, nearest first. Near enough for estimates: with an engine it is done in 32 bits,
 * so centroids whose values differ by less than that shows may change places. The same with any kernels (I10).
 */
export function nearShards(index: Ranked, engine: Engine | undefined, query: Query, most: number): Near {
  const { metric } = index.config;
  const { size } = index.centroids;
  const count = engine === undefined ? undefined : measured(index, engine, query);
  if (engine === undefined || count === undefined) {
    const ranked = rankShards(index.centroids, metric, query.probe, most, 'query');
    return {
      ids: ranked.map(({ id }) => id),
      apart: ranked.map(({ value }) => exactApart(index.config, query, value)),
    };
  }
  const { kernels, at } = engine;
  const keep = Math.min(most, size);
  kernels.select(at.candidates, count, keep);
  kernels.sort(at.candidates, keep);
  const ids: ShardId[] = [];
  const apart: number[] = [];
  for (let i = 0; i < keep; i++) {
    ids.push(kernels.u32[at.candidates / 4 + 2 * i]);
    const value = kernels.f32[at.candidates / 4 + 2 * i + 1];
    if (metric === 'dot') apart.push(query.length === 0 ? 0 : value / query.length);
    else apart.push(Math.sqrt(value));
  }
  return { ids, apart };
}

/**
 * The `most` nearest shards, just those that {@link rankShards} finds, though in another order: in 32 bits first, and
 * where that cannot decide who is the last one in, by the exact values.
 */
export function nearestShards(
  index: ShardexIndex,
  engine: Engine | undefined,
  query: Query,
  most: number,
): ShardId[] {
  const { config, centroids, shards } = index;
  if (engine === undefined || most >= centroids.size) return ranked(index, query, most);
  const count = measured(index, engine, query);
  if (count === undefined) return ranked(index, query, most);
  const { kernels, coarse: shape, at } = engine;
  const cut = kernels.select(at.candidates, count, most);
  const margin = marginOf(config, query, cut, shape.dimensions, largestNorm(index));
  const { u32, f32 } = kernels;
  const surely: { id: ShardId; value: number }[] = [];
  const perhaps: { id: ShardId; value: number }[] = [];
  for (let i = 0; i < count; i++) {
    const value = f32[at.candidates / 4 + 2 * i + 1];
    if (value > cut + 2 * margin) continue;
    const id = u32[at.candidates / 4 + 2 * i];
    if (value < cut - 2 * margin) surely.push({ id, value });
    else perhaps.push({ id, value: exactValue(config, query, shards.get(id) as Shard) });
  }
  perhaps.sort((a, b) => a.value - b.value || a.id - b.id);
  surely.sort((a, b) => a.value - b.value || a.id - b.id);
  return [...surely, ...perhaps.slice(0, most - surely.length)].map(({ id }) => id);
}

function ranked({ centroids, config }: Ranked, query: Query, most: number): ShardId[] {
  return rankShards(centroids, config.metric, query.probe, most, 'query').map(({ id }) => id);
}

/** Measures all centroids in 32 bits, as candidates in kernel memory; how many, or `undefined` where that cannot be. */
function measured({ centroids, config }: Ranked, engine: Engine, query: Query): number | undefined {
  if (query.unit === undefined || centroids.size > CANDIDATES) return undefined;
  const { kernels, coarse: shape, at } = engine;
  const product = config.metric === 'dot' ? DOT : SQUARED_L2;
  placeQuery(engine, query);
  const byCosine = config.metric === 'cosine';
  let count = 0;
  for (const chunk of centroids.chunks) {
    // Where the bounds do not hold, nothing is known.
    if (!codable(chunk.longest) || !codable(chunk.shortest)) return undefined;
    const { squaredNorms } = matrixOfChunk(chunk);
    const place = chunkAt(engine, chunk);
    const { ids, shortest } = chunk;
    kernels.distances(product, at.query, place, shape.padded, ids.length, shape.dimensions, at.products);
    const { u32, f32 } = kernels;
    for (let c = 0, to = at.candidates / 4 + 2 * count; c < ids.length; c++, to += 2) {
      const value = f32[at.products / 4 + c];
      if (value - value !== 0) return undefined;
      u32[to] = ids[c];
      f32[to + 1] = product === DOT ? -value : value;
      // A zero vector has cosine 0 with everything.
      if (byCosine && shortest === 0 && squaredNorms[c] === 0) f32[to + 1] = 2;
    }
    count += ids.length;
  }
  return count;
}

/** The centroids of a chunk in kernel memory, each padded. */
function chunkAt(engine: Engine, chunk: CentroidChunk): number {
  const { kernels, coarse: shape, slots, at } = engine;
  const { vectors } = matrixOfChunk(chunk);
  const { dimensions, padded } = shape;
  const members = chunk.ids.length;
  const slot = slots.find(chunk) ?? slots.make(chunk, 4 * padded * members);
  const place = slot?.at ?? at.rows;
  if (slot === undefined || slot.rows === 0) {
    for (let c = 0; c < members; c++) {
      const from = c * dimensions;
      kernels.f32.set(vectors.subarray(from, from + dimensions), (place + 4 * padded * c) / 4);
    }
    if (slot !== undefined) slot.rows = members;
  }
  return place;
}

/** How far a 32-bit value can be from what {@link rankShards} compares, or from twice that by cosine. */
function marginOf(
  { metric }: ShardexConfig,
  query: Query,
  cut: number,
  dimensions: number,
  largest: number,
): number {
  if (metric === 'dot') return productError(DOT, dimensions) * query.length * largest + 2 ** -100;
  const error = productError(SQUARED_L2, dimensions) * 2 * cut + 2 ** -100;
  // Neither the query nor a centroid is of just unit length in 32 bits.
  return metric === 'cosine' ? error + 2 ** -20 : error;
}

function largestNorm({ centroids }: Ranked): number {
  return Math.sqrt(centroids.chunks.reduce((most, { longest }) => Math.max(most, longest), 0));
}

/** The value that {@link rankShards} ranks a shard by. */
function exactValue({ metric }: ShardexConfig, query: Query, shard: Shard): number {
  const out = new Float64Array(1);
  (metric === 'dot' ? distances : separations)(metric, query.probe, matrixOf(shard.centroid), 0, 1, out);
  return out[0];
}

function exactApart({ metric }: ShardexConfig, query: Query, value: number): number {
  if (metric === 'dot') return query.length === 0 ? 0 : value / query.length;
  return Math.sqrt(metric === 'cosine' ? 2 * value : value);
}
