// The options of a search: their public type, and their checks.
import { type SlopFactor, isSlopFactor, assertFunction, isWhole, show } from '../config.js';
import { refusePromise } from '../checks/callbacks.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import type { Filter } from '../documents/filter/filter.js';
import { type ParsedFilter, parseFilter } from '../documents/filter/parse.js';
import type { FrozenMetadata, Metadata } from '../documents/record.js';
import { takeOptions } from '../checks/given.js';

/** How {@link search} searches. Only `k` is required. */
export interface SearchOptions<M extends object = Metadata> {
  /** How many results at most, 1 to 10,000; with `maxDistance` or `minScore` any number, also `Infinity`. */
  readonly k: number;
  /**
   * How many results to skip, for further pages of `k`. Default 0.
   *
   * `k` and `offset` together are at most 10,000, unless there is a limit of distance. Pages of one size of one version never
   * overlap, even where a search by recall misses something. A page costs up to twice as much as a search for `offset + k`.
   */
  readonly offset?: number;
  /**
   * The greatest distance of a result; see {@link Metric}: by cosine 1 − cos, by dot product −dot.
   *
   * With `slopFactor: 'all'` or a recall of 1, all within it are found, up to `k`. With another recall that share of them, on
   * average; with a number of shards, those in these shards. Not together with `minScore`.
   */
  readonly maxDistance?: number;
  /**
   * The least score of a result, 0 to 1: as `maxDistance`, with the distance that has this score.
   *
   * Large dot products all have a score of 1; `maxDistance` tells them apart.
   */
  readonly minScore?: number;
  /**
   * How many of the nearest shards to scan (nprobe). `'all'` is exact; `'auto'` means `recall: 0.95`.
   *
   * Default: that of the index, `'auto'` unless it was created with another one. Not together with `recall`.
   */
  readonly slopFactor?: SlopFactor;
  /**
   * Which share of the true k nearest postings to find on average, above 0 to 1; 1 is exact.
   *
   * The index keeps a sample of its postings, from which it knows how many shards that takes: fewer for easy queries. It
   * holds for queries that are like the postings; see the guide "Recall on your own data".
   */
  readonly recall?: number;
  /**
   * Which documents may be found, by metadata and id, in MongoDB's query language.
   *
   * There are `min(k, matches)` results, and `recall` is that of the nearest that pass. It is a value, so it can be sent to
   * threads; see the guide "Filters".
   */
  readonly where?: Filter<M>;
  /**
   * Which postings may be found, by a function of the posting and the metadata of its document.
   *
   * There are `min(k, matches)` results, however many shards that takes. It is called for rows that could be among the best;
   * its answer must not depend on which rows those are, or on their order. An async one is refused with an
   * {@link AsyncRecipeError}. (A method, so that options for any metadata fit an index whose type is not known.)
   */
  filter?(posting: PostingKey, metadata: FrozenMetadata<M> | undefined): boolean;
  /** `'document'` gives the best posting of each document only, of `min(k, documents)` documents. Default `'posting'`. */
  readonly distinct?: 'posting' | 'document';
  /** Adds a copy of each result's vector. Default `false`. */
  readonly includeVector?: boolean;
}

const OPTIONS = [
  'k',
  'offset',
  'maxDistance',
  'minScore',
  'slopFactor',
  'recall',
  'where',
  'filter',
  'distinct',
  'includeVector',
] as const;

/** Results at most, unless there is a limit of distance. */
export const MOST_RESULTS = 10_000;

/** A filter function, as a search calls it. */
export type PostingFilter = (posting: PostingKey, metadata: Metadata | undefined) => boolean;

/** Options that were checked. */
export interface CheckedOptions extends Omit<SearchOptions, 'where' | 'filter'> {
  readonly where?: ParsedFilter;
  readonly filter?: PostingFilter;
}

/**
 * Copies and checks the options of a search.
 *
 * @throws {@link InvalidOptionError}, {@link InvalidFilterError}
 */
