// The engine of a lineage: kernels, cache and scratch memory that its searches share in a thread. It never decides
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
 * Bits a dimension where an estimate is enough. Measured on word vectors for a recall of 0.95: of the rows that are
 * estimated, one in 180 has to be measured; with one bit it is one in 26, which takes three times as long, and four take
 * twice the memory to be as fast.
 */
const COARSE = 2;

/** Bits a dimension where bounds must hold always: with four, one row in a hundred has to be measured, with two half. */
const FINE = 4;

/** Candidates that may wait to be measured. */
export const CANDIDATES = 65_536;

/** Pieces of codes that are scanned in one go at most. */
export const PIECES = 64;

/** Bins that values of centroids are counted in. */
export const BINS = 256;

/** Bytes that the bitmap of a piece's dead rows has room in. */
export const DEAD_BYTES = PIECE / 8;

/** Bytes that codes and centroids may take up, unless somebody says otherwise. */
const DEFAULT_BUDGET = 256 * 2 ** 20;

/** What a lineage's searches share in a thread: the kernels, and memory for codes. It never decides a result (I1). */
export interface Engine {
  readonly kernels: Kernels;
  /** Of the codes that estimates are made of, and of those that bounds are proven by. */
  readonly coarse: CodeShape;
  readonly fine: CodeShape;
  /** How chunks of centroids lie in memory. */
  readonly rough: RoughLayout;
  readonly slots: Slots;
  readonly directories: LastDirectory;
  /** Whether a search is using it. */
  lent: boolean;
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
  /** 1 where rows are made of unit length: half the square of the chord between such is 1 − cos. */
  readonly unit: 0 | 1;
  /** Addresses of scratch memory. */
  readonly at: Scratch;
}

interface Scratch {
  /** The signs of the rotation. */
  readonly signs: number;
  /** The query as it is measured: of unit length for the cosine metric; padded. */
  readonly query: number;
  readonly rotatedQuery: number;
  /** A centroid, and the same rotated. */
  readonly centre: number;
  readonly rotatedCentre: number;
  /** Rows on their way to codes, or to be measured. */
  readonly rows: number;
  /** The query in 64-bit and in 32-bit floats, where rows are that are to be measured, and what they measure. */
  readonly probe: number;
  readonly shortProbe: number;
  readonly rowAddresses: number;
  readonly measured: number;
  /** A chunk of centroids that the budget has no room for. */
  readonly chunk: number;
  /** Where chunks are, by their indexes in the table, and where their centroids are. */
  readonly chunks: number;
  readonly chunkFloats: number;
  /** The query in 16-bit numbers. */
  readonly integers: number;
  readonly residuals: number;
  /** Products: of the query with all centroids. */
  readonly products: number;
  readonly bins: number;
  /** The tables of the query, and those for the shard that is being looked at. */
  readonly tables: number;
  readonly shardTables: number;
  /** The offset and step of the tables, and a product. */
  readonly line: number;
  /** Pieces that are to be scanned, and the dead rows of each. */
  readonly pieces: number;
  readonly dead: number;
  /** Codes of a piece that is not cached, behind the rotated centroid. */
  readonly codes: number;
  readonly candidates: number;
}

/** The engines by the lineage's configuration, which all of its versions share. */
const engines = new WeakMap<ShardexConfig, Engine>();

/** Rows of fewer dimensions than this are measured about as fast as estimated. */
const LEAST_DIMENSIONS = 16;

/**
 * Lends the engine of a lineage, made on first use; none for few dimensions. What is called while it is lent, such as a
 * filter that searches, gets another one: memory for scratch is not shared.
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

/** What many looks at once have made for themselves, until it is collected; see {@link adoptCodes}. */
const passingEngines = new WeakMap<ShardexConfig, WeakRef<Engine>>();

/** Looks at all rows from which on codes pay that are used for nothing else. */
const MANY = 64;

/**
 * What lends an engine for looking at all rows so many times. The lineage's own, whose codes the next look or search
 * will want again. Only for many looks at once where no codes are kept yet, as when an index is built, it is one that is let go
 * with all that it has made: nobody may ever search that index, and a memory of kernels does not shrink.
 */
export function lenderFor(config: ShardexConfig, looks: number): Lender {
  const own = engines.get(config);
  if (config.dimensions < LEAST_DIMENSIONS || looks < MANY || (own !== undefined && own.slots.byteLength > 0))
    return (use) => usingEngine(config, use);
  const passing = newEngine(config, createKernels(own && { simd: own.kernels.simd }));
  if (own !== undefined) passing.slots.most = own.slots.most;
  passingEngines.set(config, new WeakRef(passing));
  return (use) => use(passing);
}

/** The engine of a lineage, made on first use. */
export function lineageEngine(config: ShardexConfig): Engine {
  adoptCodes(config);
  let engine = engines.get(config);
  if (engine === undefined) engines.set(config, (engine = newEngine(config, createKernels())));
  return engine;
}

/**
 * Takes over what was to be let go, if it is still there and the lineage has nothing of its own: an index that is built and
 * then searched or written to would have to make it again, all of it at once.
 */
export function adoptCodes(config: ShardexConfig): void {
  if (engines.has(config)) return;
  const passing = passingEngines.get(config)?.deref();
  if (passing !== undefined) engines.set(config, passing);
}

/** The engine of a lineage, where one was made. */
export function knownEngine(config: ShardexConfig): Engine | undefined {
  return engines.get(config);
}

/** Gives a lineage a new engine with these kernels. */
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
  const room = (bytes: number): number => (next += Math.ceil(bytes / 64) * 64) - Math.ceil(bytes / 64) * 64;
  const at: Scratch = {
    signs: room(ROUNDS * vector),
    query: room(vector),
    rotatedQuery: room(vector),
    centre: room(vector),
    rotatedCentre: room(vector),
    rows: room(STAGE * vector),
    probe: room(2 * vector),
    shortProbe: room(vector),
    rowAddresses: room(4 * STAGE),
    measured: room(8 * STAGE),
    chunk: room(chunkBytes(rough, coarse.padded, STAGE)),
    chunks: room((4 * CANDIDATES) / STAGE),
    chunkFloats: room((4 * CANDIDATES) / STAGE),
    integers: room(vector / 2),
    residuals: room(STAGE * vector),
    products: room(4 * CANDIDATES),
    bins: room(4 * (BINS + 1)),
    tables: room(coarse.tableBytes),
    shardTables: room(fine.tableBytes),
    line: room(12),
    pieces: room(4 * PIECE_WORDS * PIECES),
    dead: room(DEAD_BYTES * PIECES),
    codes: room(vector + codeBytes(fine, PIECE)),
    candidates: room(8 * CANDIDATES),
  };
  if (!kernels.reserve(next)) {
    throw new ResourceExhaustedError(
      `A search needs ${next} bytes of scratch memory, and there are none.`,
      next,
    );
  }
  kernels.f32.set(rotationSigns(fine.padded, config.seed), at.signs / 4);
  // Grown by an eighth at a time: each step may copy what is there.
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
    lent: false,
    around: config.metric === 'euclidean',
    byDot,
    unit: config.metric === 'cosine' ? 1 : 0,
    slots: new Slots(new Arena(next, grow), DEFAULT_BUDGET),
    directories: new LastDirectory(),
  };
}
