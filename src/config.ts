// The options of an index, their defaults and checks, and the checks that other options share.
import { ConfigError, InvalidOptionError } from './errors.js';
import { because, isArray, takeFields, thrownText } from './checks/given.js';
import { show } from './checks/show.js';
import type { Metadata, MetadataPath } from './documents/record.js';

export { show };

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
export interface ShardexOptions<M extends object = Metadata> {
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
   * How many a fixed recall takes grows with about the square root of the number of shards: a constant would be wasteful
   * for a small index and blind in a large one. The benchmarks in `docs/benchmarks/` have the measured recall.
   */
  readonly slopFactor?: SlopFactor;
  /**
   * How far a split looks for postings that now belong elsewhere: the number of nearest shards (0 to 100,000), or
   * `'strict'` for all of them, which keeps every posting in its nearest shard at O(postings) per split. Default 64. What a
   * number takes long for is spread over the next commits.
   */
  readonly reassign?: number | 'strict';
  /** Seeds the sampling of large splits, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number;
  /**
   * Paths in the metadata of documents, such as `'year'` or `'author.name'`, that an index is kept of in every version, so
   * that filters by them need not look at each document. At most 64; default none.
   */
  readonly indexed?: readonly MetadataPath<M>[];
}

/** The complete, frozen configuration of an index. */
export type ShardexConfig = Readonly<Required<ShardexOptions>>;

const METRICS: readonly Metric[] = ['cosine', 'euclidean', 'dot'];

/** What a metric has to be, in words. */
export const METRIC_NAMES = "'cosine', 'euclidean' or 'dot'";

/** True for every value that {@link Metric} allows. */
export function isMetric(value: unknown): value is Metric {
  return METRICS.includes(value as Metric);
}

/** True for a whole number in [least, most]. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/**
 * Refuses what is given as a function and is none; leaving it out is allowed. The body of a generator function would not run.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined) requireFunction(name, value);
}

/**
 * The same where it may not be left out.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireFunction(name: string, value: unknown, like = ''): void {
  const shown = show(value);
  if (typeof value === 'function' && !shown.endsWith('generator function')) return;
  throw new InvalidOptionError(name, `${name} must be a function${like}, not ${shown}.`);
}

/**
 * Refuses an option that is not a whole number in [least, most].
 *
 * @throws {@link InvalidOptionError}
 */
export function requireWhole(name: string, value: unknown, least: number, most: number): void {
  if (isWhole(value, least, most)) return;
  const [from, to] = [least, most].map((bound) => String(bound).replace(/\B(?=(\d{3})+$)/g, ','));
  throw new InvalidOptionError(name, `${name} must be an integer from ${from} to ${to}, not ${show(value)}.`);
}

/**
 * Refuses an option that is not the number of a version.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireVersion(name: string, value: unknown): void {
  if (isWhole(value, 0, Number.MAX_SAFE_INTEGER)) return;
  throw new InvalidOptionError(name, `${name} must be the number of a version, not ${show(value)}.`);
}

/**
 * Refuses an option that is neither true nor false.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireFlag(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new InvalidOptionError(name, `${name} must be true or false, not ${show(value)}.`);
}

/**
 * Refuses an option that is not a non-empty string.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireName(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new InvalidOptionError(name, `${name} must be a non-empty string, not ${show(value)}.`);
}

/**
 * Refuses what is given as an AbortSignal and is none; leaving it out is allowed.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || isSignal(signal)) return;
  throw new InvalidOptionError(
    'signal',
    `signal must be an AbortSignal, as AbortSignal.timeout() and new AbortController().signal are, not ${show(signal)}.`,
  );
}

/** By what it can do, since there are signals of other realms, and ones that were written by hand. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { aborted, addEventListener, removeEventListener, throwIfAborted } = value as Partial<AbortSignal>;
    const methods = [addEventListener, removeEventListener, throwIfAborted];
    return typeof aborted === 'boolean' && methods.every((method) => typeof method === 'function');
  } catch {
    return false;
  }
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
  metric: { default: 'cosine', ok: isMetric, must: METRIC_NAMES },
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
  indexed: {
    default: Object.freeze([]),
    ok: (v) => Array.isArray(v) && v.length <= MOST_INDEXED && v.every(isPath),
    must: "an array of at most 64 paths, each of which names fields with dots between them, such as ['year', 'author.name']",
  },
};

const MOST_INDEXED = 64;

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value.split('.').every((name) => name !== '');
}

/** A frozen copy, in which each path is once. */
function takePaths(paths: readonly string[]): readonly string[] {
  const twice = paths.find((path, i) => paths.indexOf(path) < i);
  if (twice !== undefined)
    throw new ConfigError('indexed', `indexed names ${show(twice)} twice; once will do.`);
  return Object.freeze([...paths]);
}

/**
 * A configuration as a text that is the same for equal ones only. What an option says that came later is left out where it
 * has its default: fingerprints, which begin with this text, stay what they were.
 */
export function configText(config: ShardexConfig): string {
  return JSON.stringify(config, (name, value: unknown) =>
    name === 'indexed' && config.indexed.length === 0 ? undefined : value,
  );
}

/** An option as it is now: what is in an array could be changed later, or between two looks at it. */
function copyOf(name: string, value: unknown): unknown {
  if (!isArray(value)) return value;
  try {
    return Array.prototype.slice.call(value);
  } catch (error) {
    throw because(new ConfigError(name, `${name} could not be read: ${thrownText(error)}.`), error);
  }
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {@link ConfigError} for anything unknown, missing, of the wrong type or out of range.
 */
export function resolveConfig<M extends object = Metadata>(options: ShardexOptions<M>): ShardexConfig {
  const given: unknown = options;
  if (given === null || typeof given !== 'object') {
    throw new ConfigError(
      'config',
      `The configuration must be an object such as { dimensions: 384 }, not ${show(given)}.`,
    );
  }
  const names = Object.keys(RULES);
  const fields = takeFields(given as Record<string, unknown>, names, {
    unknown: (name) =>
      new ConfigError(name, `Unknown option ${show(name)}; the options are ${names.join(', ')}.`),
    unreadable: (thrown) => new ConfigError('config', `The configuration could not be read: ${thrown}.`),
  });
  const config: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(RULES)) {
    const standard: unknown =
      typeof rule.default === 'function' ? rule.default(config.dimensions as number) : rule.default;
    const { [name]: given = standard } = fields;
    const value = copyOf(name, given);
    if (!rule.ok(value)) throw new ConfigError(name, `${name} must be ${rule.must}, not ${show(value)}.`);
    config[name] = isArray(value) ? takePaths(value as readonly string[]) : value;
  }
  return Object.freeze(config) as unknown as ShardexConfig;
}
