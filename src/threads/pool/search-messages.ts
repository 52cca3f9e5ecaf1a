import type { VersionName } from '../../delta/delta.js';
import type { SearchOptions } from '../../search/options.js';
import type { SearchResult } from '../../search/search.js';
import type { PackedError } from '../port/packed-error.js';
import type { PackedResults } from './packed-results.js';
import type { PartNumber } from './part.js';

/** The conversation between a pool and one of its threads; there is one on each port. */
export const SEARCHES = 'searches';

/** What a thread is asked. */
export type ToSearcher =
  | {
      readonly kind: 'start';
      readonly name: string;
      /** In shared memory, the numbers of searches that are given up, each in its slot. */
      readonly givenUp: Int32Array | undefined;
    }
  | ({ readonly kind: 'search'; readonly id: number } & SearchRequest);

/** What one thread of a pool is to search for. */
export interface SearchRequest {
  readonly queries: readonly Float32Array[];
  readonly options: SearchOptions;
  /** The number of the version that must have arrived before the search runs. */
  readonly atLeast: number;
  /** The part of the shards to search; all if missing. */
  readonly part: PartNumber | undefined;
}

/** The answers to all queries of a search, of one version. */
export interface Answers {
  readonly index: VersionName;
  readonly results: readonly SearchResult[][];
}

/** The same on its way. */
export interface PackedAnswers {
  readonly index: VersionName;
  readonly results: PackedResults;
}

/** What it answers. */
export type FromSearcher =
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly id: number; readonly found: PackedAnswers }
  /** It was given up before it was begun. */
  | { readonly kind: 'skipped'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError };

/** The slot of a search among those that are given up: more than a thread has at once. */
export function slotOf(id: number, givenUp: Int32Array): number {
  return id % givenUp.length;
}
