// Engine: Shardex.
import * as shardex from '../../dist/index.js';
import {
  CowShardexIndex,
  type Posting,
  type SearchOptions,
  type SearchResult,
  createIndex,
  search,
} from '../../dist/index.js';
import type { ShardexIndex } from '../../dist/index.js';
import { type Matrix, rowOf } from '../data-sets/matrix.js';
import type { Nearness } from '../data-sets/nearness.js';
import { type Built, type Engine, type Setting, type Sweep } from './engine.js';

const SLOP_FACTORS: Sweep = { knob: 'slopFactor', values: [1, 2, 4, 8, 16, 32, 64, 128, 256] };
const RECALLS: Sweep = { knob: 'recall', values: [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998], inFull: true };

type Options = SearchOptions & { readonly recall?: number };
type SearchMany = (
  index: ShardexIndex,
  queries: readonly Float32Array[],
  options: Options,
) => readonly (readonly SearchResult[])[];

/** Measured as it is: a build of the library without one of these is measured without it. */
const { searchMany } = shardex as { readonly searchMany?: SearchMany };

/** Documents of one posting each, searched by cell, as a server would. */
export const engine: Engine = {
  parameters: 'as it comes',
  build: (vectors, metric) => builtOf(indexOf(vectors, metric)),
};

/** All rows in one batch, with default options. */
export function indexOf(vectors: Matrix, metric: Nearness): ShardexIndex {
  return createIndex({ dimensions: vectors.dimensions, metric }, postings(vectors));
}

/** An index that is there. */
export function builtOf(index: ShardexIndex): Built {
  const cell = new CowShardexIndex(index);
  return {
    // Asked for when it is built, as asking takes a search.
    get sweeps() {
      return asksForRecall(cell.read()) ? [RECALLS, SLOP_FACTORS] : [SLOP_FACTORS];
    },
    exact: true,
    searcher(queries, k, setting) {
      const options = { k, ...optionsOf(setting) };
      const one = (query: number): SearchResult[] => search(cell.read(), queries[query], options);
      if (searchMany === undefined) return { one };
      return { one, batch: (count) => searchMany(cell.read(), queries.slice(0, count), options) };
    },
    add(row, vector) {
      cell.update((draft) => {
        draft.addPosting({ documentId: String(row), vector });
      });
    },
  };
}

/** The rows as documents, named by their numbers. */
export function* postings(vectors: Matrix): Generator<Posting> {
  for (let row = 0; row < vectors.rows; row++) yield { documentId: String(row), vector: rowOf(vectors, row) };
}

/** The options of a search that a setting stands for. */
export function optionsOf({ knob, value }: Setting): Omit<Options, 'k'> {
  if (knob === 'exact') return { slopFactor: 'all' };
  return { [knob]: value };
}

/** Whether this build of the library has the option `recall`. */
export function asksForRecall(index: ShardexIndex): boolean {
  const options: Options = { k: 1, recall: 0.9 };
  try {
    search(index, new Float32Array(index.config.dimensions), options);
    return true;
  } catch (error) {
    if (error instanceof shardex.InvalidOptionError) return false;
    throw error;
  }
}
