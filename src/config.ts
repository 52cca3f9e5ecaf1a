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

/** How many of the nearest shards a search scans (nprobe): a count, `'all'` (exact), or `'auto'` (a recall of 0.95). */
export type SlopFactor = number | 'all' | 'auto';

/** Options of {@link createIndex}. Only `dimensions` is required. */
export interface ShardexOptions<M extends object = Metadata> {
  /** Components per vector, 1 to 10,000. */
  readonly dimensions: number;
  /** Default `'cosine'`. */
  readonly metric?: Metric;
  /**
   * Live postings that a shard may hold before it splits, 8 to 1,000,000. Default 768, or 512 above 256 dimensions.
   *
   * Larger shards mean fewer centroids to rank, but more rows to scan. At 100 dimensions shards of 768 are about 7 % faster
   * than shards of 512, at the same recall; at 768 dimensions they are up to 7 % slower.
   */
  readonly shardCapacity?: number;
  /**
   * How many of the nearest shards a search without a `slopFactor` scans. Default `'auto'`: as `recall: 0.95`.
   *
   * The number for a fixed recall grows with about the square root of the number of shards. A constant is too many for a
   * small index, or too few for a large one. The benchmarks in `docs/benchmarks/` have the measured recall.
   */
  readonly slopFactor?: SlopFactor;
  /**
   * How many neighbouring shards a split compares for postings that now belong elsewhere, 0 to 100,000. Default 64.
   *
   * `'strict'` compares all of them, which keeps every posting in its nearest shard, at O(postings) for each split. With a
   * number, comparisons that would take long are spread over the next commits.
   */
  readonly reassign?: number | 'strict';
  /** Seeds the sampling of large splits, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number;
  /**
   * Paths in the metadata to index, such as `'year'` or `'author.name'`. At most 64; default none.
   *
   * Every version has an index of each path, so that filters by it need not test every document.
   */
  readonly indexed?: readonly MetadataPath<M>[];
}

/** The complete, frozen configuration of an index. */
export type ShardexConfig = Readonly<Required<ShardexOptions>>;

const METRICS: readonly Metric[] = ['cosine', 'euclidean', 'dot'];

/** The metrics, for error messages. */
export const METRIC_NAMES = "'cosine', 'euclidean' or 'dot'";

/** Whether a value is a {@link Metric}. */
export function isMetric(value: unknown): value is Metric {
  return METRICS.includes(value as Metric);
}

/** Whether a value is a whole number in [least, most]. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/**
 * Checks an optional function. Generator functions are refused, as their body would not run.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined) requireFunction(name, value);
}

/**
 * Checks a required function.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireFunction(name: string, value: unknown, like = ''): void {
  const shown = show(value);
  if (typeof value === 'function' && !shown.endsWith('generator function')) return;
  throw new InvalidOptionError(name, `${name} must be a function${like}, not ${shown}.`);
}

/**
 * Checks that an option is a whole number in [least, most].
 *
 * @throws {@link InvalidOptionError}
 */
export function requireWhole(name: string, value: unknown, least: number, most: number): void {
  if (isWhole(value, least, most)) return;
  const [from, to] = [least, most].map((bound) => String(bound).replace(/\B(?=(\d{3})+$)/g, ','));
  throw new InvalidOptionError(name, `${name} must be an integer from ${from} to ${to}, not ${show(value)}.`);
}

/**
 * Checks that an option is the number of a version.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireVersion(name: string, value: unknown): void {
  if (isWhole(value, 0, Number.MAX_SAFE_INTEGER)) return;
  throw new InvalidOptionError(name, `${name} must be the number of a version, not ${show(value)}.`);
}

/**
 * Checks that an option is true or false.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireFlag(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new InvalidOptionError(name, `${name} must be true or false, not ${show(value)}.`);
}

/**
 * Checks that an option is a non-empty string.
 *
 * @throws {@link InvalidOptionError}
 */
export function requireName(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new InvalidOptionError(name, `${name} must be a non-empty string, not ${show(value)}.`);
}

/**
 * Checks an optional AbortSignal.
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

/** Whether a value has the methods of a signal, as signals of other realms and hand-written ones have. */
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

/** Whether a value is a {@link SlopFactor}. */
export function isSlopFactor(value: unknown): value is SlopFactor {
  return value === 'all' || value === 'auto' || isWhole(value, 1, Number.MAX_SAFE_INTEGER);
}

const RULES: {
  readonly [K in keyof ShardexConfig]: {
    /** The default, or a function of the dimensions that returns it. */
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
 * A configuration as a text, which is equal for equal configurations only.
 *
 * Options that were introduced later are left out if they have their default, so that fingerprints, which begin with this
 * text, stay the same.
 */
export function configText(config: ShardexConfig): string {
  return JSON.stringify(config, (name, value: unknown) =>
    name === 'indexed' && config.indexed.length === 0 ? undefined : value,
  );
}

/** A copy of an option: an array could be changed later, or between two reads. */
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
