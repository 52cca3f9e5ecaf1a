// The interface of an engine that is measured: Shardex, or a peer.
import type { SearchResult } from 'shardex';
import type { Matrix } from '../data-sets/matrix.js';
import type { Nearness } from '../data-sets/nearness.js';

/** Rows of the data set that were found, as the engine says it: turned into numbers when no time is taken. */
export type Found = readonly number[] | BigUint64Array | readonly Pick<SearchResult, 'documentId'>[];

/** A knob of an engine, and what it is turned to. */
export interface Sweep {
  readonly knob: string;
  /** Numbers from those that find least to those that find most; before them what is no number. */
  readonly values: readonly (number | string)[];
  /** All of them are of interest, even when one has found enough. */
  readonly inFull?: boolean;
}

export interface Setting {
  readonly knob: string;
  readonly value: number | string;
}

/** The one setting of what compares with every vector. */
export const EXACT: Setting = { knob: 'exact', value: '' };

/** Searches for queries that were brought into the engine's own form before. */
export interface Searcher {
  one(query: number): Found | Promise<Found>;
  /** The first so many queries in one call, where the engine has such a call. */
  batch?(queries: number): readonly Found[];
}

/** An index that an engine made. */
export interface Built {
  /** Of the approximate search, if there is one. */
  readonly sweeps: readonly Sweep[];
  /** Whether {@link EXACT} is a setting, too. */
  readonly exact: boolean;
  searcher(queries: readonly Float32Array[], k: number, setting: Setting): Searcher;
  /** Adds a vector, for the very next search to find. */
  add?(row: number, vector: Float32Array): void;
}

/** Something to search with, behind what all of them have in common. */
export interface Engine {
  /** How it was told to build, in a few words. */
  readonly parameters: string;
  /** It cannot reasonably hold more vectors than this. */
  readonly most?: number;
  /** Makes an index of all rows, numbered from 0, with room for some more. */
  build(vectors: Matrix, nearness: Nearness, room: number): Built | Promise<Built>;
}

/** The rows that were found. */
export function rowsOf(found: Found): number[] {
  return Array.from<number | bigint | Pick<SearchResult, 'documentId'>, number>(found, (one) =>
    Number(typeof one === 'object' ? one.documentId : one),
  );
}

/** Doubling settings, from the least that can give ten results. */
export const DOUBLING: readonly number[] = [10, 20, 40, 80, 160, 320, 640, 1280, 2560];
