// What a suite may be asked for. The command line that says so is read in read-options.ts, which knows all suites.

/** What the benchmarks were asked to do. */
export interface Options {
  /** Fewer sizes, fewer words, less time for each measurement: to see that everything runs. */
  readonly quick: boolean;
  /** How many words the suites on real vectors take. */
  readonly words: number;
  /** The data that the suites of recall and of the grid take, and its sizes: by default all. */
  readonly data?: readonly string[];
  readonly sizes?: readonly number[];
  /** Further parts of the grid: by default all. */
  readonly dimensions?: readonly number[];
  readonly metrics?: readonly string[];
  readonly ks?: readonly number[];
}

/** Whether that is less than what the results of a suite are to show. */
export function isPartial({ data, sizes, dimensions, metrics, ks }: Options): boolean {
  return [data, sizes, dimensions, metrics, ks].some((one) => one !== undefined);
}
