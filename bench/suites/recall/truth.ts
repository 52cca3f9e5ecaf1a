// The true nearest of a query, and how many of them were found.

/** The true nearest of a query, nearest first, and some more that may be as near as the last. */
export interface Truth {
  readonly ids: readonly string[];
  readonly distances: readonly number[];
}

/** How many of some distances, which rise, are at most the k-th true one: that many of `k` were found. */
export function foundOf(distances: readonly number[], truth: Pick<Truth, 'distances'>, k: number): number {
  const limit = truth.distances[k - 1];
  let found = 0;
  while (found < distances.length && distances[found] <= limit) found++;
  return found;
}
