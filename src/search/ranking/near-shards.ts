// Ranks shards for a search: centroids in 16 bits first, a histogram for the limit, then those within it in 32
// bits (the coarse quantizer of an IVF index).
import type { ShardexConfig } from '../../config.js';
import { distances, separations } from '../../geometry/metric.js';
import { productError, roughError } from '../../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { type CentroidChunk, matrixOfChunk, rankShards } from '../../version/centroid-table.js';
import type { ShardId } from '../../version/shard.js';
import type { Searchable } from '../../version/searchable.js';
import { codable } from '../memory/block-codes.js';
import { chunkAt, floatsAt } from '../memory/chunk-memory.js';
import { BINS, CANDIDATES, type Engine } from '../memory/engine.js';
import { type Query, placeQuery } from '../memory/query.js';
import type { Features } from '../../calibration/calibration.js';
import { SPREAD_RANK, costOf, countWithin, mostWithin, reachWithin } from '../../calibration/cost.js';

/** The part that ranking reads. */
type WithCentroids = Pick<Searchable, 'config' | 'centroids'>;

/** Shards, and how far their centroids are from a query: L2 of unit vectors by cosine, −dot by length by dot. */
export interface RankedShards {
  readonly ids: readonly ShardId[];
  readonly apart: readonly number[];
  /** The 32-bit values that were compared: the squares of those, or −dot; NaN or missing where one is not known. */
  readonly values: readonly number[];
}

/** Up to which cost shards are wanted; see {@link costOf}. The limit depends on how the nearest centroids lie. */
export interface CostLimit {
  readonly limitOf: (features: Features) => number;
  readonly gap: number;
}

/** The limit for one query. */
interface Cut {
  readonly limit: number;
  readonly gap: number;
}

/**
 * The `most` shards nearest to a query, nearest first. Near enough for estimates: with an engine it is done in 32 bits,
 * so centroids whose values differ by less than that shows may change order. The same with any kernels (I10).
 */
export function nearShards(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  most: number,
): RankedShards {
  if (engine === undefined || measured(index, engine, query) === undefined)
    return rankedExactly(index, query, most);
  return inOrder(index, engine, query, most, within(index, engine, Infinity));
}

/** The shards that cost no more than a limit, nearest first, as {@link nearShards} ranks them; at least one. */
export function shardsWithin(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  cost: CostLimit,
): RankedShards {
  const found = candidatesWithin(index, engine, query, cost);
  const near =
    engine === undefined || found === undefined
      ? rankedExactly(index, query, index.centroids.size)
      : inOrder(index, engine, query, mostWithin(found.cut.limit, index.centroids.size), found.count);
  const { gap, limit } = found?.cut ?? { gap: cost.gap, limit: cost.limitOf(featuresOf(near.apart)) };
  const count = countWithin(limit, near.apart, gap);
  return {
    ids: near.ids.slice(0, count),
    apart: near.apart.slice(0, count),
    values: near.values.slice(0, count),
  };
}

function featuresOf(apart: readonly number[]): Features {
  const last = apart[Math.min(SPREAD_RANK, apart.length) - 1];
  return { nearest: apart[0], spread: Math.max(0, last - apart[0]) };
}

function rankedExactly({ config, centroids }: WithCentroids, query: Query, most: number): RankedShards {
  const ranked = rankShards(centroids, config.metric, query.probe, most, 'query');
  return {
    ids: ranked.map(({ id }) => id),
    apart: ranked.map(({ value }) => exactApart(config, query, value)),
    values: [],
  };
}

/** What candidates were made, and for which limit. */
interface Found {
  readonly count: number;
  readonly cut: Cut;
}

/** Makes candidates of all shards within a limit, and of few others; `undefined` where that takes exact ranking. */
function candidatesWithin(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  cost: CostLimit,
): Found | undefined {
  if (engine === undefined) return undefined;
  const rough = within16(index, engine, query, cost);
  if (rough !== undefined) return rough;
  if (measured(index, engine, query) === undefined) return undefined;
  const { config, centroids } = index;
  const least = leastOf(engine, engine.at.products, STAGE * centroids.chunks.length, 1, SPREAD_RANK);
  const cut = cutFor(config, query, least, cost);
  return { count: within(index, engine, valueLimit(index, engine, query, least[0], cut)), cut };
}

function cutFor(
  config: ShardexConfig,
  query: Query,
  least: readonly number[],
  { gap, limitOf }: CostLimit,
): Cut {
  return { gap, limit: limitOf(featuresOf(least.map((value) => apartOf(config, query, value)))) };
}

