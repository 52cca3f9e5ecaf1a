// The interface of a data set.
import type { Nearness } from './nearness.js';
import { type Matrix, rowsBetween } from './matrix.js';

/** Vectors to index and to search with, the same on every run. */
export interface DataSet {
  readonly title: string;
  readonly nearness: Nearness;
  readonly vectors: Matrix;
  readonly queries: Matrix;
  /** Others like them, to be added to a full index. */
  readonly more: Matrix;
  /** What each of the vectors is about, as a number, where that is known. */
  readonly topics?: Uint16Array;
}

/** How many vectors of a data set are wanted; one that has fewer gives what it has. */
export interface Wanted {
  readonly rows: number;
  readonly queries: number;
  readonly more: number;
}

/** What a data set is called and how its vectors compare. */
export type Nature = Pick<DataSet, 'title' | 'nearness'>;

/**
 * Deals out vectors that are in an order without meaning: the queries are the same for any number of rows, and the rows of
 * a small data set are the first ones of a large one.
 */
export function dealt(nature: Nature, all: Matrix, wanted: Wanted, topics?: Uint16Array): DataSet {
  const queries = Math.min(wanted.queries, all.rows >> 1);
  const first = Math.min(queries + wanted.more, all.rows >> 1);
  const last = Math.min(first + wanted.rows, all.rows);
  return {
    ...nature,
    queries: rowsBetween(all, 0, queries),
    more: rowsBetween(all, queries, first),
    vectors: rowsBetween(all, first, last),
    ...(topics !== undefined && { topics: topics.subarray(first, last) }),
  };
}
