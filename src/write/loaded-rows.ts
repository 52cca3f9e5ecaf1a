/*
 * Products, distances and sums over many rows, for splits; by kernels if those have SIMD. As many rows as fit a window are
 * copied to kernel memory, and again if another write has used it meanwhile. There, loops over components are as fast in
 * the first split of a process as in later ones. The results are the same to the bit (I10).
 */
import type { ShardexConfig } from '../config.js';
import type { Points } from '../geometry/bisect.js';
import { dotProduct, squaredL2 } from '../geometry/exact-loops.js';
import { type Probe, distanceOf } from '../geometry/metric.js';
import { DOT, type Kernels, SQUARED_L2 } from '../kernels/kernels.js';
import { type Steps, inSteps } from '../collections/steps.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import { type Centroid, centroidFrom } from '../version/shard.js';
import { type Loaded, kernelsOf, lentKernels } from './lineage-kernels.js';

/** Components in kernel memory at a time: 16 MiB, several shards of rows of 1,536 components. */
const WINDOW = 2 ** 22;

/** Shorter rows are not worth copying. */
const LEAST_DIMENSIONS = 32;

/** The rows of a list as points; scaled to unit length for the cosine metric. */
export class LoadedRows implements Points {
  readonly count: number;
  readonly dimensions: number;
  readonly #isCosine: boolean;
  readonly #list: RowList;
  readonly #memory: KernelMemory | undefined;

  constructor(config: ShardexConfig, list: RowList) {
    this.count = list.length;
    this.dimensions = config.dimensions;
    this.#isCosine = config.metric === 'cosine';
    this.#list = list;
    this.#memory = memoryFor(config, list);
  }