/**
 * The `most` least of `count` values in kernel memory, `stride` numbers apart, ascending. Entries without a centroid, which
 * hold infinity, are left out; where a value is not a number, there is no order and the result is empty.
 */
function leastOf(
  { kernels: { f32 } }: Engine,
  at: number,
  count: number,
  stride: number,
  most: number,
): number[] {
  const least: number[] = [];
  let bound = Infinity;
  for (let i = 0, word = at / 4; i < count; i++, word += stride) {
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

/** The best of so many candidates, in order. */
function inOrder(
  { config, centroids }: WithCentroids,
  { kernels, at }: Engine,
  query: Query,
  most: number,
  count: number,
): RankedShards {
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

/** With fewer shards than this they are measured outright. */
const LEAST_SHARDS = 128;

/**
 * Makes candidates of all shards that cost no more than the limit, and of few others: looks at all centroids in 16 bits,
 * and measures those that are not out of the question by then. `undefined` where that cannot be done.
 */
function within16(index: WithCentroids, engine: Engine, query: Query, cost: CostLimit): Found | undefined {
  const { config, centroids } = index;
  const { chunks, size, shortest } = centroids;
  if (size < LEAST_SHARDS || !measurable(index, query)) return undefined;
  if (config.metric === 'cosine' && shortest === 0) return undefined;
  const { kernels, coarse, slots, byDot, at } = engine;
  const { padded, dimensions } = coarse;
  placeQuery(engine, query);
  const product = byDot ? DOT : SQUARED_L2;
  const { evictions } = slots;
  for (let c = 0; c < chunks.length; c++) {
    const address = chunkAt(engine, chunks[c]);
    if (address === at.chunk) return undefined;
    kernels.u32[at.chunks / 4 + c] = address;
    kernels.u32[at.chunkFloats / 4 + c] = floatsAt(engine, address, chunks[c].ids.length);
  }
  if (slots.evictions !== evictions) return undefined;
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
  const [apart, reach] = [kernels.f32[at.line / 4], kernels.f32[at.line / 4 + 1]];
  const margin = roughError(product, padded, apart, reach, Math.sqrt(centroids.longest));
  if (byDot) negate(engine);
  const from = byDot ? at.centre : at.query;
  const measureWithin = (limit: number): number => {
    const found = within(index, engine, limit);
    kernels.distancesAt(product, from, at.candidates, found, at.chunkFloats, padded, dimensions);
    return found;
  };
  const fourth = leastOf(engine, at.products, STAGE * chunks.length, 1, SPREAD_RANK);
  if (fourth.length < SPREAD_RANK) return undefined;
  // The nearest ones by their exact values are among those that may be as near as the fourth in 16 bits.
  const first = measureWithin(fourth[SPREAD_RANK - 1] + 2 * margin);
  const least = leastOf(engine, at.candidates + 4, first, 2, SPREAD_RANK);
  const cut = cutFor(config, query, least, cost);
  return { count: measureWithin(valueLimit(index, engine, query, least[0], cut) + 2 * margin), cut };
}

/** A value beyond which all shards cost more than the limit, found by counting, without an order. */
function valueLimit(
  { config, centroids: { chunks } }: WithCentroids,
  { kernels, at }: Engine,
  query: Query,
  nearest: number,
  { limit, gap }: Cut,
): number {
  const first = apartOf(config, query, nearest);
  const farthest = first + reachWithin(limit, gap);
  const span = (config.metric === 'dot' ? farthest * query.length : farthest ** 2) - nearest;
  const scale = BINS / span;
  if (!(scale > 0) || !Number.isFinite(scale)) return Infinity;
  kernels.u32.fill(0, at.bins / 4, at.bins / 4 + BINS);
  kernels.tally(at.products, STAGE * chunks.length, nearest, scale, BINS, at.bins);
  const { u32 } = kernels;
  const bins = at.bins / 4;
  for (let bin = bins + 1; bin < bins + BINS; bin++) u32[bin] += u32[bin - 1];
  const edgeOf = (bin: number): number => nearest + (bin + 1) / scale;
  // The first bin beyond whose edge all cost more; the costs never fall.
  let bin = 0;
  for (let last = BINS - 1; bin < last;) {
    const middle = (bin + last) >>> 1;
    if (costOf(u32[bins + middle], apartOf(config, query, edgeOf(middle)) - first, gap) > limit)
      last = middle;
    else bin = middle + 1;
  }
  // Bins are found in 32 bits.
  return edgeOf(bin) + (Math.abs(nearest) + span) * 2 ** -20;
}

/**
 * The `most` nearest shards, just those that {@link rankShards} finds, though in another order: in 32 bits first, and
 * where that cannot decide who is the last one in, by the exact values.
 */
export function nearestShards(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  most: number,
): ShardId[] {
  const { config, centroids } = index;
  if (engine === undefined || most >= centroids.size) return ranked(index, query, most);
  if (measured(index, engine, query) === undefined) return ranked(index, query, most);
  const { kernels, coarse: shape, at } = engine;
  const count = within(index, engine, Infinity);
  const cut = kernels.select(at.candidates, count, most);
  const margin = marginOf(config, query, cut, shape.dimensions, Math.sqrt(centroids.longest));
  const { u32, f32 } = kernels;
  const surely: { id: ShardId; value: number }[] = [];
  const perhaps: { id: ShardId; value: number }[] = [];
  for (let i = 0; i < count; i++) {
    const value = f32[at.candidates / 4 + 2 * i + 1];
    if (value > cut + 2 * margin) continue;
    const id = idAt(centroids.chunks, u32[at.candidates / 4 + 2 * i]);
    if (value < cut - 2 * margin) surely.push({ id, value });
    else
      perhaps.push({
        id,
        value: exactValue(config, query, centroids.chunks, u32[at.candidates / 4 + 2 * i]),
      });
  }
  perhaps.sort((a, b) => a.value - b.value || a.id - b.id);
  surely.sort((a, b) => a.value - b.value || a.id - b.id);
  return [...surely, ...perhaps.slice(0, most - surely.length)].map(({ id }) => id);
}

/** The shard of a candidate: its chunk, times {@link STAGE}, plus its index there. */
function idAt(chunks: readonly CentroidChunk[], label: number): ShardId {
  return chunks[Math.floor(label / STAGE)].ids[label % STAGE];
}

function ranked({ centroids, config }: WithCentroids, query: Query, most: number): ShardId[] {
  return rankShards(centroids, config.metric, query.probe, most, 'query').map(({ id }) => id);
}

/** Whether the kernels' bounds hold, and there is room. */
function measurable({ centroids }: Pick<Searchable, 'centroids'>, query: Query): boolean {
  const { chunks, shortest, longest } = centroids;
  const hasRoom = STAGE * chunks.length <= CANDIDATES;
  return hasRoom && query.unit !== undefined && codable(longest) && codable(shortest);
}

/**
 * Measures all centroids in 32 bits, chunk by chunk, {@link STAGE} values apart; the least value, or `undefined` where
 * they cannot be measured.
 */
function measured({ centroids, config }: WithCentroids, engine: Engine, query: Query): number | undefined {
  if (!measurable({ centroids }, query)) return undefined;
  const { chunks } = centroids;
  const { kernels, coarse: shape, at } = engine;
  placeQuery(engine, query);
  const byDot = config.metric === 'dot';
  const product = byDot ? DOT : SQUARED_L2;
  if (byDot) negate(engine);
  const from = byDot ? at.centre : at.query;
  let least = Infinity;
  for (let c = 0, out = at.products; c < chunks.length; c++, out += 4 * STAGE) {
    const chunk = chunks[c];
    const { ids, shortest } = chunk;
    const address = floatsAt(engine, chunkAt(engine, chunk), ids.length);
    kernels.distances(product, from, address, shape.padded, ids.length, shape.dimensions, out);
    if (config.metric === 'cosine' && shortest === 0) putRight(engine, chunk, out);
    kernels.f32.fill(Infinity, out / 4 + ids.length, out / 4 + STAGE);
    least = Math.min(least, kernels.least(out, ids.length));
  }
  return Number.isNaN(least) ? undefined : least;
}

/** Copies the query, negated, to where a centroid goes. */
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
function within({ centroids: { chunks } }: WithCentroids, { kernels, at }: Engine, limit: number): number {
  // Not Infinity itself, which stands for none.
  return kernels.within(at.products, STAGE * chunks.length, Math.min(limit, MOST_VALUE), at.candidates, 0);
}

/** The largest 32-bit float. */
const MOST_VALUE = 3.4028234663852886e38;

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

/** The value that {@link rankShards} ranks a shard by. */
function exactValue(
  { metric }: ShardexConfig,
  query: Query,
  chunks: readonly CentroidChunk[],
  label: number,
): number {
  const out = new Float64Array(1);
  const matrix = matrixOfChunk(chunks[Math.floor(label / STAGE)]);
  (metric === 'dot' ? distances : separations)(metric, query.probe, matrix, label % STAGE, 1, out);
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
