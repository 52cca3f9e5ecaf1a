// What the grid measures, as it goes from process to process.
import type { Point } from '../../engines/measured.js';

/** A recall that was asked for, and what came of it. */
export interface Answer {
  readonly asked: number;
  readonly recall: number;
  /** The standard error of the recall. */
  readonly error: number;
  readonly perSecond: number;
}

/** Exact searches a second. */
export interface Exact {
  readonly ours: number;
  /** Of usearch's `exactSearch`. */
  readonly theirs: number;
}

/** What the first search takes of the processor, in seconds, with nothing prepared. */
export interface First {
  /** After an index was read from bytes. */
  readonly opened: number;
  /** After one posting was committed. */
  readonly committed: number;
}

/** What was measured with so many vectors, for one `k`. */
export interface Cell {
  /** Vectors that were asked for; the column of the grid. */
  readonly size: number;
  /** Vectors that there were. */
  readonly rows: number;
  readonly k: number;
  readonly answers: readonly Answer[];
  /** By the name of the engine. */
  readonly peers: Readonly<Record<string, readonly Point[]>>;
  readonly exact: Exact;
  /** Of the index: the same for every `k`. */
  readonly first: First;
}

/** A row of the grid as far as it was measured. */
export interface Of {
  readonly name: string;
  readonly cells: readonly Cell[];
}
