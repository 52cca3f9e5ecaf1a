import type { ShardexConfig } from '../config.js';
import { distances, separations } from '../geometry/metric.js';
import { productError } from '../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../kernels/kernels.js';
import { type CentroidChunk, matrixOfChunk, rankShards } from '../version/centroid-table.js';
import { type Shard, type ShardId, matrixOf } from '../version/shard.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { codable } from './block-codes.js';
import { BINS, CANDIDATES, type Engine, STAGE } from './engine.js';
import { type Query, placeQuery } from './query.js';
import { costOf, reachWithin } from './stopping.js';

/** What of a version a ranking looks at. */
export type Ranked = Pick<ShardexIndex, 'config' | 'centroids' | 'shards'>;

/** Shards, and how far their centroids are from a query: L2 of unit vectors by cosine, −dot by length by dot. */
export interface Near {
  readonly ids: readonly ShardId[];
  readonly apart: readonly number[];
  /** The 32-bit values that were compared: the squares of those, or −dot; NaN or missing where one is not known. */
  readonly values: readonly number[];
}

/** Up to which cost shards are wanted; see {@link costOf}. */
export interface CostLimit {
  readonly limit: number;
  readonly gap: number;
}

/**
 * The `most` shards nearest to a query, nearest first; of those that cost more than the limit, any may be missing. Near
 * enough for estimates: with an engine it is done in 32 bits, so centroids whose values differ by less than that shows
 * may change places. The same with any kernels (I10).
 */
export function nearShards(
  index: Ranked,
  engine: Engine | undefined,
  query: Query,
  most: number,
  cost?: CostLimit,
): Near {
  const { config, centroids } = index;
  const nearest = engine === undefined ? undefined : measured(index, engine, query);
  if (engine === undefined || nearest === undefined) {
    const ranked = rankShards(centroids, config.metric, query.probe, most, 'query');
    return {
      ids: ranked.map(({ id }) => id),
      apart: ranked.map(({ value }) => exactApart(config, query, value)),
      values: [],
    };
  }
  const { kernels, at } = engine;
  const count = within(
    index,
    engine,
    cost === undefined ? Infinity : valueLimit(index, engine, query, nearest, cost),
  );
  const keep = Math.min(most, count);
  if (keep < count) kernels.select(at.candidates, count, keep);
  kernels.sort(at.candidates, keep);
  const { u32, f32 } = kernels;
  const ids: ShardId[] = [];
  const apart: number[] = [];
  const values: number[] = [];
  for (let i = at.candidates / 4; i < at.candidates / 4 + 2 * keep; i += 2) {
    ids.push(idAt(centroids.chunks, u32[i]));
    apart.push(apartOf(config, query, f32[i + 1]));
    values.push(f32[i + 1] === RIGHT_ANGLE ? NaN : f32[i + 1]);
  }
  return { ids, apart, values };
}

/** A value beyond which all shards cost more than the limit, found by counting, without an order. */
function valueLimit(
  { config, centroids: { chunks } }: Ranked,
  { kernels, at }: Engine,
  query: Query,
  nearest: number,
  { limit, gap }: CostLimit,
): number {
  const first = apartOf(config, query, nearest);
  const farthest = first + reachWithin(limit, gap);
  const span = (config.metric === 'dot' ? farthest * query.length : farthest ** 2) - nearest;
  const scale = BINS / span;
  if (!(scale > 0) || !Number.isFinite(scale)) return Infinity;
  kernels.u32.fill(0, at.bins / 4, at.bins / 4 + BINS);
  chunks.forEach(({ ids }, c) => {
    kernels.tally(at.products + 4 * STAGE * c, ids.length, nearest, scale, BINS, at.bins);
  });
  let edge = nearest;
  for (let bin = 0, nearer = 0; bin < BINS; bin++) {
    nearer += kernels.u32[at.bins / 4 + bin];
    edge = nearest + (bin + 1) / scale;
    if (costOf(nearer, apartOf(config, query, edge), first, gap) > limit) break;
  }
  // Bins are found in 32 bits.
  return edge + (Math.abs(nearest) + span) * 2 ** -20;
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
  if (measured(index, engine, query) === undefined) return ranked(index, query, most);
  const { kernels, coarse: shape, at } = engine;
  const count = within(index, engine, Infinity);
  const cut = kernels.select(at.candidates, count, most);
  const margin = marginOf(config, query, cut, shape.dimensions, largestNorm(index));
  const { u32, f32 } = kernels;
  const surely: { id: ShardId; value: number }[] = [];
  const perhaps: { id: ShardId; value: number }[] = [];
  for (let i = 0; i < count; i++) {
    const value = f32[at.candidates / 4 + 2 * i + 1];
    if (value > cut + 2 * margin) continue;
    const id = idAt(centroids.chunks, u32[at.candidates / 4 + 2 * i]);
    if (value < cut - 2 * margin) surely.push({ id, value });
    else perhaps.push({ id, value: exactValue(config, query, shards.get(id) as Shard) });
  }
  perhaps.sort((a, b) => a.value - b.value || a.id - b.id);
  surely.sort((a, b) => a.value - b.value || a.id - b.id);
  return [...surely, ...perhaps.slice(0, most - surely.length)].map(({ id }) => id);
}

