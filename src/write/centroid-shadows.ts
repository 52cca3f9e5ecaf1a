/*
 * Centroids in 16-bit numbers in the memory of kernels, of many dimensions as they lie along a few axes. That is a small
 * part of what they take up, and proves of most of them that they are not the nearest one to a row. A cache beside the
 * versions, which do not know of it: it follows the table that it is shown, and never decides what is found (I10).
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
 * Numbers of a centroid along axes, the last one being how far it is from all of them. Where the axes say so little that
 * more than a fifth of the centroids have to be compared, all numbers are less work, and so they are up to {@link WHOLE}
 * dimensions: of words in 100 dimensions 64 numbers leave 8 to 15 in a hundred centroids, all of them 1 in 500.
 */
const NUMBERS = 64;
const WHOLE = 128;
const VAGUE = 1 / 5;

/** Rows after which it is known how many are left. */
const TRIES = 64;

/** Centroids that axes are made from. */
const SAMPLE = 256;

/** New axes are made when this many times as many chunks were written as there were: centroids may lie otherwise by then. */
const PATIENCE = 2;

/** Steps of making axes for each row that is looked for: half a millisecond. */
const AT_ONCE = 4;

/** Chunks there are lists for. What was never written to takes no memory. */
const MOST_CHUNKS = 4096;

/** Where a centroid is: its chunk by its place in the table, and its place in there. */
export interface Place {
  readonly chunk: number;
  readonly member: number;
}

/** How far rows are from the shadows of centroids. */
export class CentroidShadows {
  readonly #metric: Metric;
  readonly #kernels: Kernels;
  /** Whether shadows have all numbers, without axes. */
  readonly #whole: boolean;
  readonly #numbers: number;
  readonly #layout: RoughLayout;
  readonly #chunkBytes: number;
  readonly #at: Places;
  readonly #components: Float64Array;
  readonly #shadow: Float32Array;
  #making: Steps<Axes> | undefined;
  #axes: Axes | undefined;
  /** Chunks written since axes were made, and how many until others are. */
  #written = 0;
  #enough = 0;
  /** How far the farthest centroid is from where the axes cross, and how long that, it and the row can be together. */
  #reach = 0;
  #originLength = 0;
  #length = 0;
  #apart = 0;
  #margin = 0;
  /** Rows that were looked for with all shadows there, and the centroids that were left. */
  #tried = 0;
  #left = 0;
  #places = new WeakMap<CentroidChunk, number>();
  #room = 0;
  #free: number[] = [];
  #table: WeakRef<CentroidTable> | undefined;
  #size = 0;
  /** Chunks that have shadows, and those that have none, by their places in the table. */
  #cast: number[] = [];
  #missing: number[] = [];

  constructor({ metric, dimensions }: ShardexConfig, kernels: Kernels, whole = dimensions <= WHOLE) {
    this.#metric = metric;
    this.#kernels = kernels;
    this.#whole = whole;
    this.#numbers = whole ? 8 * Math.ceil(dimensions / 8) : NUMBERS;
    this.#layout = roughLayout(this.#numbers);
    this.#chunkBytes = roughBytes(this.#layout, STAGE);
    this.#at = placesFrom(kernels.base, this.#numbers);
    this.#components = new Float64Array(dimensions);
    this.#shadow = new Float32Array(this.#numbers);
  }

