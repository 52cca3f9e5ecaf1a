/*
 * Shadows: centroids in 16-bit numbers in kernel memory; of many dimensions, their components along a few axes. They are
 * far smaller than the centroids, and prove of most that they are not the nearest to a row. A cache beside the versions: it
 * follows the centroid table that a caller shows it, and never decides a result (I10).
 */
import type { Metric, ShardexConfig } from '../config.js';
import { type Axes, axesInSteps, castShadow, shadowError } from '../geometry/axes.js';
import { type Probe, chord } from '../geometry/metric.js';
import { roughError } from '../kernels/bounds.js';
import { type Kernels, SQUARED_L2 } from '../kernels/kernels.js';
import { type RoughLayout, STAGE, roughBytes, roughLayout } from '../kernels/rough-layout.js';
import { putRough } from '../search/memory/chunk-memory.js';
import type { Steps } from '../collections/steps.js';
import { type CentroidChunk, type CentroidTable, matrixOfChunk } from '../version/centroid-table.js';

/**
 * Numbers of a shadow along axes; the last one is its distance from their span. Up to {@link WHOLE} dimensions a shadow has
 * all components, and beyond that if axes leave more than {@link VAGUE} of the centroids to measure: that is less work then.
 * Of words in 100 dimensions, 64 numbers leave 8 to 15 in 100 centroids, all components 1 in 500.
 */
const NUMBERS = 64;
const WHOLE = 128;
const VAGUE = 1 / 5;

/** Rows after which the share of centroids that shadows leave is judged. */
const TRIES = 64;

/** Centroids in the sample that axes are made from. */
const SAMPLE = 256;

/** New axes are made once this many times as many chunks have been written as there were, as centroids change. */
const CHUNKS_PER_AXES = 2;

/** Steps of making axes for each row measured: half a millisecond. */
const STEPS_PER_ROW = 4;

/** Most chunks with shadows. Memory is reserved for all; pages that were never written take none. */
const MOST_CHUNKS = 4096;

/** The position of a centroid in a table: the index of its chunk, and its index there. */
export interface CentroidPosition {
  readonly chunk: number;
  readonly member: number;
}

/** The index of a chunk's slot; {@link NONE} once another chunk is there. */
interface Slot {
  index: number;
}

const NONE = -1;

/** Measures the distances of rows from the shadows of a table's centroids. */
export class CentroidShadows {
  readonly #metric: Metric;
  readonly #kernels: Kernels;
  /** Whether shadows have all components, without axes. */
  readonly #whole: boolean;
  readonly #numbers: number;
  readonly #layout: RoughLayout;
  readonly #chunkBytes: number;
  readonly #at: Addresses;
  readonly #components: Float64Array;
  readonly #shadow: Float32Array;
  #making: Steps<Axes> | undefined;
  #axes: Axes | undefined;
  /** Chunks written since axes were made, and how many lead to new axes. */
  #writes = 0;
  #enough = 0;
  /** The greatest distance of a centroid from the axes' origin. */
  #reach = 0;
  #originLength = 0;
  /** Of the measured row: its length and the longest centroid's together, its distance from the origin, its error. */
  #length = 0;
  #distance = 0;
  #margin = 0;
  /** Rows measured while all chunks had shadows, and the sum of the shares of centroids that were left. */
  #tried = 0;
  #left = 0;
  /**
   * The slot of each chunk in kernel memory, the number of slots, and the free ones. A chunk that leaves the table keeps its
   * slot until another chunk is written there, because it may come back: branches take turns.
   */
  #slots = new WeakMap<CentroidChunk, Slot>();
  readonly #written: Slot[] = [];
  #slotCount = 0;
  #free: number[] = [];
  #table: WeakRef<CentroidTable> | undefined;
  #size = 0;
  /** Chunks with shadows, and those without, by their indexes in the table. */
  #cast: number[] = [];
  #missing: number[] = [];

  constructor({ metric, dimensions }: ShardexConfig, kernels: Kernels, whole = dimensions <= WHOLE) {
    this.#metric = metric;
    this.#kernels = kernels;
    this.#whole = whole;
    this.#numbers = whole ? 8 * Math.ceil(dimensions / 8) : NUMBERS;
    this.#layout = roughLayout(this.#numbers);
    this.#chunkBytes = roughBytes(this.#layout, STAGE);
    this.#at = addressesFrom(kernels.base, this.#numbers);
    this.#components = new Float64Array(dimensions);
    this.#shadow = new Float32Array(this.#numbers);
  }

