/*
 * Ranks shards by the distance of their centroids to a query: the coarse quantizer's step of an IVF search. With an engine
 * it ranks in 32 bits (`centroid-values.ts`); without one, or where the kernels' bounds do not hold, exactly.
 */
import type { Features } from '../../calibration/calibration.js';
import { SPREAD_RANK, costOf, countWithin, mostWithin, reachWithin } from '../../calibration/cost.js';
import type { ShardexConfig } from '../../config.js';
import { distances, separations } from '../../geometry/metric.js';
import { productError } from '../../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../../kernels/kernels.js';
import { STAGE } from '../../kernels/rough-layout.js';
import { type CentroidChunk, matrixOfChunk, rankShards } from '../../version/centroid-table.js';
import type { ShardId } from '../../version/shard.js';
import { BINS, type Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';
import {
  MIN_SHARDS,
  RIGHT_ANGLE,
  type WithCentroids,
  collectWithin,
  leastValues,
  measureCandidates,
  measureCentroids,
  measureRoughly,
} from './centroid-values.js';

/** Shards by the distances of their centroids to a query. */
export interface RankedShards {
  readonly ids: readonly ShardId[];
  /** L2 distances, of unit vectors by cosine; by dot product, −dot over the query's length. */
  readonly distances: readonly number[];
  /** The 32-bit values that were compared: squared distances, or −dot. NaN or missing where one is not known. */
  readonly centroidValues: readonly number[];
}

/** Ranked shards that belong to the caller. */
interface OwnRankedShards extends RankedShards {
  readonly ids: ShardId[];
  readonly distances: number[];
  readonly centroidValues: number[];
}

/** A limit on what shards cost ({@link costOf}), which depends on how the nearest centroids lie. */
export interface CostLimit {
  readonly limitOf: (features: Features) => number;
  readonly gap: number;
}

/** The cost limit for one query. */
interface QueryLimit {
  readonly limit: number;
  readonly gap: number;
}

/**
 * Ranks the `most` nearest shards, nearest first.
 *
 * With an engine it compares in 32 bits, so nearly equal centroids may change order. Any kernels give the same order
 * (I10).
 */
export function nearShards(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  most: number,
): OwnRankedShards {
  if (engine === undefined || measureCentroids(index, engine, query) === undefined)
    return rankedExactly(index, query, most);
  return rankedCandidates(index, engine, query, most, collectWithin(index, engine, Infinity));
}

/** Ranks the shards within a cost limit, at least one, in the order of {@link nearShards}. */
export function shardsWithin(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  cost: CostLimit,
): RankedShards {
  if (engine !== undefined && index.centroids.size < MIN_SHARDS) return fewWithin(index, engine, query, cost);
  const found = engine && candidatesWithin(index, engine, query, cost);
  const near =
    engine === undefined || found === undefined
      ? rankedExactly(index, query, index.centroids.size)
      : rankedCandidates(
          index,
          engine,
          query,
          mostWithin(found.limit, index.centroids.size),
          found.candidates,
        );
  const { gap, limit } = found ?? { gap: cost.gap, limit: cost.limitOf(featuresOf(near.distances)) };
  const count = countWithin(limit, near.distances, gap);
  return {
    ids: near.ids.slice(0, count),
    distances: near.distances.slice(0, count),
    centroidValues: near.centroidValues.slice(0, count),
  };
}

/** As {@link shardsWithin}, for so few shards that all are sorted. */
function fewWithin(
  index: WithCentroids,
  engine: Engine,
  query: Query,
  { gap, limitOf }: CostLimit,
): RankedShards {
  const near = nearShards(index, engine, query, index.centroids.size);
  const count = countWithin(limitOf(featuresOf(near.distances)), near.distances, gap);
  near.ids.length = count;
  near.distances.length = count;
  if (near.centroidValues.length > count) near.centroidValues.length = count;
  return near;
}

/**
 * Finds the `most` nearest shards, exactly those of {@link rankShards}, in another order.
 *
 * It compares in 32 bits, and exactly where those cannot decide which shard is the last one in.
 */
export function nearestShards(
  index: WithCentroids,
  engine: Engine | undefined,
  query: Query,
  most: number,
): readonly ShardId[] {
  const { config, centroids } = index;
  if (engine === undefined || most >= centroids.size || measureCentroids(index, engine, query) === undefined)
    return rankedExactly(index, query, most).ids;
  const { kernels, coarse, at } = engine;
  const count = collectWithin(index, engine, Infinity);
  const last = kernels.select(at.candidates, count, most);
  const error = errorOf(config, query, last, coarse.dimensions, Math.sqrt(centroids.longest));
  const { u32, f32 } = kernels;
  const certain: { id: ShardId; value: number }[] = [];
  const undecided: { id: ShardId; value: number }[] = [];
  for (let word = at.candidates / 4; word < at.candidates / 4 + 2 * count; word += 2) {
    const label = u32[word];
    const value = f32[word + 1];
    if (value > last + 2 * error) continue;
    const id = shardAt(centroids.chunks, label);
    if (value < last - 2 * error) certain.push({ id, value });
    else undecided.push({ id, value: exactValue(config, query, centroids.chunks, label) });
  }
  undecided.sort((a, b) => a.value - b.value || a.id - b.id);
  certain.sort((a, b) => a.value - b.value || a.id - b.id);
  return [...certain, ...undecided.slice(0, most - certain.length)].map(({ id }) => id);
}

function featuresOf(distances: readonly number[]): Features {
  const last = distances[Math.min(SPREAD_RANK, distances.length) - 1];
  return { nearest: distances[0], spread: Math.max(0, last - distances[0]) };
}

function rankedExactly({ config, centroids }: WithCentroids, query: Query, most: number): OwnRankedShards {
  const ranked = rankShards(centroids, config.metric, query.probe, most, 'query');
  const isCosine = config.metric === 'cosine';
  return {
    ids: ranked.map(({ id }) => id),
    distances: ranked.map(({ value }) => distanceOf(config, query, isCosine ? 2 * value : value)),
    centroidValues: [],
  };
}

/** Ranks the best of `count` candidates, at most `most`. */
function rankedCandidates(
  { config, centroids }: WithCentroids,
  { kernels, at }: Engine,
  query: Query,
  most: number,
  count: number,
): OwnRankedShards {
  const keep = Math.min(most, count);
  if (keep < count) kernels.select(at.candidates, count, keep);
  kernels.sort(at.candidates, keep);
  const { u32, f32 } = kernels;
  const ids: ShardId[] = [];
  const distances: number[] = [];
  const centroidValues: number[] = [];
  for (let word = at.candidates / 4; word < at.candidates / 4 + 2 * keep; word += 2) {
    const value = f32[word + 1];
    ids.push(shardAt(centroids.chunks, u32[word]));
    distances.push(distanceOf(config, query, value));
    centroidValues.push(value === RIGHT_ANGLE ? NaN : value);
  }
  return { ids, distances, centroidValues };
}

interface FoundCandidates extends QueryLimit {
  /** How many. */
  readonly candidates: number;
}

/** Makes candidates of all shards within a limit, and of few others; `undefined` where that takes exact ranking. */
function candidatesWithin(
  index: WithCentroids,
  engine: Engine,
  query: Query,
  cost: CostLimit,
): FoundCandidates | undefined {
  const { at } = engine;
  const values = STAGE * index.centroids.chunks.length;
  const error = measureRoughly(index, engine, query);
  const rough = error === undefined ? [] : leastValues(engine, at.products, values, 1, SPREAD_RANK);
  if (error !== undefined && rough.length === SPREAD_RANK) {
    const measureWithin = (limit: number): number => {
      const candidates = collectWithin(index, engine, limit + 2 * error);
      measureCandidates(engine, candidates);
      return candidates;
    };
    // The nearest in 32 bits are among those that may be as near as the last of the nearest in 16 bits.
    const first = measureWithin(rough[SPREAD_RANK - 1]);
    const least = leastValues(engine, at.candidates + 4, first, 2, SPREAD_RANK);
    const own = limitFor(index.config, query, least, cost);
    return { ...own, candidates: measureWithin(valueLimit(index, engine, query, least[0], own)) };
  }
  if (measureCentroids(index, engine, query) === undefined) return undefined;
  const least = leastValues(engine, at.products, values, 1, SPREAD_RANK);
  const own = limitFor(index.config, query, least, cost);
  return {
    ...own,
    candidates: collectWithin(index, engine, valueLimit(index, engine, query, least[0], own)),
  };
}

function limitFor(
  config: ShardexConfig,
  query: Query,
  least: readonly number[],
  { gap, limitOf }: CostLimit,
): QueryLimit {
  return { gap, limit: limitOf(featuresOf(least.map((value) => distanceOf(config, query, value)))) };
}

/** Finds a value beyond which all shards cost more than the limit, by a histogram instead of an order. */
function valueLimit(
  { config, centroids: { chunks } }: WithCentroids,
  { kernels, at }: Engine,
  query: Query,
  nearest: number,
  { limit, gap }: QueryLimit,
): number {
  const first = distanceOf(config, query, nearest);
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
  // The first bin beyond whose edge all cost more; costs never fall from bin to bin.
  let bin = 0;
  for (let last = BINS - 1; bin < last;) {
    const middle = (bin + last) >>> 1;
    if (costOf(u32[bins + middle], distanceOf(config, query, edgeOf(middle)) - first, gap) > limit)
      last = middle;
    else bin = middle + 1;
  }
  // Bins are found in 32 bits.
  return edgeOf(bin) + (Math.abs(nearest) + span) * 2 ** -20;
}

/** The shard of a candidate. */
function shardAt(chunks: readonly CentroidChunk[], label: number): ShardId {
  return chunks[Math.floor(label / STAGE)].ids[label % STAGE];
}

/** The greatest error of a value in 32 bits against that of {@link rankShards}, or against twice that by cosine. */
function errorOf(
  { metric }: ShardexConfig,
  query: Query,
  value: number,
  dimensions: number,
  longest: number,
): number {
  if (metric === 'dot') return productError(DOT, dimensions) * query.length * longest + 2 ** -100;
  const error = productError(SQUARED_L2, dimensions) * 2 * value + 2 ** -100;
  // By cosine neither the query nor a centroid has exactly unit length in 32 bits.
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

/** Converts a centroid value to a distance. */
function distanceOf({ metric }: ShardexConfig, query: Query, value: number): number {
  if (metric === 'dot') return query.length === 0 ? 0 : value / query.length;
  return Math.sqrt(value);
}
