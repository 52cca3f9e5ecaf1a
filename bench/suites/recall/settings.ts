// The recall and the rows of searches of a fixed number of shards.
import { type Truth, foundOf } from './truth.js';

/** What searches of a fixed number of nearest shards find, and how many rows they scan: means over all queries. */
export interface FixedSettings {
  /** Rows of the first shard, the first two, and so on. */
  readonly scanned: Float64Array;
  /** The rows that the least number of shards has which finds as much. */
  readonly rowsFor: (k: number, recall: number) => number;
}

/** A query: the shards, the most promising first, and in which of them each of its true nearest lies. */
export interface Places extends Pick<Truth, 'distances'> {
  readonly order: readonly number[];
  readonly homes: readonly number[];
}

/** Means of many shares: not to be taken for less by their rounding. */
const ROUNDING = 1e-9;

/** All fixed settings at once: what each finds follows from where in the order of the shards the true nearest lie. */
export function settingsOf(
  sizes: readonly number[],
  queries: readonly Places[],
  ks: readonly number[],
): FixedSettings {
  const scanned = new Float64Array(sizes.length);
  const recalls = new Map(ks.map((k) => [k, new Float64Array(sizes.length)]));
  const rank = new Uint32Array(sizes.length);
  for (const { order, homes, distances } of queries) {
    const each = order.map((shard) => sizes[shard] / queries.length);
    addSums(each, Infinity, scanned);
    order.forEach((shard, at) => (rank[shard] = at));
    for (const [k, recall] of recalls) {
      const found = new Float64Array(sizes.length);
      // Of more than k that are as near, any k will do.
      for (const shard of homes.slice(0, foundOf(distances, { distances }, k))) {
        found[rank[shard]] += 1 / k / queries.length;
      }
      addSums(found, 1 / queries.length, recall);
    }
  }
  return {
    scanned,
    rowsFor: (k, recall) => {
      const least = recalls.get(k)?.findIndex((one) => one >= recall - ROUNDING) ?? -1;
      return scanned.at(least) ?? NaN;
    },
  };
}

/** Adds the sum of the first one, two, three … values, of which none counts as more than `most`. */
function addSums(values: ArrayLike<number>, most: number, to: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    to[i] += Math.min(sum, most);
  }
}