  /**
   * Follows a table; returns its chunks that nothing is known of. Some of what is due is done each time, so that no row
   * waits for all of it. Time: O(1) where the table is the same and nothing is due.
   */
  follow(table: CentroidTable): readonly number[] {
    if (this.#table?.deref() !== table) this.#take(table);
    if (!this.#whole && this.#written >= this.#enough)
      this.#making ??= axesFor(this.#metric, table, this.#numbers - 1);
    for (let step = 0; step < AT_ONCE && this.#making !== undefined; step++) {
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

  /** Measures a row; returns the place of the nearest shadow, if there is any. Everything has to be `codable`. */
  measure(table: CentroidTable, probe: Probe): Place | undefined {
    const count = this.#cast.length;
    if (count === 0) return undefined;
    const isCosine = this.#metric === 'cosine';
    const scale = isCosine ? inverse(probe.squaredNorm) : 1;
    this.#apart = this.#castTo(this.#shadow, 0, probe.vector, 0, scale);
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

  /** Finds all centroids whose separation from the row that was measured may be no more than this; how many. */
  within(separation: number): number {
    const { values, found } = this.#at;
    const reach = this.#apart + this.#reach;
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

  /** Whether the axes say too little, so that shadows with all numbers are better. */
  get isVague(): boolean {
    if (this.#tried < TRIES) return false;
    const isVague = !this.#whole && this.#left > VAGUE * this.#tried;
    this.#tried = 0;
    this.#left = 0;
    return isVague;
  }

  /** What two separations may differ by that are really the same. */
  #rounding(separation: number): number {
    return (this.#metric === 'cosine' ? 1 : separation) * (this.#components.length + 8) * 2 ** -50;
  }

  /** The place of one of those that were found. */
  at(i: number): Place {
    const label = this.#kernels.u32[this.#at.found / 4 + 2 * i];
    return { chunk: this.#cast[Math.floor(label / STAGE)], member: label % STAGE };
  }

  /** Starts with another table: where nothing of it is, something else may be put. */
  #take(table: CentroidTable): void {
    this.#table = new WeakRef(table);
    this.#size = table.size;
    this.#cast = [];
    this.#missing = [];
    const used = new Uint8Array(this.#room);
    for (const [c, chunk] of table.chunks.entries()) {
      const place = this.#places.get(chunk);
      if (place === undefined) this.#missing.push(c);
      else {
        used[place] = 1;
        this.#list(c, table);
      }
    }
    this.#free = [];
    for (let place = this.#room - 1; place >= 0; place--) if (used[place] === 0) this.#free.push(place);
  }

  /** Notes where a chunk of the table is. */
  #list(c: number, table: CentroidTable): void {
    const place = this.#places.get(table.chunks[c]) as number;
    this.#kernels.u32[this.#at.chunks / 4 + this.#cast.length] = this.#byteOf(place);
    this.#cast.push(c);
  }

  #byteOf(place: number): number {
    return this.#at.first + this.#chunkBytes * place;
  }

  #turnTo(axes: Axes, table: CentroidTable): void {
    this.#making = undefined;
    this.#axes = axes;
    this.#written = 0;
    this.#enough = PATIENCE * table.chunks.length;
    this.#reach = 0;
    this.#originLength = Math.sqrt(axes.origin.reduce((sum, x) => sum + x * x, 0));
    this.#places = new WeakMap();
    this.#take(table);
  }

  get #isReady(): boolean {
    return this.#whole || this.#axes !== undefined;
  }

  /** Writes the shadow of a vector times `scale`; returns how far that is from where the axes cross. */
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

  /** Writes the shadows of a chunk; `false` where there is no room. */
  #write(chunk: CentroidChunk): boolean {
    const place = this.#free.pop() ?? this.#grown();
    if (place === undefined) return false;
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
    const at = this.#byteOf(place);
    putRough(this.#kernels, this.#layout, n, shadows, centre, count, false, at);
    // By cosine a zero vector is as far as a right angle, from everything: the square of the chord is 2, not 1.
    if (this.#metric === 'cosine')
      for (let c = 0; c < count; c++)
        if (squaredNorms[c] === 0) this.#kernels.f32[(at + this.#layout.constants) / 4 + c] += 1;
    this.#places.set(chunk, place);
    this.#written++;
    return true;
  }

  #grown(): number | undefined {
    const place = this.#room;
    const end = this.#byteOf(place + 1);
    const enough =
      place < MOST_CHUNKS &&
      (end <= this.#kernels.byteLength ||
        this.#kernels.reserve(this.#at.first + Math.ceil(((end - this.#at.first) * 5) / 4)));
    if (!enough) return undefined;
    this.#room++;
    return place;
  }
}

/** Places in the memory of the kernels. */
interface Places {
  readonly query: number;
  readonly integers: number;
  readonly line: number;
  readonly chunks: number;
  readonly values: number;
  readonly found: number;
  /** Where chunks begin. */
  readonly first: number;
}

function placesFrom(base: number, numbers: number): Places {
  let next = base;
  const room = (bytes: number): number => (next += 64 * Math.ceil(bytes / 64)) - 64 * Math.ceil(bytes / 64);
  return {
    query: room(4 * numbers),
    integers: room(2 * numbers),
    line: room(8),
    chunks: room(4 * MOST_CHUNKS),
    values: room(4 * STAGE * MOST_CHUNKS),
    found: room(8 * STAGE * MOST_CHUNKS),
    first: room(0),
  };
}

/** Axes from a sample of the centroids at even distances. */
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
