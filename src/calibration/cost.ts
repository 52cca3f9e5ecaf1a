/*
 * The order in which a search by recall visits shards, and where it stops. How likely a shard holds a neighbour falls
 * with its rank among the nearest centroids and with its distance. Rules by distance alone (gaps, ratios, bisecting
 * planes, the k-th distance so far) waste rows on queries that are far from everything; a fixed number of shards
 * (nprobe) wastes them on easy queries. The sum of both needs 5 to 40 % fewer rows than a fixed number at recalls of
 * 0.9 and 0.95, measured on word vectors, character trigrams and made data, by all metrics.
 */

/** The weight of the distance beside the rank. Between 1 and 2 was best on all data tried, with little difference. */
const WEIGHT = 1.5;

/** The rank up to which the gap is measured: near enough to matter, far enough to be steady. */
export const GAP_RANK = 32;

/** The rank up to which the spread is measured; see `Features`. */
export const SPREAD_RANK = 4;

/**
 * The cost of a shard at a rank, counted from 0, that is `beyond` farther than the nearest one.
 *
 * A search scans shards up to a limit of the cost, cheapest first. The cost never falls with rank or distance. `gap` is how
 * much farther than the nearest centroid the 32nd nearest one is, on average.
 */
export function costOf(rank: number, beyond: number, gap: number): number {
  return costFrom(Math.log(rank + 1), beyond, gap);
}

/** The cost by the logarithm of a rank, counted from 1. */
export function costFrom(logRank: number, beyond: number, gap: number): number {
  return logRank + (gap > 0 ? (WEIGHT * Math.max(0, beyond)) / gap : 0);
}

/** Returns the most shards that can be within a limit. */
export function mostWithin(limit: number, shardCount: number): number {
  return Math.max(1, Math.min(shardCount, Math.floor(Math.exp(limit) * (1 + 1e-9))));
}

/** Returns how much farther than the nearest shard one may be and still be within a limit. */
export function reachWithin(limit: number, gap: number): number {
  return gap > 0 ? (limit * gap) / WEIGHT : Infinity;
}

/** Counts the shards within a limit by their ascending distances; at least one. */
export function countWithin(limit: number, distances: readonly number[], gap: number): number {
  let count = 1;
  while (count < distances.length && costOf(count, distances[count] - distances[0], gap) <= limit) count++;
  return count;
}
