// Options of a search, read and checked in one place.
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
   * How many of the nearest to leave out, for the next page of `k`. Default 0; `k` and `offset` together are at most 10,000,
   * unless there is a limit. Pages of one size of one version have each result once: whatever a search of a page may have
   * missed by its recall, no later page has what an earlier one had. A page costs up to twice what a search with `k: offset +
   * k` does.
   */
  readonly offset?: number;
  /**
   * Only what is no farther than this; see {@link Metric} for distances: by cosine 1 − cos, by dot product the negative of
   * it. With a `slopFactor` of `'all'`, or a recall of 1, all that is within it, up to `k`. With a recall that share of it on
   * the average, up to `k`; with a number of shards what they have of it. Not together with `minScore`.
   */
  readonly maxDistance?: number;
  /**
   * Only what has at least this score, 0 to 1; as `maxDistance` with the distance that has it. Scores of large dot products
   * are all 1, which `maxDistance` tells apart.
   */
  readonly minScore?: number;
  /**
   * How many of the nearest shards to scan; default: the index's own, which is `'auto'` by default, and means
   * `recall: 0.95`. `'all'` is exact. Not together with `recall`.
   */
  readonly slopFactor?: SlopFactor;
  /**
   * Which share of the true k nearest postings to find on the average, above 0 to 1: as many shards are scanned as
   * that takes by the sample of postings that the index keeps, fewer for easy queries. For queries like the postings; see
   * the guide "Recall on your own data". 1 is exact.
   */
  readonly recall?: number;
  /**
   * Of which documents postings count, by their metadata and ids, in MongoDB's query language. With it come `min(k, matches)`
   * results, and `recall` is that of the nearest that pass. It is a value, so threads take it as well; see the guide "Filters".
   */
  readonly where?: Filter<M>;
  /**
   * Which postings count, by a function, which is also given the metadata of the posting's document. With it come
   * `min(k, matches)` results, however far the search has to go for them. It is called for rows that could be among the
   * best, and must not depend on which those are or on their order. An async one is refused with an {@link AsyncRecipeError}.
   * (A method, so that options for any metadata pass for an index of which nobody knows the type.)
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

/** Results at most, where no limit of distance says how many there may be. */
export const MOST_RESULTS = 10_000;

/** A filter of postings by a function, as a search calls it. */
export type PostingFilter = (posting: PostingKey, metadata: Metadata | undefined) => boolean;

/** Options that were checked. */
export interface CheckedOptions extends Omit<SearchOptions, 'where' | 'filter'> {
  readonly where?: ParsedFilter;
  readonly filter?: PostingFilter;
}

/**
 * A copy of the options of a search, checked.
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

/** The same filter, which refuses to answer later: a promise is true, so it would let everything pass. */
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
