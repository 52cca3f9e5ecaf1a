// Finds the nearest of some centroids for many rows, for splits: in 32 bits, and in 64 if those cannot decide.
import type { Metric, ShardexConfig } from '../config.js';
import {
  type Matrix,
  type ReusableProbe,
  fillProbe,
  reusableProbe,
  separations,
} from '../geometry/metric.js';
import { productError } from '../kernels/bounds.js';
import { DOT, type Kernels, NONE, type Product, SQUARED_L2 } from '../kernels/kernels.js';
import { type RowBlock, type RowList, columnsOf } from '../version/row-block.js';
import { type Centroid, matrixOf } from '../version/shard.js';
import { type Loaded, kernelsOf } from './lineage-kernels.js';

/** The nearest centroid of a row: its index among those of the finder, and the row's separation from it. */
export interface Found {
  readonly index: number;
  readonly separation: number;
}

/** Rows that kernels measure together. They read each centroid once for two rows. */
export const BATCH = 32;

/** Fewer centroids than this are not worth a call of kernels. */
export const FEWEST = 8;

/** The kernels' error bounds hold for squared lengths between these. Distances of zero vectors are exact. */
const LEAST = 2 ** -100;
const MOST = 2 ** 100;

/** Memory that the finders of one write share, one after another. */
class FinderMemory {
  readonly metric: Metric;
  readonly dimensions: number;
  readonly probe: ReusableProbe;
  readonly product: Product;
  /** The error bound of the kernels' values. */
  readonly error: number;
  readonly loaded: Loaded;
  /** Addresses in kernel memory: of rows, of the result of each, and of centroids. */
  readonly rowAt: number;
  readonly foundAt: number;
  readonly centroidsAt: number;
  readonly nearest = new Uint32Array(BATCH);
  #matrix: Matrix = { vectors: new Float32Array(), squaredNorms: new Float64Array() };
  #out = new Float64Array();

  constructor(config: ShardexConfig) {
    const { metric, dimensions } = config;
    this.metric = metric;
    this.dimensions = dimensions;
    this.probe = reusableProbe(dimensions);
    this.product = metric === 'cosine' ? DOT : SQUARED_L2;
    // Weights are rounded, and so is the product with them.
    this.error = productError(this.product, dimensions) + 2 ** -22;
    this.loaded = kernelsOf(config);
    this.rowAt = this.loaded.kernels.base;
    this.foundAt = this.rowAt + roundedUp(4 * dimensions * BATCH);
    this.centroidsAt = this.foundAt + 16 * BATCH;
  }

  /** Copies centroids to a matrix, with an output number for each. Valid until the next call. */
  matrixFrom(centroids: readonly Centroid[]): { readonly matrix: Matrix; readonly out: Float64Array } {
    const count = centroids.length;
    if (this.#out.length < count) {
      this.#out = new Float64Array(count);
      this.#matrix = {
        vectors: new Float32Array(count * this.dimensions),
        squaredNorms: new Float64Array(count),
      };
    }
    const { vectors, squaredNorms } = this.#matrix;
    for (let c = 0; c < count; c++) {
      const from = matrixOf(centroids[c]);
      vectors.set(from.vectors, c * this.dimensions);
      squaredNorms[c] = from.squaredNorms[0];
    }
    return { matrix: this.#matrix, out: this.#out };
  }
}

/**
 * Returns a function that makes finders. They share memory, as a large split makes one for every part: each finder ends the
 * one before. Finders of other writes in the lineage share only the kernels, in turns.
 */
export function nearestFinders(config: ShardexConfig): (centroids: readonly Centroid[]) => NearestFinder {
  const memory = new FinderMemory(config);
  return (centroids) => new NearestFinder(memory, centroids);
}

/**
 * Finds the nearest of some centroids; of equally near ones the first.
 *
 * Kernels decide which centroid is nearest. If rounding might matter, 64-bit floats decide; these also give all separations.
 * So results do not depend on the kernels (I10).
 */
export class NearestFinder {
  /** A mark on the kernels' memory, which does not keep the finder alive. */
  readonly #mark = {};
  readonly #memory: FinderMemory;
  readonly #count: number;
  readonly #matrix: Matrix;
  readonly #out: Float64Array;
  readonly #weightsAt: number;
  /** Whether kernels can measure these centroids. */
  readonly #usesKernels: boolean;

