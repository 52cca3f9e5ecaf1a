// The results of measuring an engine.

/** A setting of an engine, and what came of it. */
export interface Point {
  readonly knob: string;
  readonly value: number | string;
  readonly recall: number;
  readonly perSecond: number;
}

/** What it takes to add a vector to the full index, and to search right after. Times are in ms. */
export interface Adding {
  readonly setting: string;
  readonly mean: number;
  readonly median: number;
  /** The share of the added vectors that the next search for them found. */
  readonly found: number;
  readonly still: Spread;
  readonly afterEach: Spread;
}

export interface Spread {
  readonly mean: number;
  readonly median: number;
}

/** Comparing with all vectors: ns for each of them. */
export interface Exact {
  readonly one: number;
  readonly batch?: number;
  readonly recall: number;
}

/** Searching for many queries in one call. */
export interface Batch {
  readonly setting: string;
  readonly recall: number;
  readonly one: number;
  readonly perSecond: number;
}

/** All that one engine did with one data set, in a process of its own. Memory is that of the process, in bytes. */
export interface Measured {
  readonly parameters: string;
  readonly rows: number;
  readonly buildMs: number;
  readonly memory: { readonly before: number; readonly built: number; readonly searched: number };
  readonly points: readonly Point[];
  readonly exact?: Exact;
  readonly batch?: Batch;
  readonly adding?: Adding;
}

/** What the process says in the end. */
export type Outcome = { readonly measured: Measured } | { readonly failed: string };
