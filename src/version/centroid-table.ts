/*
 * The centroids of a version (the coarse quantizer), and exact ranking by them. They are in chunks of up to 64 near ones,
 * which versions share: a split replaces a chunk or two (I4), so neither a commit nor the first search after it copies
 * O(shards · dimensions) numbers. Ranking skips chunks that the triangle inequality proves too far.
 */
import { BRAND, type Brand, brand } from '../checks/brand.js';
import type { Metric } from '../config.js';
import {
  type FittingScratch,
  fitPlaneInSteps,
  fittingScratch,
  pointsOf,
  scratchBytes,
} from '../geometry/bisect.js';
import { dotProduct, squaredNorm } from '../geometry/exact-loops.js';
import { type Matrix, type Probe, chord, distances, probeOf, separations } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { Nearest, type Ranked } from './nearest.js';
import { LARGE_PIECE } from '../collections/allocation.js';
import { type Shard, type ShardId, matrixOf } from './shard.js';

/** Centroids in a chunk, at most. */
export const MOST_IN_CHUNK = 64;
/** A chunk with fewer is dissolved, so that chunks stay worth skipping. */
const LEAST_IN_CHUNK = 16;

/** The centroids of a chunk; never given to callers of the library. */
export let matrixOfChunk: (chunk: CentroidChunk) => Matrix;
/** The mean of a chunk's centroids; never given to callers of the library. */
export let centreOfChunk: (chunk: CentroidChunk) => Float32Array;
let centresOf: (table: CentroidTable) => Matrix;

/** Up to 64 near centroids, their mean and their greatest distance from it. Its numbers are private (I1). */
export class CentroidChunk {
  readonly ids: readonly ShardId[];
  /** The greatest chord between the mean and a member. */
  readonly reach: number;
  /** The squared lengths of the shortest and the longest member. */
  readonly shortest: number;
  readonly longest: number;
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
    this.shortest = this.#matrix.squaredNorms.reduce((least, norm) => Math.min(least, norm), Infinity);
    this.longest = this.#matrix.squaredNorms.reduce((most, norm) => Math.max(most, norm), 0);
    const mean = new Float64Array(dimensions);
    for (let at = 0; at < vectors.length; at++) mean[at % dimensions] += vectors[at] / ids.length;
    this.#centre = Float32Array.from(mean);
    const out = new Float64Array(ids.length);
    separations(metric, probeOf(this.#centre), this.#matrix, 0, ids.length, out);
    this.reach = out.reduce((most, separation) => Math.max(most, chord(metric, separation)), 0);
    Object.freeze(this);
  }
}

/** The centroids of a version. Immutable: the functions below return other tables. */
export class CentroidTable {
  readonly chunks: readonly CentroidChunk[];
  readonly size: number;
  /** The squared lengths of the shortest and the longest centroid. */
  readonly shortest: number;
  readonly longest: number;
  readonly #centres: Matrix;

  static {
    centresOf = (table) => table.#centres;
  }

  constructor(chunks: readonly CentroidChunk[]) {
    this.chunks = Object.freeze(chunks);
    this.size = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0);
    this.shortest = chunks.reduce((least, { shortest }) => Math.min(least, shortest), Infinity);
    this.longest = chunks.reduce((most, { longest }) => Math.max(most, longest), 0);
    this.#centres = matrixFrom(concatenated(chunks.map(centreOfChunk)), chunks.length);
    Object.freeze(this);
  }

  /** Marks a version for other copies of the library: every version has a table. */
  get [BRAND](): Brand {
    return CENTROIDS;
  }
}

const CENTROIDS = brand('centroids');

/** Scratch memory for {@link rankShards}; arrays of its own for each call would cost more than the ranking. */
export class RankingScratch {
  readonly values = new Float64Array(MOST_IN_CHUNK);
  #toCentres = new Float64Array(16);

