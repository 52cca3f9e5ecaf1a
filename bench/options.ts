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
  /** Write a part into the documentation, which then says of what part it is. */
  readonly publish?: boolean;
}

/** What a suite was asked to leave the rest for, in words; `undefined` where it was asked for everything. */
export function partOf({ data, sizes, dimensions, metrics, ks }: Options): string | undefined {
  const parts = Object.entries({ data, sizes, dimensions, metrics, k: ks }).flatMap(([name, some]) =>
    some === undefined ? [] : [`${name} ${some.join(', ')}`],
  );
  return parts.length > 0 ? parts.join('; ') : undefined;
}
