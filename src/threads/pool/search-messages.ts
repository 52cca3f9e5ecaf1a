import type { VersionName } from '../../delta/delta.js';
import type { SearchOptions } from '../../search/options.js';
import type { SearchResult } from '../../search/search.js';
import type { PackedError } from '../port/packed-error.js';
import type { PackedResults } from './packed-results.js';
import type { PartOf } from './part.js';

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
  | {
      readonly kind: 'search';
      readonly id: number;
      readonly queries: readonly Float32Array[];
      readonly options: SearchOptions;
      readonly atLeast: number;
      readonly part: PartOf | undefined;
    };

/** The answers to all queries of a search, of one version. */
export interface Found {
  readonly index: VersionName;
  readonly results: readonly SearchResult[][];
}

/** The same on its way. */
export interface PackedFound {
  readonly index: VersionName;
  readonly results: PackedResults;
}

/** What it answers. */
export type FromSearcher =
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly id: number; readonly found: PackedFound }
  /** It was given up before it was begun. */
  | { readonly kind: 'skipped'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError };

/** The slot of a search among those that are given up: more than a thread has at once. */
export function slotOf(id: number, givenUp: Int32Array): number {
  return id % givenUp.length;
}