  constructor(memory: FinderMemory, centroids: readonly Centroid[]) {
    const { kernels } = memory.loaded;
    this.#memory = memory;
    this.#count = centroids.length;
    ({ matrix: this.#matrix, out: this.#out } = memory.matrixFrom(centroids));
    this.#weightsAt = memory.centroidsAt + 4 * centroids.length * memory.dimensions;
    this.#usesKernels =
      kernels.simd &&
      inRange(this.#matrix.squaredNorms, centroids.length) &&
      kernels.reserve(this.#weightsAt + 4 * centroids.length);
  }

  /** Finds the nearest centroid of a row among those from index `from` up to `to`. */
  find(block: RowBlock, row: number, from: number, to: number): Found {
    const { metric, probe, loaded, rowAt, foundAt, product, error } = this.#memory;
    fillProbe(probe, columnsOf(block), row);
    if (this.#usesKernels && to - from >= FEWEST && isInRange(probe.squaredNorm)) {
      this.#claim();
      loaded.kernels.f32.set(probe.vector, rowAt / 4);
      this.#measure(1, from, to);
      if (isDecided(loaded.kernels, foundAt, product, probe.squaredNorm, error)) {
        const index = from + loaded.kernels.u32[foundAt / 4];
        separations(metric, probe, this.#matrix, index, 1, this.#out);
        return { index, separation: this.#out[0] };
      }
    }
    const index = this.#among(from, to);
    return { index: from + index, separation: this.#out[index] };
  }

  /** Finds the nearest centroids of the next {@link BATCH} rows of a list, or of what is left. Returns their indexes. */
  indexes(rows: RowList, first: number): Uint32Array {
    const { probe, loaded, rowAt, foundAt, nearest, product, error } = this.#memory;
    const { kernels } = loaded;
    const count = Math.min(BATCH, rows.length - first);
    const together = this.#usesKernels && this.#count >= FEWEST;
    if (together) {
      this.#claim();
      copyRowsInto(kernels.f32, rowAt / 4, rows, first, count);
      this.#measure(count, 0, this.#count);
    }
    for (let i = 0; i < count; i++) {
      const columns = columnsOf(rows.blocks[first + i]);
      const row = rows.rows[first + i];
      const squared = columns.squaredNorms[row];
      const at = foundAt + 16 * i;
      if (together && isInRange(squared) && isDecided(kernels, at, product, squared, error)) {
        nearest[i] = kernels.u32[at / 4];
        continue;
      }
      fillProbe(probe, columns, row);
      nearest[i] = this.#among(0, this.#count);
    }
    return nearest.subarray(0, count);
  }

  /** Finds the nearest by 64-bit floats, as an index from `from` on. `#out` then has the separations. */
  #among(from: number, to: number): number {
    const { metric, probe } = this.#memory;
    const out = this.#out;
    separations(metric, probe, this.#matrix, from, to - from, out);
    let index = 0;
    for (let c = 1; c < to - from; c++) if (out[c] < out[index]) index = c;
    return index;
  }

  /** Loads the centroids into kernel memory, if others have used it since. */
  #claim(): void {
    const { loaded, centroidsAt } = this.#memory;
    if (loaded.usedBy === this.#mark) return;
    load(loaded.kernels, centroidsAt, this.#weightsAt, this.#matrix, this.#count);
    loaded.usedBy = this.#mark;
  }

  #measure(count: number, from: number, to: number): void {
    const { loaded, metric, dimensions, product, rowAt, foundAt, centroidsAt } = this.#memory;
    const firstAt = centroidsAt + 4 * from * dimensions;
    const weights = metric === 'cosine' ? this.#weightsAt + 4 * from : NONE;
    loaded.kernels.nearest(
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
  }
}

/** Copies the vectors of `count` rows of a list, one behind the other. */
function copyRowsInto(to: Float32Array, at: number, rows: RowList, first: number, count: number): void {
  for (let i = first; i < first + count; i++) {
    const { vectors, starts } = columnsOf(rows.blocks[i]);
    const dimensions = vectors.length / starts.length;
    const from = rows.rows[i] * dimensions;
    for (let j = 0; j < dimensions; j++) to[at + j] = vectors[from + j];
    at += dimensions;
  }
}

/** Whether the second-nearest centroid is farther for certain. Errors are relative to |row|, or to the value. */
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

/** Copies centroids to kernel memory, and 1 over the length of each; 0 for a zero vector. */
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
