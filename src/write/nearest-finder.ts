import type { ShardexConfig } from '../config.js';
import { type Matrix, fillProbe, reusableProbe, separations } from '../geometry/metric.js';
import { productError } from '../kernels/bounds.js';
import { createKernels } from '../kernels/create-kernels.js';
import { DOT, type Kernels, NONE, type Product, SQUARED_L2 } from '../kernels/kernels.js';
import { type RowBlock, type RowList, columnsOf } from '../version/row-block.js';
import { type Centroid, matrixOf } from '../version/shard.js';

/** A centroid by its place among those of a finder, and how far a row is from it. */
export interface Found {
  readonly index: number;
  readonly separation: number;
}

/** Finds the nearest of some centroids; of equally near ones the first. */
export interface Finder {
  /** For a row, among those from one place to another. */
  readonly find: (block: RowBlock, row: number, from: number, to: number) => Found;
  /** The places of those nearest to the rows of a list from `first` on: {@link BATCH} of them, or what is left. */
  readonly indexes: (rows: RowList, first: number) => Uint32Array;
}

/** Rows that are measured together, each centroid being read once for two of them. */
export const BATCH = 32;

/** Fewer centroids than this are not worth the way to the kernels. */
const FEWEST = 8;

/**
 * The kernels of a lineage, whose versions have one configuration. They are kept, because the memory of each takes a large
 * range of addresses until it is collected.
 */
const kernelsOfLineage = new WeakMap<ShardexConfig, Loaded>();

/** Kernels, and whose centroids lie in their memory: a write that pauses may find those of another one there. */
interface Loaded {
  readonly kernels: Kernels;
  by: unknown;
}

function kernelsOf(config: ShardexConfig): Loaded {
  let loaded = kernelsOfLineage.get(config);
  if (loaded === undefined)
    kernelsOfLineage.set(config, (loaded = { kernels: createKernels(), by: undefined }));
  return loaded;
}

/** Squared lengths between which the bounds of the kernels hold, and zero, whose distances they give exactly. */
const LEAST = 2 ** -100;
const MOST = 2 ** 100;

/**
 * Makes what measures rows against some centroids. Each finder ends the one before: they have the same memory, as one is
 * made for every part of a large split. Those of other writes in the lineage only share the kernels, and take turns.
 *
 * The kernels say which centroid is nearest, unless rounding could have decided; then, and always for the separation
 * itself, 64-bit floats do. So what is found does not depend on the kernels (I10).
 */