  /**
   * Follows a table; returns the indexes of its chunks without shadows. Does a bounded part of what is due, so that no row
   * waits for all of it. Time: O(1) if the table is the same and nothing is due.
   */
  follow(table: CentroidTable): readonly number[] {
    if (this.#table?.deref() !== table) this.#take(table);
    if (!this.#whole && this.#writes >= this.#enough)
      this.#making ??= axesFor(this.#metric, table, this.#numbers - 1);
    for (let step = 0; step < STEPS_PER_ROW && this.#making !== undefined; step++) {
      const { done, value } = this.#making.next();
      if (done === true) this.#turnTo(value, table);
    }
    const missing = this.#missing.at(-1);
    if (missing !== undefined && this.#isReady && this.#write(table.chunks[missing])) {
      this.#missing.pop();
      this.#list(missing, table);
    }
    return this.#missing;
  }

  /** Measures a row; returns the position of the nearest shadow, if there is any. All lengths must be `codable`. */
  measure(table: CentroidTable, probe: Probe): CentroidPosition | undefined {
    const count = this.#cast.length;
    if (count === 0) return undefined;
    const isCosine = this.#metric === 'cosine';
    const scale = isCosine ? inverse(probe.squaredNorm) : 1;
    this.#distance = this.#castTo(this.#shadow, 0, probe.vector, 0, scale);
    this.#length = isCosine ? 2 : Math.sqrt(probe.squaredNorm) + Math.sqrt(table.longest);
    const { query, integers, line, chunks, values, found } = this.#at;
    const { f32 } = this.#kernels;
    f32.set(this.#shadow, query / 4);
    this.#kernels.roughDistances(SQUARED_L2, query, chunks, count, this.#numbers, integers, values, line);
    this.#margin = roughError(SQUARED_L2, this.#numbers, f32[line / 4], f32[line / 4 + 1], 0);
    const least = this.#kernels.least(values, STAGE * count);
    const none = this.#kernels.within(values, STAGE * count, least, found, 0) === 0;
    return none ? undefined : this.at(0);
  }

  /** Finds all centroids whose separation from the measured row may be this or less. Returns how many. */
  within(separation: number): number {
    const { values, found } = this.#at;
    const reach = this.#distance + this.#reach;
    const least = chord(this.#metric, separation + this.#rounding(separation));
    const length = this.#length + this.#originLength;
    const most = least + (this.#whole ? 2 ** -23 * reach : shadowError(reach, length));
    // The limit becomes a 32-bit float.
    const limit = (most * most + this.#margin) * (1 + 2 ** -20);
    const count = this.#kernels.within(values, STAGE * this.#cast.length, limit, found, 0);
    if (this.#missing.length === 0) {
      this.#tried++;
      this.#left += count / this.#size;
    }
    return count;
  }

  /** Whether axes rule out too few centroids, so that shadows with all components are better. */
  get isVague(): boolean {
    if (this.#tried < TRIES) return false;
    const isVague = !this.#whole && this.#left > VAGUE * this.#tried;
    this.#tried = 0;
    this.#left = 0;
    return isVague;
  }

  /** The greatest difference that rounding can make to a separation. */
  #rounding(separation: number): number {
    return (this.#metric === 'cosine' ? 1 : separation) * (this.#components.length + 8) * 2 ** -50;
  }

  /** The position of the i-th centroid found. */
  at(i: number): CentroidPosition {
    const label = this.#kernels.u32[this.#at.found / 4 + 2 * i];
    return { chunk: this.#cast[Math.floor(label / STAGE)], member: label % STAGE };
  }

  /** Starts with another table: keeps the slots of its chunks, and frees all others. */
  #take(table: CentroidTable): void {
    this.#table = new WeakRef(table);
    this.#size = table.size;
    this.#cast = [];
    this.#missing = [];
    const used = new Uint8Array(this.#slotCount);
    for (const [c, chunk] of table.chunks.entries()) {
      const index = this.#slots.get(chunk)?.index ?? NONE;
      if (index === NONE) this.#missing.push(c);
      else {
        used[index] = 1;
        this.#list(c, table);
      }
    }
    this.#free = [];
    for (let slot = this.#slotCount - 1; slot >= 0; slot--) if (used[slot] === 0) this.#free.push(slot);
  }

  /** Adds the address of a chunk to the list that kernels read. */
  #list(c: number, table: CentroidTable): void {
    const { index } = this.#slots.get(table.chunks[c]) as Slot;
    this.#kernels.u32[this.#at.chunks / 4 + this.#cast.length] = this.#addressOf(index);
    this.#cast.push(c);
  }

  #addressOf(slot: number): number {
    return this.#at.first + this.#chunkBytes * slot;
  }

  /** Starts anew with other axes. */
  #turnTo(axes: Axes, table: CentroidTable): void {
    this.#making = undefined;
    this.#axes = axes;
    this.#writes = 0;
    this.#enough = CHUNKS_PER_AXES * table.chunks.length;
    this.#reach = 0;
    this.#originLength = Math.sqrt(axes.origin.reduce((sum, x) => sum + x * x, 0));
    this.#slots = new WeakMap();
    this.#take(table);
  }

  get #isReady(): boolean {
    return this.#whole || this.#axes !== undefined;
  }

  /** Writes the shadow of a vector times `scale`. Returns the vector's distance from the axes' origin. */
  #castTo(
    out: Float32Array,
    at: number,
    vector: Float32Array | Float64Array,
    from: number,
    scale: number,
  ): number {
    if (this.#axes !== undefined)
      return castShadow(this.#axes, vector, from, scale, this.#components, out, at);
    let square = 0;
    for (let i = 0; i < this.#components.length; i++) {
      const x = vector[from + i] * scale;
      out[at + i] = x;
      square += x * x;
    }
    return Math.sqrt(square);
  }

  /** Writes the shadows of a chunk; `false` if there is no slot for it. */
  #write(chunk: CentroidChunk): boolean {
    const slot = this.#free.pop() ?? this.#grown();
    if (slot === undefined) return false;
    const { vectors, squaredNorms } = matrixOfChunk(chunk);
    const count = squaredNorms.length;
    const [d, n] = [this.#components.length, this.#numbers];
    const shadows = new Float32Array(n * count);
    const centre = new Float32Array(n);
    for (let c = 0; c < count; c++) {
      const scale = this.#metric === 'cosine' ? inverse(squaredNorms[c]) : 1;
      this.#reach = Math.max(this.#reach, this.#castTo(shadows, c * n, vectors, c * d, scale));
      for (let i = 0; i < n; i++) centre[i] += shadows[c * n + i] / count;
    }
    const at = this.#addressOf(slot);
    putRough(this.#kernels, this.#layout, n, shadows, centre, count, false, at);
    // A zero vector has cosine 0 to everything: its squared chord is 2, not 1.
    if (this.#metric === 'cosine')
      for (let c = 0; c < count; c++)
        if (squaredNorms[c] === 0) this.#kernels.f32[(at + this.#layout.constants) / 4 + c] += 1;
    if (slot < this.#written.length) this.#written[slot].index = NONE;
    this.#written[slot] = { index: slot };
    this.#slots.set(chunk, this.#written[slot]);
    this.#writes++;
    return true;
  }

  /** Adds a slot; `undefined` if there is no memory for it. */
  #grown(): number | undefined {
    const slot = this.#slotCount;
    const end = this.#addressOf(slot + 1);
    const enough =
      slot < MOST_CHUNKS &&
      (end <= this.#kernels.byteLength ||
        this.#kernels.reserve(this.#at.first + Math.ceil(((end - this.#at.first) * 5) / 4)));
    if (!enough) return undefined;
    this.#slotCount++;
    return slot;
  }
}

/** Addresses in kernel memory. */
interface Addresses {
  readonly query: number;
  readonly integers: number;
  readonly line: number;
  readonly chunks: number;
  readonly values: number;
  readonly found: number;
  /** The first slot. */
  readonly first: number;
}

function addressesFrom(base: number, numbers: number): Addresses {
  let next = base;
  const take = (bytes: number): number => (next += 64 * Math.ceil(bytes / 64)) - 64 * Math.ceil(bytes / 64);
  return {
    query: take(4 * numbers),
    integers: take(2 * numbers),
    line: take(8),
    chunks: take(4 * MOST_CHUNKS),
    values: take(4 * STAGE * MOST_CHUNKS),
    found: take(8 * STAGE * MOST_CHUNKS),
    first: take(0),
  };
}

/** Makes axes from a sample of the centroids, at even distances. */
function* axesFor(metric: Metric, { chunks, size }: CentroidTable, most: number): Steps<Axes> {
  const every = size / Math.min(size, SAMPLE);
  const d = matrixOfChunk(chunks[0]).vectors.length / chunks[0].ids.length;
  const points = new Float64Array(Math.ceil(size / every) * d);
  let [next, at, passed] = [0, 0, 0];
  for (const chunk of chunks) {
    const { vectors, squaredNorms } = matrixOfChunk(chunk);
    for (let c = 0; c < squaredNorms.length; c++, passed++) {
      if (passed < next || at === points.length) continue;
      const scale = metric === 'cosine' ? inverse(squaredNorms[c]) : 1;
      for (let i = 0; i < d; i++) points[at++] = vectors[c * d + i] * scale;
      next += every;
    }
  }
  return yield* axesInSteps(points.subarray(0, at), d, most);
}

function inverse(squaredNorm: number): number {
  return squaredNorm === 0 ? 0 : 1 / Math.sqrt(squaredNorm);
}
