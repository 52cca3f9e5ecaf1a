import { type SlopFactor, isSlopFactor, assertOptions, isWhole, show } from '../config.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';

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
   * that takes by the index's own calibration, fewer for easy queries. For queries that are like the postings; see
   * `docs/pitfalls.md`. 1 is exact.
   */
  readonly recall?: number;
  /**
   * Which postings count. With it come `min(k, matches)` results, however far the search has to go for them. It is
   * called for rows that could be among the best, and must not depend on which those are or on their order.
   */
  readonly filter?: (posting: PostingKey) => boolean;
  /** `'document'` gives the best posting of each document only, of `min(k, documents)` documents. Default `'posting'`. */
  readonly distinct?: 'posting' | 'document';
  /** Adds a copy of each result's vector. Default `false`. */
  readonly includeVector?: boolean;
}

const OPTIONS = ['k', 'slopFactor', 'recall', 'filter', 'distinct', 'includeVector'];

/**
 * Refuses options that cannot be used.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertSearchOptions(options: SearchOptions): void {
  assertOptions(options, OPTIONS);
  const {
    k,
    slopFactor,
    recall,
    filter,
    distinct,
    includeVector,
  }: Partial<Record<keyof SearchOptions, unknown>> = options;
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
  if (filter !== undefined && typeof filter !== 'function') refuse('filter', 'a function', filter);
  if (distinct !== undefined && distinct !== 'posting' && distinct !== 'document') {
    refuse('distinct', "'posting' or 'document'", distinct);
  }
  if (includeVector !== undefined && typeof includeVector !== 'boolean') {
    refuse('includeVector', 'true or false', includeVector);
  }
}
