// The centroids of a version, in chunks of up to 64 near ones that versions share: the coarse quantizer, and exact
// ranking by it.
import { BRAND, type Brand, brand } from '../checks/brand.js';
import type { Metric } from '../config.js';
import { type FittingRoom, fitPlaneInSteps, fittingRoom, pointsOf, roomBytes } from '../geometry/bisect.js';
import { dotProduct, squaredNorm } from '../geometry/exact-loops.js';
import { type Matrix, type Probe, chord, distances, probeOf, separations } from '../geometry/metric.js';
import { type Steps, roundsPerStep, runSteps } from '../collections/steps.js';
import { Nearest, type Ranked } from './nearest.js';
import { LARGE_PIECE } from '../collections/allocation.js';
import { type Shard, type ShardId, matrixOf } from './shard.js';

/*
 * All centroids of a version, in chunks of near ones. It is part of the version: a split replaces a chunk or two and
 * shares the rest (I4), so neither a commit nor the first search after it gathers O(shards · dimensions) numbers.
 * Chunks that the triangle inequality proves too far are skipped; what comes back is exact all the same.
 */

/** Centroids in a chunk, at most. */
export const MOST_IN_CHUNK = 64;
const MOST = MOST_IN_CHUNK;
const LEAST = 16;

/** The centroids of a chunk, for the library's own loops. */
export let matrixOfChunk: (chunk: CentroidChunk) => Matrix;
/** Their mean, likewise. */
export let centreOfChunk: (chunk: CentroidChunk) => Float32Array;
let centresOf: (table: CentroidTable) => Matrix;

/** Up to 64 centroids, and how far from their mean the farthest of them is. Its numbers are private (I1). */
export class CentroidChunk {
  readonly ids: readonly ShardId[];
  /** The greatest chord between the mean and a member. */
  readonly reach: number;
  /** The squares of the lengths of the shortest and the longest member. */
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

/** The centroids of one version. Immutable; the functions below return other values. */
export class CentroidTable {
  readonly chunks: readonly CentroidChunk[];
  readonly size: number;
  /** The squares of the lengths of the shortest and the longest centroid. */
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

  /** Every version has a table, by which other copies of the library know it. */
  get [BRAND](): Brand {
    return CENTROIDS;
  }
}

const CENTROIDS = brand('centroids');

/**
 * Memory for ranking, time after time: what each time would leave behind lies outside of the heap, where it costs more
 * than all that is made of it.
 */
export class RankingRoom {
  readonly values = new Float64Array(MOST);
  #apart = new Float64Array(16);