export function takeSearchOptions<M extends object>(options: SearchOptions<M>): CheckedOptions {
  const taken = takeOptions(options, OPTIONS);
  const { slopFactor, recall, distinct, includeVector }: Partial<Record<keyof SearchOptions, unknown>> =
    taken;
  assertExtent(taken);
  if (slopFactor !== undefined && !isSlopFactor(slopFactor)) {
    refuse('slopFactor', "an integer of at least 1, 'all' or 'auto'", slopFactor);
  }
  if (recall !== undefined && !(typeof recall === 'number' && recall > 0 && recall <= 1)) {
    refuse('recall', 'a number above 0 and at most 1', recall);
  }
  if (recall !== undefined && slopFactor !== undefined) {
    throw new InvalidOptionError(
      'recall',
      'Both recall and slopFactor say how far to look; pass one of them.',
    );
  }
  if (distinct !== undefined && distinct !== 'posting' && distinct !== 'document') {
    refuse('distinct', "'posting' or 'document'", distinct);
  }
  if (includeVector !== undefined && typeof includeVector !== 'boolean') {
    refuse('includeVector', 'true or false', includeVector);
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called without its object, as any callback
  const { where, filter, ...rest } = taken;
  assertFunction('filter', filter);
  if (where === undefined && filter === undefined) return rest;
  return {
    ...rest,
    ...(where !== undefined && { where: parseFilter(where) }),
    ...(filter !== undefined && { filter: answering(filter as PostingFilter) }),
  };
}

function refuse(option: string, must: string, value: unknown): never {
  throw new InvalidOptionError(option, `${option} must be ${must}, not ${show(value)}.`);
}

/** Checks how many results are wanted, from which one on, and how far they may be. */
function assertExtent(taken: Omit<SearchOptions, 'where' | 'filter'>): void {
  const { k, offset, maxDistance, minScore }: Partial<Record<keyof SearchOptions, unknown>> = taken;
  if (maxDistance !== undefined && !Number.isFinite(maxDistance))
    refuse('maxDistance', 'a finite number', maxDistance);
  if (minScore !== undefined && !(typeof minScore === 'number' && minScore >= 0 && minScore <= 1))
    refuse('minScore', 'a number from 0 to 1', minScore);
  if (maxDistance !== undefined && minScore !== undefined) {
    throw new InvalidOptionError(
      'minScore',
      'Both minScore and maxDistance say how far results may be; pass one of them.',
    );
  }
  const isLimited = maxDistance !== undefined || minScore !== undefined;
  if (k !== Infinity && !isWhole(k, 1, Number.MAX_SAFE_INTEGER)) refuse('k', 'an integer from 1 on', k);
  if (offset !== undefined && !isWhole(offset, 0, Number.MAX_SAFE_INTEGER))
    refuse('offset', 'an integer from 0 on', offset);
  if (isLimited) return;
  const advice = ' More take a limit, maxDistance or minScore.';
  if (k > MOST_RESULTS) {
    throw new InvalidOptionError('k', `k must be an integer from 1 to 10,000, not ${show(k)}.${advice}`);
  }
  if (k + (offset ?? 0) > MOST_RESULTS) {
    throw new InvalidOptionError(
      'offset',
      `offset and k must be 10,000 together at most, not ${show(offset)} and ${show(k)}.${advice}`,
    );
  }
}

/** Wraps a filter so that it refuses promises: a promise is truthy, so all would pass. */
function answering(filter: (...given: Parameters<PostingFilter>) => unknown): PostingFilter {
  return (posting, metadata) => {
    const passes = filter(posting, metadata);
    if (typeof passes === 'boolean') return passes;
    refusePromise(
      passes,
      'The filter is async, so its answers would come too late. Find out beforehand what may pass, as a Set of ids, and look there.',
    );
    return Boolean(passes);
  };
}
