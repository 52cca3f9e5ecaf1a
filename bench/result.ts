// The results of a suite: tables, charts and figures.

/** A table as it is printed: the first column says what, the others are numbers in words. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One number that was measured, with all that makes it mean something. */
export interface Measurement {
  readonly what: string;
  /** Shards of the index it was measured on, where that matters. */
  readonly shards?: number;
  readonly value: number;
  readonly unit: string;
  /** Relative margin of error, in percent, and how many samples it rests on: only where benchmark.js measured. */
  readonly rme?: number;
  readonly samples?: number;
}

/** A line for each series, drawn over two axes. */
export interface Chart {
  /** The file's name without its ending. */
  readonly file: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

/** What an axis shows: seconds are labelled as µs, ms or s. */
export interface Axis {
  readonly title: string;
  readonly scale: 'log' | 'linear';
  readonly unit: 'seconds' | 'number';
}

/** Ratios by row and column, drawn as colours with the numbers on them; above 1 is better. None stands for beyond any. */
export interface HeatMap {
  readonly file: string;
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly columnTitle: string;
  /** Drawn side by side. */
  readonly panels: readonly {
    readonly title: string;
    readonly cells: readonly { readonly row: string; readonly column: string; readonly ratio?: number }[];
  }[];
}

/** All that a suite found. */
export interface SuiteResult {
  readonly title: string;
  /** What was measured and how, in a few sentences. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly charts: readonly (Chart | HeatMap)[];
  readonly measurements: readonly Measurement[];
}
