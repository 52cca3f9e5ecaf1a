import { ConfigError, InvalidOptionError } from './errors.js';

/**
 * How near two vectors are.
 *
 * | metric | `distance`, smaller is nearer | `score` in [0, 1], higher is better |
 * | --- | --- | --- |
 * | `cosine` | 1 − cos | (cos + 1) / 2 |
 * | `euclidean` | L2 | 1 / (1 + L2) |
 * | `dot` | −(a · b) | 1 / (1 + e^(−a · b)) |
 *
 * A zero vector has cosine 0 with everything.
 */
export type Metric = 'cosine' | 'euclidean' | 'dot';

/**
 * How many of the nearest shards a search scans: a count, `'all'` (exact), or `'auto'`: as many as a recall of 0.95 takes,
 * by the index's own calibration.
 */
export type SlopFactor = number | 'all' | 'auto';

/** What {@link createIndex} is given. Only `dimensions` is required. */
export interface ShardexOptions {
  /** Components per vector, 1 to 10,000. */
  readonly dimensions: number;
  /** Default `'cosine'`. */
  readonly metric?: Metric;
  /**
   * Live postings a shard may hold before it splits, 8 to 1,000,000. Default 768, and 512 with more than 256 dimensions. A
   * search has something to do for each shard and something for each row that it looks at, which is more the longer rows are:
   * of 100 dimensions a search of shards of 768 takes about a fifteenth less time than one of shards of 512 at the same
   * recall, of 768 dimensions up to a fifteenth more.
   */
  readonly shardCapacity?: number;
  /**
   * How many nearest shards a search scans when it does not say. Default `'auto'`: as `recall: 0.95`.
   * The probes needed for a fixed recall grow with about the square root of the number of lists, so a constant would
   * be wasteful for a small index and blind in a large one; the benchmarks in `docs/benchmarks/` have the measured recall.
   */
  readonly slopFactor?: SlopFactor;
  /**
   * How far a split looks for postings that now belong elsewhere: the number of nearest shards (0 to 100,000), or
   * `'strict'` for all of them, which keeps every posting in its nearest shard at O(postings) per split. Default 64.
   */
  readonly reassign?: number | 'strict';
  /** Seeds the sampling of large splits, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number;
}

/** The complete, frozen configuration of an index. */
export type ShardexConfig = Readonly<Required<ShardexOptions>>;

const METRICS: readonly Metric[] = ['cosine', 'euclidean', 'dot'];

/** True for a whole number in [least, most]. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** Quotes any value for an error message, shortly and without ever throwing. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value === null || typeof value !== 'object')
    return typeof value === 'function' ? 'a function' : String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** The first own key of `options` that is not in `known`. */
export function unknownKey(options: object, known: readonly string[]): string | undefined {
  return Object.keys(options).find((key) => !known.includes(key));
}

/**
 * Refuses options that are not an object, or that have a key which is not known: a misspelt option must not be ignored.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertOptions(options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== 'object') {
    throw new InvalidOptionError('options', `The options must be an object, not ${show(options)}.`);
  }
  const stranger = unknownKey(options, known);
  if (stranger === undefined) return;
  throw new InvalidOptionError(
    stranger,
    `Unknown option ${show(stranger)}; the options are ${known.join(', ')}.`,
  );
}

/**
 * Refuses what is given as a function and is none; leaving it out is allowed.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidOptionError(name, `${name} must be a function, not ${show(value)}.`);
}

/**
 * Refuses what is given as an AbortSignal and is none; leaving it out is allowed.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || (typeof signal === 'object' && signal !== null && 'aborted' in signal)) return;
  throw new InvalidOptionError('signal', `signal must be an AbortSignal, not ${show(signal)}.`);
}

/** True for every value that {@link SlopFactor} allows. */
export function isSlopFactor(value: unknown): value is SlopFactor {
  return value === 'all' || value === 'auto' || isWhole(value, 1, Number.MAX_SAFE_INTEGER);
}

const RULES: {
  readonly [K in keyof ShardexConfig]: {
    /** What it is where it is not given; a function of the number of dimensions where it depends on that. */
    default?: ShardexConfig[K] | ((dimensions: number) => ShardexConfig[K]);
    ok: (v: unknown) => boolean;
    must: string;
  };
} = {
  dimensions: { ok: (v) => isWhole(v, 1, 10_000), must: 'an integer from 1 to 10,000' },
  metric: {
    default: 'cosine',
    ok: (v) => METRICS.includes(v as Metric),
    must: "'cosine', 'euclidean' or 'dot'",
  },
  shardCapacity: {
    default: (dimensions) => (dimensions > 256 ? 512 : 768),
    ok: (v) => isWhole(v, 8, 1_000_000),
    must: 'an integer from 8 to 1,000,000',
  },
  slopFactor: { default: 'auto', ok: isSlopFactor, must: "an integer of at least 1, 'all' or 'auto'" },
  reassign: {
    default: 64,
    ok: (v) => v === 'strict' || isWhole(v, 0, 100_000),
    must: "'strict' or an integer from 0 to 100,000",
  },
  seed: { default: 0, ok: (v) => isWhole(v, 0, 0xffff_ffff), must: 'an integer from 0 to 4,294,967,295' },
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws {@link ConfigError} for anything unknown, missing, of the wrong type or out of range.
 */
export function resolveConfig(options: ShardexOptions): ShardexConfig {
  const given: unknown = options;
  if (given === null || typeof given !== 'object') {
    throw new ConfigError(
      'config',
      `The configuration must be an object such as { dimensions: 384 }, not ${show(given)}.`,
    );
  }
  const stranger = unknownKey(given, Object.keys(RULES));
  if (stranger !== undefined) {
    throw new ConfigError(
      stranger,
      `Unknown option ${show(stranger)}; the options are ${Object.keys(RULES).join(', ')}.`,
    );
  }
  const config: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(RULES)) {
    const standard: unknown =
      typeof rule.default === 'function' ? rule.default(config.dimensions as number) : rule.default;
    const { [name]: value = standard } = given as Record<string, unknown>;
    if (!rule.ok(value)) throw new ConfigError(name, `${name} must be ${rule.must}, not ${show(value)}.`);
    config[name] = value;
  }
  return Object.freeze(config) as unknown as ShardexConfig;
}
