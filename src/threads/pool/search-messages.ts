/*
 * The protocol between a search pool and its threads, beside that of the replicas: `start`, then searches and their
 * answers.
 */

import type { VersionId } from '../../delta/delta.js';
import type { SearchOptions } from '../../search/options.js';
import type { SearchResult } from '../../search/search.js';
import type { PackedError } from '../port/packed-error.js';
import type { PackedResults } from './packed-results.js';
import type { PartNumber } from './part.js';

/** Channel of the pool; there is one pool on each port. */
export const SEARCHES = 'searches';

/** Messages to a thread. */
export type ToSearcher =
  | {
      readonly kind: 'start';
      readonly name: string;
      /** In shared memory: the numbers of cancelled searches, each in its slot. */
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

/** Answers to all queries of a request, from one version. */
export interface Answers {
  readonly index: VersionId;
  readonly results: readonly SearchResult[][];
}

/** Packed answers. */
export interface PackedAnswers {
  readonly index: VersionId;
  readonly results: PackedResults;
}

/** Messages from a thread. */
export type FromSearcher =
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly id: number; readonly found: PackedAnswers }
  /** It was cancelled before it began. */
  | { readonly kind: 'skipped'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError };

/** Returns the slot of a search among the cancelled ones; there are more slots than searches in a thread. */
export function slotOf(id: number, givenUp: Int32Array): number {
  return id % givenUp.length;
}
