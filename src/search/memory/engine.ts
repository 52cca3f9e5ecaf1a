// The engine of a lineage: the kernels, cache and scratch memory that its searches share in a thread. It never decides
// a result.
import type { ShardexConfig } from '../../config.js';
import { ResourceExhaustedError } from '../../errors.js';
import { BIASED, type CodeShape, LEAN, PLAIN, codeBytes, codeShape } from '../../kernels/code-shape.js';
import { createKernels } from '../../kernels/create-kernels.js';
import { type Kernels, PIECE_WORDS } from '../../kernels/kernels.js';
import { type RoughLayout, STAGE, chunkBytes, roughLayout } from '../../kernels/rough-layout.js';
import { ROUNDS, rotationSigns } from '../../kernels/rotation.js';
import { Arena } from './arena.js';
import { LastDirectory, PIECE } from './directory.js';
import { Slots } from './slots.js';

/**
 * Bits a dimension of codes for estimates.
 *
 * On word vectors at a recall of 0.95, one of 180 estimated rows has to be measured. With one bit it is one of 26, which
 * takes three times as long; with four bits it takes twice the memory to be as fast.
 */
const COARSE = 2;

/** Bits a dimension of codes for proven bounds: one of a hundred rows has to be measured, with two bits half of them. */
const FINE = 4;

/** Candidates at most. */
export const CANDIDATES = 65_536;

/** Pieces of codes in the queue at most. */
export const PIECES = 64;

/** Bins of the histogram of centroid values. */
export const BINS = 256;

/** Bytes of the bitmap of a piece's dead rows. */
export const DEAD_BYTES = PIECE / 8;

/** Bytes of the cache at most, by default. */
const DEFAULT_BUDGET = 256 * 2 ** 20;

/** What the searches of a lineage share in a thread (I1). */
export interface Engine {
  readonly kernels: Kernels;
  /** The shapes of codes for estimates, and of codes for proven bounds. */
  readonly coarse: CodeShape;
  readonly fine: CodeShape;
  /** How chunks of centroids in 16 bits lie in memory. */
  readonly rough: RoughLayout;
  readonly slots: Slots;
  readonly directories: LastDirectory;
  /** Whether a search uses it at the moment. */
  lent: boolean;
  /** Rows that codes were made of. */
  encoded: number;
  /**
   * Whether tables for coarse codes are made per shard, relative to its centroid.
   *
   * Euclidean distances need that: far from the origin, tables of the raw query would lose the estimate in rounding.
   * Products do not. Of unit vectors, those near each other are scanned with fine codes, whose tables are per shard
   * (`Estimator.isTooNear`).
   */
  readonly around: boolean;
  /** Whether nearness is the dot product. */
  readonly byDot: boolean;
  /** 1 where rows are scaled to unit length before they are encoded: half their squared chord is 1 − cos. */
  readonly unit: 0 | 1;
  readonly at: Scratch;
  /** Scratch memory of JavaScript, for the distances of rows that are measured together. */
  readonly out: Float64Array;
  /** The same for a query's vector. */
  readonly query: Float64Array;
  /** The query in kernel memory, and whether it is there rotated, too. */
  readonly placed: { query: object | undefined; isRotated: boolean };
}

/** Addresses of scratch memory. */
interface Scratch {
  /** The signs of the rotation. */
  readonly signs: number;
  /** The query, of unit length by cosine, padded; and the same rotated. */
  readonly query: number;
  readonly rotatedQuery: number;
  /** A centroid, and the same rotated. */
  readonly centre: number;
  readonly rotatedCentre: number;
  /** Copies of rows that are to be encoded or measured. */
  readonly rows: number;
  /** The query in 64-bit and in 32-bit floats, the addresses of rows that are to be measured, and the products. */
  readonly probe: number;
  readonly shortProbe: number;
  readonly rowAddresses: number;
  readonly measured: number;
  /** A chunk of centroids that does not fit the cache. */
  readonly chunk: number;
  /** The addresses of all chunks, and of their 32-bit centroids. */
  readonly chunks: number;
  readonly chunkFloats: number;
  /** The query in 16 bits. */
  readonly integers: number;
  readonly residuals: number;
  /** The values of all centroids, and their histogram. */
  readonly products: number;
  readonly bins: number;
  /** The tables of the query, and those of the shard that is scanned. */
  readonly tables: number;
  readonly shardTables: number;
  /** Up to three numbers that a kernel returns: offset and step of tables, and a product. */
  readonly line: number;
  /** The queue of pieces, and the dead rows of each. */
  readonly pieces: number;
  readonly dead: number;
  /** The rotated centroid and the codes of a piece that is not cached. */
  readonly codes: number;
  readonly candidates: number;
}

/** Engines by the configuration of their lineage, which all of its versions share. */
const engines = new WeakMap<ShardexConfig, Engine>();

/** Rows of fewer dimensions than this are measured about as fast as estimated. */
const LEAST_DIMENSIONS = 16;

/**
 * Lends the engine of a lineage for the time of a call; none for few dimensions.
 *
 * It is made on first use. A search within a search, as in a filter, gets an engine of its own: scratch memory cannot be
 * shared.
 */