  products(vector: Float64Array, from: number, to: number, out: Float64Array): void {
    this.#measure(DOT, vector, from, to, out);
    if (!this.#isCosine) return;
    for (let i = from; i < to; i++) out[i] *= this.#weightOf(i);
  }

  distances(vector: Float64Array, from: number, to: number, out: Float64Array): void {
    if (!this.#isCosine) {
      this.#measure(SQUARED_L2, vector, from, to, out);
      return;
    }
    // Without the squared length of the vector, which is the same for all.
    this.products(vector, from, to, out);
    for (let i = from; i < to; i++) out[i] = (this.#squareOf(i) === 0 ? 0 : 1) - 2 * out[i];
  }

  addTo(sum: Float64Array, sides: Uint8Array | undefined, from: number, to: number): void {
    const rows: number[] = [];
    for (let i = from; i < to; i++)
      if ((sides === undefined || sides[i] === 1) && this.#weightOf(i) > 0) rows.push(i);
    if (this.#memory !== undefined) {
      this.#memory.addTo(sum, rows, (i) => this.#weightOf(i));
      return;
    }
    for (const i of rows) {
      const { vectors } = columnsOf(this.#list.blocks[i]);
      const at = this.#list.rows[i] * sum.length;
      const weight = this.#weightOf(i);
      for (let j = 0; j < sum.length; j++) sum[j] += weight * vectors[at + j];
    }
  }

  copy(point: number, to: Float64Array): void {
    const { vectors } = columnsOf(this.#list.blocks[point]);
    const at = this.#list.rows[point] * this.dimensions;
    const weight = this.#weightOf(point);
    for (let j = 0; j < this.dimensions; j++) to[j] = weight * vectors[at + j];
  }

  /** Writes the separations of rows from a centroid, the same as `separations` to the bit. */
  separations({ vector, squaredNorm }: Probe, from: number, to: number, out: Float64Array): void {
    this.#measure(this.#isCosine ? DOT : SQUARED_L2, vector, from, to, out);
    if (!this.#isCosine) return;
    for (let i = from; i < to; i++) out[i] = distanceOf('cosine', out[i], squaredNorm, this.#squareOf(i));
  }

  #measure(
    product: typeof DOT | typeof SQUARED_L2,
    vector: Float64Array,
    from: number,
    to: number,
    out: Float64Array,
  ): void {
    if (this.#memory !== undefined) {
      this.#memory.measure(product, vector, from, to, out);
      return;
    }
    const productOf = product === DOT ? dotProduct : squaredL2;
    for (let i = from; i < to; i++) {
      const { vectors } = columnsOf(this.#list.blocks[i]);
      out[i] = productOf(vector, vectors, this.#list.rows[i] * vector.length);
    }
  }

  #squareOf(i: number): number {
    return columnsOf(this.#list.blocks[i]).squaredNorms[this.#list.rows[i]];
  }

  /** The factor that makes a row a point. */
  #weightOf(i: number): number {
    if (!this.#isCosine) return 1;
    const square = this.#squareOf(i);
    return square === 0 ? 0 : 1 / Math.sqrt(square);
  }
}

/** Returns the mean of some rows as a centroid; `sums` is scratch, `target` takes the vector. Time: O(rows · dimensions). */
export function* meanOfRows(
  list: RowList,
  config: ShardexConfig,
  sums = new Float64Array(config.dimensions),
  target?: Float32Array,
): Steps<Centroid> {
  const rows = new LoadedRows(config, list);
  sums.fill(0);
  yield* inSteps(list.length, config.dimensions, (from, to) => {
    rows.addTo(sums, undefined, from, to);
  });
  return centroidFrom(sums, list.length, config.metric, target);
}

function memoryFor(config: ShardexConfig, list: RowList): KernelMemory | undefined {
  if (config.dimensions < LEAST_DIMENSIONS) return undefined;
  // Memory for a bulk split is not kept: most splits are of one shard, which has few rows more than its capacity.
  const loaded = list.length > 2 * config.shardCapacity ? lentKernels(config) : kernelsOf(config);
  const { kernels } = loaded;
  const memory = new KernelMemory(config, list, loaded);
  return kernels.simd && kernels.reserve(memory.end) ? memory : undefined;
}

/** A window on the rows of a list in the memory of kernels. */
class KernelMemory {
  readonly end: number;
  /** A mark on the kernels' memory, which does not keep the rows alive. */
  readonly #mark = {};
  readonly #config: ShardexConfig;
  readonly #list: RowList;
  readonly #loaded: Loaded;
  /** How many rows fit the window. */
  readonly #capacity: number;
  /** Addresses of a vector, of results, weights, row addresses and rows. */
  readonly #vectorAt: number;
  readonly #outAt: number;
  readonly #weightsAt: number;
  readonly #addressesAt: number;
  readonly #rowsAt: number;
  /** The range of rows in the window. */
  #first = 0;
  #last = 0;

  constructor(config: ShardexConfig, list: RowList, loaded: Loaded) {
    const { dimensions } = config;
    this.#config = config;
    this.#list = list;
    this.#loaded = loaded;
    this.#capacity = Math.max(1, Math.min(list.length, Math.floor(WINDOW / dimensions)));
    this.#vectorAt = loaded.kernels.base;
    this.#outAt = this.#vectorAt + 8 * dimensions;
    this.#weightsAt = this.#outAt + 8 * this.#capacity;
    this.#addressesAt = this.#weightsAt + 8 * this.#capacity;
    this.#rowsAt = this.#addressesAt + 8 * Math.ceil(this.#capacity / 2);
    this.end = this.#rowsAt + 4 * dimensions * this.#capacity;
  }

  measure(
    product: typeof DOT | typeof SQUARED_L2,
    vector: Float64Array,
    from: number,
    to: number,
    out: Float64Array,
  ): void {
    const { dimensions } = this.#config;
    for (let at = from; at < to;) {
      const kernels = this.#show(at, to);
      const count = Math.min(to, this.#last) - at;
      kernels.f64.set(vector, this.#vectorAt / 8);
      const rows = this.#addressOf(at);
      kernels.measure(product, this.#vectorAt, rows, dimensions, count, dimensions, this.#outAt);
      out.set(kernels.f64.subarray(this.#outAt / 8, this.#outAt / 8 + count), at);
      at += count;
    }
  }

  /** Adds rows, each times its weight, to a sum. */
  addTo(sum: Float64Array, rows: readonly number[], weightOf: (row: number) => number): void {
    const { dimensions } = this.#config;
    for (let done = 0; done < rows.length;) {
      const kernels = this.#show(rows[done], rows[rows.length - 1] + 1);
      let count = 0;
      for (; done < rows.length && rows[done] < this.#last; done++, count++) {
        kernels.u32[this.#addressesAt / 4 + count] = this.#addressOf(rows[done]);
        kernels.f64[this.#weightsAt / 8 + count] = weightOf(rows[done]);
      }
      kernels.f64.set(sum, this.#vectorAt / 8);
      kernels.addRowsAt(this.#addressesAt, this.#weightsAt, count, dimensions, this.#vectorAt);
      sum.set(kernels.f64.subarray(this.#vectorAt / 8, this.#vectorAt / 8 + dimensions));
    }
  }

  /** Loads rows from one index up to another into the window, or as many as fit. */
  #show(from: number, to: number): Kernels {
    const { dimensions } = this.#config;
    const loaded = this.#loaded;
    const { f32 } = loaded.kernels;
    if (loaded.usedBy !== this.#mark) this.#first = this.#last = from;
    loaded.usedBy = this.#mark;
    if (from < this.#first || from > this.#last || from - this.#first >= this.#capacity)
      this.#first = this.#last = from;
    const end = Math.min(to, this.#first + this.#capacity);
    for (; this.#last < end; this.#last++) {
      const { vectors } = columnsOf(this.#list.blocks[this.#last]);
      const row = this.#list.rows[this.#last] * dimensions;
      f32.set(vectors.subarray(row, row + dimensions), this.#addressOf(this.#last) / 4);
    }
    return loaded.kernels;
  }

  #addressOf(row: number): number {
    return this.#rowsAt + 4 * this.#config.dimensions * (row - this.#first);
  }
}