  /** Memory for at least one number of each chunk. */
  toCentres(chunks: number): Float64Array {
    if (this.#toCentres.length < chunks) this.#toCentres = new Float64Array(2 * chunks);
    return this.#toCentres;
  }
}

/**
 * Ranks the `most` nearest shards exactly, nearest first, ties to the smaller id.
 *
 * `by: 'separation'` tells where a posting belongs (I6), `by: 'query'` where the nearest postings are. These differ for
 * `dot`: the product with a shard's mean is the mean of the products with its members. With `mostChunks` it measures only
 * that many chunks, those with the nearest centres, and may miss some shards.
 *
 * Time: O(shards · dimensions) at worst; O(shards / 64 · dimensions) if chunks are skipped.
 */
export function rankShards(
  table: CentroidTable,
  metric: Metric,
  probe: Probe,
  most: number,
  by: 'separation' | 'query' = 'separation',
  mostChunks = Infinity,
  scratch = new RankingScratch(),
): Ranked[] {
  const byDot = metric === 'dot' && by === 'query';
  const measure = byDot ? distances : separations;
  const { chunks } = table;
  const toCentres = scratch.toCentres(chunks.length);
  measure(metric, probe, centresOf(table), 0, chunks.length, toCentres);
  const length = Math.sqrt(probe.squaredNorm);
  const found = new Nearest(Math.min(most, table.size));
  const out = scratch.values;
  const scan = (c: number): void => {
    const { ids, reach } = chunks[c];
    const least = byDot ? dotBound(toCentres[c], length * reach) : bound(metric, toCentres[c], reach);
    toCentres[c] = Infinity;
    let { worst } = found;
    if (chunks.length > 1 && least > worst) return;
    measure(metric, probe, matrixOfChunk(chunks[c]), 0, ids.length, out);
    for (let i = 0; i < ids.length; i++) {
      if (out[i] > worst) continue;
      found.offer(ids[i], out[i]);
      ({ worst } = found);
    }
  };
  // The nearest chunks first, until there are `most` shards to compare with; then all others that could still matter.
  const exact = mostChunks >= chunks.length;
  const first = exact ? (found.bounded ? chunks.length : 0) : mostChunks;
  for (let n = 0; n < first && !(exact && found.worst < Infinity); n++)
    scan(leastOf(toCentres, chunks.length));
  if (exact) for (let c = 0; c < chunks.length; c++) if (toCentres[c] < Infinity) scan(c);
  return found.sorted();
}

function leastOf(values: Float64Array, count: number): number {
  let least = 0;
  for (let i = 1; i < count; i++) if (values[i] < values[least]) least = i;
  return least;
}

// Both bounds leave a margin far above the rounding of the sums, so that no chunk is skipped wrongly.

function dotBound(distance: number, spread: number): number {
  return distance - spread - 1e-6 * (Math.abs(distance) + spread);
}

function bound(metric: Metric, separation: number, reach: number): number {
  const distance = chord(metric, separation);
  const least = Math.max(0, distance - reach - 1e-6 * (distance + reach + (metric === 'cosine' ? 1 : 0)));
  return metric === 'cosine' ? (least * least) / 2 : least * least;
}

/** Removes and adds centroids of shards. Time: O(changed · chunk + shards / 64), with pauses. */
export function* withCentroidsInSteps(
  table: CentroidTable,
  metric: Metric,
  gone: ReadonlySet<ShardId>,
  added: readonly Pick<Shard, 'id' | 'centroid'>[],
): Steps<CentroidTable> {
  const chunks: CentroidChunk[] = [];
  const homeless = added.map((shard) => ({ id: shard.id, vector: matrixOf(shard.centroid).vectors }));
  const leaves =
    gone.size <= 4
      ? ({ ids }: CentroidChunk) => [...gone].some((id) => ids.includes(id))
      : ({ ids }: CentroidChunk) => ids.some((id) => gone.has(id));
  for (const chunk of table.chunks) {
    if (!leaves(chunk)) {
      chunks.push(chunk);
      continue;
    }
    const rest = membersOf(chunk).filter((member) => !gone.has(member.id));
    if (rest.length < LEAST_IN_CHUNK) homeless.push(...rest);
    else chunks.push(chunkOf(metric, rest));
  }
  if (chunks.length === 0) return new CentroidTable(yield* partition(metric, homeless));
  const arrivals = new Map<number, Member[]>();
  const centres = matrixFrom(concatenated(chunks.map(centreOfChunk)), chunks.length);
  const out = new Float64Array(chunks.length);
  for (const [m, member] of homeless.entries()) {
    if (m % roundsPerStep(chunks.length * member.vector.length) === 0) yield;
    separations(metric, probeOf(member.vector), centres, 0, chunks.length, out);
    const home = leastOf(out, chunks.length);
    const arriving = arrivals.get(home);
    if (arriving === undefined) arrivals.set(home, [member]);
    else arriving.push(member);
  }
  const next: CentroidChunk[] = [];
  for (const [c, chunk] of chunks.entries()) {
    const arriving = arrivals.get(c);
    if (arriving === undefined) next.push(chunk);
    else next.push(...(yield* partition(metric, [...membersOf(chunk), ...arriving])));
  }
  return new CentroidTable(next);
}

/** Makes a table of existing chunks, and of new ones with given members. */
export function tableFrom(
  metric: Metric,
  chunks: readonly (CentroidChunk | readonly Member[])[],
): CentroidTable {
  return new CentroidTable(
    chunks.map((chunk) => (chunk instanceof CentroidChunk ? chunk : chunkOf(metric, chunk))),
  );
}

/** All centroids with the ids of their shards, in no particular order. */
export function centroidsOf(table: CentroidTable): readonly Member[] {
  return table.chunks.flatMap(membersOf);
}

/** A centroid in a table. */
export interface Member {
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

/** Partitions members into chunks of at most 64, near ones together. */
function* partition(
  metric: Metric,
  members: readonly Member[],
  scratch?: PartitionMemory,
): Steps<CentroidChunk[]> {
  if (members.length === 0) return [];
  if (members.length <= MOST_IN_CHUNK) return [chunkOf(metric, members)];
  const dimensions = members[0].vector.length;
  scratch ??= scratchFor(members.length, dimensions);
  const points = scratch.points.subarray(0, members.length * dimensions);
  for (const [m, { vector }] of members.entries()) points.set(vector, m * dimensions);
  const plane = yield* fitPlaneInSteps(pointsOf(points, members.length, dimensions), scratch);
  const far = members.filter((member, m) =>
    plane === undefined
      ? m * 2 >= members.length
      : dotProduct(plane.direction, member.vector, 0) > plane.threshold,
  );
  const isFar = new Set(far);
  const near = members.filter((member) => !isFar.has(member));
  return [...(yield* partition(metric, near, scratch)), ...(yield* partition(metric, far, scratch))];
}

/** Scratch memory for {@link partition}, with the members' vectors. */
interface PartitionMemory extends FittingScratch {
  readonly points: Float32Array;
}

/** Makes it; that of a bulk split is so large that it goes back to the system. */
function scratchFor(members: number, dimensions: number): PartitionMemory {
  const pointBytes = 8 * Math.ceil((members * dimensions) / 2);
  const bytes = pointBytes + scratchBytes(members, dimensions);
  const buffer = new ArrayBuffer(members > 2 * MOST_IN_CHUNK ? Math.max(bytes, LARGE_PIECE) : bytes);
  const points = new Float32Array(buffer, 0, members * dimensions);
  return { points, ...fittingScratch(members, dimensions, buffer, pointBytes) };
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