export function nearestFinders(config: ShardexConfig): (centroids: readonly Centroid[]) => Finder {
  const { metric, dimensions } = config;
  const probe = reusableProbe(dimensions);
  const product = metric === 'cosine' ? DOT : SQUARED_L2;
  // Weights are rounded, and so is the product with them.
  const error = productError(product, dimensions) + 2 ** -22;
  const loaded = kernelsOf(config);
  const { kernels } = loaded;
  const rowAt = kernels.base;
  const foundAt = rowAt + roundedUp(4 * dimensions * BATCH);
  const centroidsAt = foundAt + 16 * BATCH;
  const nearest = new Uint32Array(BATCH);
  let matrix: Matrix = { vectors: new Float32Array(), squaredNorms: new Float64Array() };
  let out = new Float64Array();

  return (centroids) => {
    if (out.length < centroids.length) {
      out = new Float64Array(centroids.length);
      matrix = {
        vectors: new Float32Array(centroids.length * dimensions),
        squaredNorms: new Float64Array(centroids.length),
      };
    }
    centroids.forEach((centroid, c) => {
      const { vectors, squaredNorms } = matrixOf(centroid);
      matrix.vectors.set(vectors, c * dimensions);
      matrix.squaredNorms[c] = squaredNorms[0];
    });
    const weightsAt = centroidsAt + 4 * centroids.length * dimensions;
    const fast =
      kernels.simd &&
      inRange(matrix.squaredNorms, centroids.length) &&
      kernels.reserve(weightsAt + 4 * centroids.length);
    const name = {};
    const claim = (): void => {
      if (loaded.by === name) return;
      load(kernels, centroidsAt, weightsAt, matrix, centroids.length);
      loaded.by = name;
    };

    const among = (from: number, to: number): number => {
      separations(metric, probe, matrix, from, to - from, out);
      let index = 0;
      for (let c = 1; c < to - from; c++) if (out[c] < out[index]) index = c;
      return index;
    };
    const measure = (count: number, from: number, to: number): void => {
      const firstAt = centroidsAt + 4 * from * dimensions;
      const weights = metric === 'cosine' ? weightsAt + 4 * from : NONE;
      kernels.nearest(
        product,
        rowAt,
        dimensions,
        count,
        firstAt,
        dimensions,
        to - from,
        dimensions,
        weights,
        foundAt,
      );
    };
    const find: Finder['find'] = (block, row, from, to) => {
      fillProbe(probe, columnsOf(block), row);
      if (fast && to - from >= FEWEST && isInRange(probe.squaredNorm)) {
        claim();
        kernels.f32.set(probe.vector, rowAt / 4);
        measure(1, from, to);
        if (isDecided(kernels, foundAt, product, probe.squaredNorm, error)) {
          const index = from + kernels.u32[foundAt / 4];
          separations(metric, probe, matrix, index, 1, out);
          return { index, separation: out[0] };
        }
      }
      const index = among(from, to);
      return { index: from + index, separation: out[index] };
    };
    const indexes: Finder['indexes'] = (rows, first) => {
      const count = Math.min(BATCH, rows.length - first);
      const together = fast && centroids.length >= FEWEST;
      if (together) {
        claim();
        const { f32 } = kernels;
        for (let i = 0; i < count; i++) {
          const { vectors } = columnsOf(rows.blocks[first + i]);
          const at = rows.rows[first + i] * dimensions;
          const to = rowAt / 4 + i * dimensions;
          for (let j = 0; j < dimensions; j++) f32[to + j] = vectors[at + j];
        }
        measure(count, 0, centroids.length);
        for (let i = 0; i < count; i++) nearest[i] = kernels.u32[foundAt / 4 + 4 * i];
      }
      for (let i = 0; i < count; i++) {
        const columns = columnsOf(rows.blocks[first + i]);
        const row = rows.rows[first + i];
        const squared = columns.squaredNorms[row];
        if (together && isInRange(squared) && isDecided(kernels, foundAt + 16 * i, product, squared, error))
          continue;
        fillProbe(probe, columns, row);
        nearest[i] = among(0, centroids.length);
      }
      return nearest.subarray(0, count);
    };
    return { find, indexes };
  };
}

/** Whether the second centroid is farther than the first for certain. Errors are relative to |row|, or to the value. */
function isDecided(
  { f32 }: Kernels,
  foundAt: number,
  product: Product,
  squaredNorm: number,
  error: number,
): boolean {
  const first = f32[foundAt / 4 + 1];
  const second = f32[foundAt / 4 + 3];
  const most = product === DOT ? Math.sqrt(squaredNorm) : Math.max(Math.abs(second), 2 ** -100);
  return second - first > 2 * error * most && second < Infinity;
}

function inRange(squaredNorms: ArrayLike<number>, count: number): boolean {
  for (let i = 0; i < count; i++) if (!isInRange(squaredNorms[i])) return false;
  return true;
}

function isInRange(squared: number): boolean {
  return squared === 0 || (squared > LEAST && squared < MOST);
}

/** Puts centroids where the kernels find them, and 1 over the length of each; 0 where that is 0. */
function load({ f32 }: Kernels, centroidsAt: number, weightsAt: number, matrix: Matrix, count: number): void {
  f32.set(matrix.vectors.subarray(0, (weightsAt - centroidsAt) / 4), centroidsAt / 4);
  for (let c = 0; c < count; c++) {
    const squared = matrix.squaredNorms[c];
    f32[weightsAt / 4 + c] = squared === 0 ? 0 : 1 / Math.sqrt(squared);
  }
}

function roundedUp(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