/** The shard of a candidate: its chunk, times {@link STAGE}, plus its place there. */
function idAt(chunks: readonly CentroidChunk[], label: number): ShardId {
  return chunks[Math.floor(label / STAGE)].ids[label % STAGE];
}

function ranked({ centroids, config }: Ranked, query: Query, most: number): ShardId[] {
  return rankShards(centroids, config.metric, query.probe, most, 'query').map(({ id }) => id);
}

/**
 * Measures all centroids in 32 bits, chunk by chunk, {@link STAGE} values apart; the least value, or `undefined` where
 * they cannot be measured.
 */
function measured({ centroids, config }: Ranked, engine: Engine, query: Query): number | undefined {
  const { chunks } = centroids;
  if (query.unit === undefined || STAGE * chunks.length > CANDIDATES) return undefined;
  const { kernels, coarse: shape, at } = engine;
  placeQuery(engine, query);
  const byDot = config.metric === 'dot';
  const product = byDot ? DOT : SQUARED_L2;
  if (byDot) negate(engine);
  const from = byDot ? at.centre : at.query;
  let least = Infinity;
  for (let c = 0, out = at.products; c < chunks.length; c++, out += 4 * STAGE) {
    const chunk = chunks[c];
    const { ids, shortest, longest } = chunk;
    // Where the bounds do not hold, nothing is known.
    if (!codable(longest) || !codable(shortest)) return undefined;
    const place = chunkAt(engine, chunk);
    kernels.distances(product, from, place, shape.padded, ids.length, shape.dimensions, out);
    if (config.metric === 'cosine' && shortest === 0) putRight(engine, chunk, out);
    least = Math.min(least, kernels.least(out, ids.length));
  }
  return Number.isNaN(least) ? undefined : least;
}

/** Puts what lies in the query's place, negated, into that of a centroid. */
function negate({ kernels: { f32 }, coarse: { padded }, at }: Engine): void {
  for (let i = 0; i < padded; i++) f32[at.centre / 4 + i] = 0 - f32[at.query / 4 + i];
}

/** What stands for the square of the chord to a zero vector, which has cosine 0 with everything. */
const RIGHT_ANGLE = 2;

/** Sets that right. */
function putRight({ kernels: { f32 } }: Engine, chunk: CentroidChunk, out: number): void {
  const { squaredNorms } = matrixOfChunk(chunk);
  squaredNorms.forEach((square, c) => {
    if (square === 0) f32[out / 4 + c] = RIGHT_ANGLE;
  });
}

/** Makes candidates of what was measured and is not above a limit; how many. */
function within({ centroids: { chunks } }: Ranked, { kernels, at }: Engine, limit: number): number {
  let count = 0;
  for (let c = 0; c < chunks.length; c++) {
    const values = at.products + 4 * STAGE * c;
    count += kernels.within(values, chunks[c].ids.length, limit, at.candidates + 8 * count, STAGE * c);
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

/** How far a centroid is, by its 32-bit value. */
function apartOf({ metric }: ShardexConfig, query: Query, value: number): number {
  if (metric === 'dot') return query.length === 0 ? 0 : value / query.length;
  return Math.sqrt(value);
}

function exactApart({ metric }: ShardexConfig, query: Query, value: number): number {
  if (metric === 'dot') return query.length === 0 ? 0 : value / query.length;
  return Math.sqrt(metric === 'cosine' ? 2 * value : value);
}
