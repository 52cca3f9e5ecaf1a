// Options of a search, read and checked in one place.
import { type SlopFactor, isSlopFactor, assertFunction, isWhole, show } from '../config.js';
import { refusePromise } from '../checks/callbacks.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { takeOptions } from '../checks/given.js';

/** How {@link search} searches. Only `k` is required. */
export interface SearchOptions {
  /** How many results at most, 1 to 10,000. */
  readonly k: number;
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
   * Which postings count. With it come `min(k, matches)` results, however far the search has to go for them. It is
   * called for rows that could be among the best, and must not depend on which those are or on their order. An async one is
   * refused with an {@link AsyncRecipeError}.
   */
  readonly filter?: (posting: PostingKey) => boolean;
  /** `'document'` gives the best posting of each document only, of `min(k, documents)` documents. Default `'posting'`. */
  readonly distinct?: 'posting' | 'document';
  /** Adds a copy of each result's vector. Default `false`. */
  readonly includeVector?: boolean;
}

const OPTIONS = ['k', 'slopFactor', 'recall', 'filter', 'distinct', 'includeVector'] as const;

/**
 * A copy of the options of a search, checked.
 *
 * @throws {@link InvalidOptionError}
 */
export function takeSearchOptions(options: SearchOptions): SearchOptions {
  const taken = takeOptions(options, OPTIONS);
  const { k, slopFactor, recall, distinct, includeVector }: Partial<Record<keyof SearchOptions, unknown>> =
    taken;
  const refuse = (option: string, must: string, value: unknown): never => {
    throw new InvalidOptionError(option, `${option} must be ${must}, not ${show(value)}.`);
  };
  if (!isWhole(k, 1, 10_000)) refuse('k', 'an integer from 1 to 10,000', k);
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
  const { filter } = taken;
  assertFunction('filter', filter);
  return filter === undefined ? taken : { ...taken, filter: answering(filter) };
}

/** The same filter, which refuses to answer later: a promise is true, so it would let everything pass. */
function answering(filter: (posting: PostingKey) => unknown): (posting: PostingKey) => boolean {
  return (posting) => {
    const passes = filter(posting);
    if (typeof passes === 'boolean') return passes;
    refusePromise(
      passes,
      'The filter is async, so its answers would come too late. Find out beforehand what may pass, as a Set of ids, and look there.',
    );
    return Boolean(passes);
  };
}