export function usingEngine<T>(config: ShardexConfig, use: (engine: Engine | undefined) => T): T {
  if (config.dimensions < LEAST_DIMENSIONS) return use(undefined);
  const engine = lineageEngine(config);
  if (engine.lent) return use(newEngine(config, createKernels({ simd: engine.kernels.simd })));
  engine.lent = true;
  try {
    return use(engine);
  } finally {
    engine.lent = false;
  }
}

/** Lends an engine for the time of a call; none for few dimensions. */
export type Lender = <T>(use: (engine: Engine | undefined) => T) => T;

/** Temporary engines, until they are collected; see {@link adoptCodes}. */
const temporaryEngines = new WeakMap<ShardexConfig, WeakRef<Engine>>();

/** Looks from which on a temporary engine pays. */
const MANY = 64;

/**
 * A lender for `looks` looks, each of which scans all rows.
 *
 * It lends the engine of the lineage, whose codes later looks and searches use again. Many looks while nothing is cached,
 * as when an index is built, get a temporary engine: the index may never be searched, and the memory of kernels does not
 * shrink.
 */
export function lenderFor(config: ShardexConfig, looks: number): Lender {
  const own = engines.get(config);
  if (config.dimensions < LEAST_DIMENSIONS || looks < MANY || (own !== undefined && own.slots.byteLength > 0))
    return (use) => usingEngine(config, use);
  const temporary = newEngine(config, createKernels(own && { simd: own.kernels.simd }));
  if (own !== undefined) temporary.slots.most = own.slots.most;
  temporaryEngines.set(config, new WeakRef(temporary));
  return (use) => use(temporary);
}

/** The engine of a lineage, made on first use. */
export function lineageEngine(config: ShardexConfig): Engine {
  adoptCodes(config);
  let engine = engines.get(config);
  if (engine === undefined) engines.set(config, (engine = newEngine(config, createKernels())));
  return engine;
}

/**
 * Makes a temporary engine the lineage's own, unless it was collected or the lineage has one.
 *
 * An index that was just built is often searched next; it would have to make all codes again.
 */
export function adoptCodes(config: ShardexConfig): void {
  if (engines.has(config)) return;
  const temporary = temporaryEngines.get(config)?.deref();
  if (temporary !== undefined) engines.set(config, temporary);
}

/** The engine of a lineage, if one was made. */
export function knownEngine(config: ShardexConfig): Engine | undefined {
  return engines.get(config);
}

/** Gives a lineage a new engine with given kernels; for tests. */
export function installEngine(config: ShardexConfig, kernels: Kernels): Engine {
  const engine = newEngine(config, kernels);
  engines.set(config, engine);
  return engine;
}

function newEngine(config: ShardexConfig, kernels: Kernels): Engine {
  const byDot = config.metric === 'dot';
  const coarse = codeShape(config.dimensions, COARSE, byDot ? PLAIN : LEAN);
  const fine = codeShape(config.dimensions, FINE, byDot ? PLAIN : BIASED);
  const rough = roughLayout(coarse.padded);
  const vector = 4 * fine.padded;
  let next = kernels.base;
  const allocate = (bytes: number): number =>
    (next += Math.ceil(bytes / 64) * 64) - Math.ceil(bytes / 64) * 64;
  const at: Scratch = {
    signs: allocate(ROUNDS * vector),
    query: allocate(vector),
    rotatedQuery: allocate(vector),
    centre: allocate(vector),
    rotatedCentre: allocate(vector),
    rows: allocate(STAGE * vector),
    probe: allocate(2 * vector),
    shortProbe: allocate(vector),
    rowAddresses: allocate(4 * STAGE),
    measured: allocate(8 * STAGE),
    chunk: allocate(chunkBytes(rough, coarse.padded, STAGE)),
    chunks: allocate((4 * CANDIDATES) / STAGE),
    chunkFloats: allocate((4 * CANDIDATES) / STAGE),
    integers: allocate(vector / 2),
    residuals: allocate(STAGE * vector),
    products: allocate(4 * CANDIDATES),
    bins: allocate(4 * (BINS + 1)),
    tables: allocate(coarse.tableBytes),
    shardTables: allocate(fine.tableBytes),
    line: allocate(12),
    pieces: allocate(4 * PIECE_WORDS * PIECES),
    dead: allocate(DEAD_BYTES * PIECES),
    codes: allocate(vector + codeBytes(fine, PIECE)),
    candidates: allocate(8 * CANDIDATES),
  };
  if (!kernels.reserve(next)) {
    throw new ResourceExhaustedError(
      `A search needs ${next} bytes of scratch memory, and there are none.`,
      next,
    );
  }
  kernels.f32.set(rotationSigns(fine.padded, config.seed), at.signs / 4);
  // It grows by an eighth at a time, as each step may copy the whole memory.
  const grow = (byteLength: number): boolean =>
    byteLength <= kernels.byteLength ||
    kernels.reserve(Math.ceil((byteLength * 9) / 8)) ||
    kernels.reserve(byteLength);
  return {
    kernels,
    coarse,
    fine,
    rough,
    at,
    out: new Float64Array(STAGE),
    query: new Float64Array(config.dimensions),
    placed: { query: undefined, isRotated: false },
    lent: false,
    encoded: 0,
    around: config.metric === 'euclidean',
    byDot,
    unit: config.metric === 'cosine' ? 1 : 0,
    slots: new Slots(new Arena(next, grow), DEFAULT_BUDGET),
    directories: new LastDirectory(),
  };
}
