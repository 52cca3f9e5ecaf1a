import type { Metric } from '../config.js';
import { fitPlane, project } from '../geometry/bisect.js';
import { squaredNorm } from '../geometry/kernels.js';
import { type Matrix, type Probe, chord, distances, probeOf, separations } from '../geometry/metric.js';
import { Nearest, type Ranked } from './nearest.js';
import { type Shard, type ShardId, matrixOf } from './shard.js';

/*
 * All centroids of a version, in chunks of near ones. It is part of the version: a split replaces a chunk or two and
 * shares the rest (I4), so neither a commit nor the first search after it gathers O(shards · dimensions) numbers.
 * Chunks that the triangle inequality proves too far are skipped; what comes back is exact all the same.
 */

const MOST = 64;
const LEAST = 16;

let matrixOfChunk: (chunk: CentroidChunk) => Matrix;
let centreOfChunk: (chunk: CentroidChunk) => Float32Array;
let centresOf: (table: CentroidTable) => Matrix;

/** Up to 64 centroids, and how far from their mean the farthest of them is. Its numbers are private (I1). */
export class CentroidChunk {
  readonly ids: readonly ShardId[];
  /** The greatest chord between the mean and a member. */
  readonly reach: number;
  readonly #matrix: Matrix;
  readonly #centre: Float32Array;

  static {
    matrixOfChunk = (chunk) => chunk.#matrix;
    centreOfChunk = (chunk) => chunk.#centre;
  }