  /** Room for a number of each chunk, and perhaps more. */
  apart(chunks: number): Float64Array {
    if (this.#apart.length < chunks) this.#apart = new Float64Array(2 * chunks);
    return this.#apart;
  }
}

/**
 * The `most` nearest shards, nearest first, ties to the smaller id. `by: 'separation'` answers where a posting belongs
 * (I6); `by: 'query'` where the postings nearest to it are, which differs for `dot`: the product with a shard's mean
 * is the mean of the products with its members. With `mostChunks` only that many chunks are looked at, the ones with
 * the nearest centres, and the answer may miss some.
 *
 * Time: O(shards · dimensions) at worst; O(shards / 64 · dimensions) where the bound decides.
 */
export function rankShards(
  table: CentroidTable,
  metric: Metric,
  probe: Probe,
  most: number,
  by: 'separation' | 'query' = 'separation',
  mostChunks = Infinity,
  room = new RankingRoom(),
): Ranked[] {
  const byDot = metric === 'dot' && by === 'query';
  const measure = byDot ? distances : separations;
  const { chunks } = table;
  const apart = room.apart(chunks.length);
  measure(metric, probe, centresOf(table), 0, chunks.length, apart);
  const length = Math.sqrt(probe.squaredNorm);
  const found = new Nearest(Math.min(most, table.size));
  const out = room.values;
  const scan = (c: number): void => {
    const { ids, reach } = chunks[c];
    const least = byDot ? dotBound(apart[c], length * reach) : bound(metric, apart[c], reach);
    apart[c] = Infinity;
    let { worst } = found;
    if (chunks.length > 1 && least > worst) return;
    measure(metric, probe, matrixOfChunk(chunks[c]), 0, ids.length, out);
    for (let i = 0; i < ids.length; i++) {
      if (out[i] > worst) continue;
      found.offer(ids[i], out[i]);
      ({ worst } = found);
    }
  };
  // The nearest chunks first, until there is something to compare with; then whichever others could still matter.
  const exact = mostChunks >= chunks.length;
  const first = exact ? (found.bounded ? chunks.length : 0) : mostChunks;
  for (let n = 0; n < first && !(exact && found.worst < Infinity); n++) scan(leastOf(apart, chunks.length));
  if (exact) for (let c = 0; c < chunks.length; c++) if (apart[c] < Infinity) scan(c);
  return found.sorted();
}

function leastOf(values: Float64Array, count: number): number {
  let least = 0;
  for (let i = 1; i < count; i++) if (values[i] < values[least]) least = i;
  return least;
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
  return runSteps(withCentroidsInSteps(table, metric, gone, added));
}

/** The same with pauses. */
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
    // A chunk with few left is dissolved among the others, so that chunks stay worth skipping.
    if (rest.length < LEAST) homeless.push(...rest);
    else chunks.push(chunkOf(metric, rest));
  }
  if (chunks.length === 0) return new CentroidTable(yield* parted(metric, homeless));
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
    else next.push(...(yield* parted(metric, [...membersOf(chunk), ...arriving])));
  }
  return new CentroidTable(next);
}

/** A table of chunks that exist already, and of new ones with just these members. */
export function tableFrom(
  metric: Metric,
  chunks: readonly (CentroidChunk | readonly Member[])[],
): CentroidTable {
  return new CentroidTable(
    chunks.map((chunk) => (chunk instanceof CentroidChunk ? chunk : chunkOf(metric, chunk))),
  );
}

/** All centroids of the table with the ids of their shards, in no particular order. */
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

/** Chunks of at most 64 of these members, near ones together. */
function* parted(metric: Metric, members: readonly Member[], room?: PartingRoom): Steps<CentroidChunk[]> {
  if (members.length === 0) return [];
  if (members.length <= MOST) return [chunkOf(metric, members)];
  const dimensions = members[0].vector.length;
  room ??= roomFor(members.length, dimensions);
  const points = room.points.subarray(0, members.length * dimensions);
  for (const [m, { vector }] of members.entries()) points.set(vector, m * dimensions);
  const plane = yield* fitPlaneInSteps(pointsOf(points, members.length, dimensions), room);
  const far = members.filter((member, m) =>
    plane === undefined
      ? m * 2 >= members.length
      : dotProduct(plane.direction, member.vector, 0) > plane.threshold,
  );
  const isFar = new Set(far);
  const near = members.filter((member) => !isFar.has(member));
  return [...(yield* parted(metric, near, room)), ...(yield* parted(metric, far, room))];
}

/** Memory for parting members. */
interface PartingRoom extends FittingRoom {
  readonly points: Float32Array;
}

/** Room for parting members. That of a bulk split is to be given back; a chunk that overflows is too small to matter. */
function roomFor(members: number, dimensions: number): PartingRoom {
  const pointBytes = 8 * Math.ceil((members * dimensions) / 2);
  const bytes = pointBytes + roomBytes(members, dimensions);
  const buffer = new ArrayBuffer(members > 2 * MOST ? Math.max(bytes, LARGE_PIECE) : bytes);
  const points = new Float32Array(buffer, 0, members * dimensions);
  return { points, ...fittingRoom(members, dimensions, buffer, pointBytes) };
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