  constructor(metric: Metric, ids: readonly ShardId[], vectors: Float32Array) {
    const dimensions = vectors.length / ids.length;
    this.ids = Object.freeze(ids);
    this.#matrix = matrixFrom(vectors, ids.length);
    const mean = new Float64Array(dimensions);
    for (let at = 0; at < vectors.length; at++) mean[at % dimensions] += vectors[at] / ids.length;
    this.#centre = Float32Array.from(mean);
    const out = new Float64Array(ids.length);
    separations(metric, probeOf(this.#centre), this.#matrix, 0, ids.length, out);
    this.reach = out.reduce((most, separation) => Math.max(most, chord(metric, separation)), 0);
    Object.freeze(this);
  }
}

/** The centroids of one version. Immutable; the functions below return other values. */
export class CentroidTable {
  readonly chunks: readonly CentroidChunk[];
  readonly size: number;
  readonly #centres: Matrix;

  static {
    centresOf = (table) => table.#centres;
  }

  constructor(chunks: readonly CentroidChunk[]) {
    this.chunks = Object.freeze(chunks);
    this.size = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0);
    this.#centres = matrixFrom(concatenated(chunks.map(centreOfChunk)), chunks.length);
    Object.freeze(this);
  }
}

/**
 * The `most` nearest shards, nearest first, ties to the smaller id. `by: 'separation'` answers where a posting belongs
 * (I6); `by: 'query'` where the postings nearest to it are, which differs for `dot`: the product with a shard's mean
 * is the mean of the products with its members.
 *
 * Time: O(shards · dimensions) at worst; O(shards / 64 · dimensions) where the bound decides.
 */
export function rankShards(
  table: CentroidTable,
  metric: Metric,
  probe: Probe,
  most: number,
  by: 'separation' | 'query' = 'separation',
): Ranked[] {
  const byDot = metric === 'dot' && by === 'query';
  const measure = byDot ? distances : separations;
  const out = new Float64Array(Math.max(MOST, table.chunks.length));
  const found = new Nearest(Math.min(most, table.size));
  const bounds = lowerBounds(table, metric, probe, byDot, out);
  for (const { chunk, bound } of bounds) {
    if (bound > found.worst) break;
    measure(metric, probe, matrixOfChunk(chunk), 0, chunk.ids.length, out);
    for (let c = 0; c < chunk.ids.length; c++) found.offer(chunk.ids[c], out[c]);
  }
  return found.sorted();
}

/** The chunks, ascending by the least value that a member of each can have. */
function lowerBounds(
  table: CentroidTable,
  metric: Metric,
  probe: Probe,
  byDot: boolean,
  out: Float64Array,
): { chunk: CentroidChunk; bound: number }[] {
  const { chunks } = table;
  if (chunks.length === 1) return [{ chunk: chunks[0], bound: -Infinity }];
  (byDot ? distances : separations)(metric, probe, centresOf(table), 0, chunks.length, out);
  const length = Math.sqrt(probe.squaredNorm);
  return chunks
    .map((chunk, c) => ({
      chunk,
      bound: byDot ? dotBound(out[c], length * chunk.reach) : bound(metric, out[c], chunk.reach),
    }))
    .sort((a, b) => a.bound - b.bound);
}

// Both bounds leave a slack far above the rounding of the sums they rest on, so that no chunk is skipped wrongly.
function dotBound(distance: number, spread: number): number {
  return distance - spread - 1e-6 * (Math.abs(distance) + spread);
}

function bound(metric: Metric, separation: number, reach: number): number {
  const apart = chord(metric, separation);
  const least = Math.max(0, apart - reach - 1e-6 * (apart + reach + (metric === 'cosine' ? 1 : 0)));
  return metric === 'cosine' ? (least * least) / 2 : least * least;
}

/** The table with some shards' centroids removed and others added. Time: O(changed · chunk + shards / 64). */
export function withCentroids(
  table: CentroidTable,
  metric: Metric,
  gone: ReadonlySet<ShardId>,
  added: readonly Pick<Shard, 'id' | 'centroid'>[],
): CentroidTable {
  const chunks: CentroidChunk[] = [];
  const homeless = added.map((shard) => ({ id: shard.id, vector: matrixOf(shard.centroid).vectors }));
  for (const chunk of table.chunks) {
    if (gone.size === 0 || !chunk.ids.some((id) => gone.has(id))) {
      chunks.push(chunk);
      continue;
    }
    const rest = membersOf(chunk).filter((member) => !gone.has(member.id));
    // A chunk with few left is dissolved among the others, so that chunks stay worth skipping.
    if (rest.length < LEAST) homeless.push(...rest);
    else chunks.push(chunkOf(metric, rest));
  }
  const arrivals = new Map<number, Member[]>();
  for (const member of homeless) {
    const home = nearestChunk(chunks, metric, member.vector);
    arrivals.set(home, [...(arrivals.get(home) ?? []), member]);
  }
  const next = chunks.flatMap((chunk, c) => {
    const more = arrivals.get(c);
    return more === undefined ? [chunk] : parted(metric, [...membersOf(chunk), ...more]);
  });
  next.push(...parted(metric, arrivals.get(-1) ?? []));
  return new CentroidTable(next);
}

/** The ids of all shards in the table, in no particular order. */
export function centroidIds(table: CentroidTable): ShardId[] {
  return table.chunks.flatMap((chunk) => chunk.ids);
}

interface Member {
  readonly id: ShardId;
  readonly vector: Float32Array;
}

function membersOf(chunk: CentroidChunk): Member[] {
  const { vectors } = matrixOfChunk(chunk);
  const d = vectors.length / chunk.ids.length;
  return chunk.ids.map((id, c) => ({ id, vector: vectors.subarray(c * d, (c + 1) * d) }));
}

function chunkOf(metric: Metric, members: readonly Member[]): CentroidChunk {
  return new CentroidChunk(
    metric,
    members.map((member) => member.id),
    concatenated(members.map((member) => member.vector)),
  );
}

/** Chunks of at most 64 of these members, near ones together. */
function parted(metric: Metric, members: readonly Member[]): CentroidChunk[] {
  if (members.length === 0) return [];
  if (members.length <= MOST) return [chunkOf(metric, members)];
  const plane = fitPlane(
    concatenated(members.map((member) => member.vector)),
    members.length,
    members[0].vector.length,
  );
  const far = members.filter((member, m) =>
    plane === undefined
      ? m * 2 >= members.length
      : project(plane.direction, member.vector, 0) > plane.threshold,
  );
  const isFar = new Set(far);
  return [
    ...parted(
      metric,
      members.filter((member) => !isFar.has(member)),
    ),
    ...parted(metric, far),
  ];
}

function nearestChunk(chunks: readonly CentroidChunk[], metric: Metric, vector: Float32Array): number {
  if (chunks.length === 0) return -1;
  const probe = probeOf(vector);
  const out = new Float64Array(1);
  let best = -1;
  let least = Infinity;
  for (let c = 0; c < chunks.length; c++) {
    separations(metric, probe, matrixFrom(centreOfChunk(chunks[c]), 1), 0, 1, out);
    if (out[0] < least) [best, least] = [c, out[0]];
  }
  return best;
}

function matrixFrom(vectors: Float32Array, count: number): Matrix {
  const d = vectors.length / count;
  return {
    vectors,
    squaredNorms: Float64Array.from({ length: count }, (_, c) => squaredNorm(vectors, c * d, d)),
  };
}

function concatenated(vectors: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(vectors.reduce((sum, vector) => sum + vector.length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}
