import { type ShardexIndex, searchExplained } from '../../../dist/index.js';
import { eachLive } from '../../../dist/version/shard-rows.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import type { Nearness } from '../../engines/engine.js';
import { type Truth, foundOf } from './truth.js';

/** What searches of a fixed number of nearest shards find, and how many rows they scan: means over all queries. */
export interface FixedSettings {
  /** The rows that the least number of shards has which finds as much. */
  readonly rowsFor: (k: number, recall: number) => number;
}

/** Means of many shares: not to be taken for less by their rounding. */
const ROUNDING = 1e-9;

/**
 * All settings at once, without a search for each: the shards are put in order by how near their centroids are, and what
 * is found follows from where in that order the true nearest lie.
 */
export function fixedSettings(
  index: ShardexIndex,
  queries: Matrix,
  truth: readonly Truth[],
  ks: readonly number[],
): FixedSettings {
  const shards = [...index.shards.values()];
  const shardOf = new Map<string, number>();
  shards.forEach(({ rows }, s) => {
    eachLive(rows, (columns, row) => {
      shardOf.set(columns.ids.at(row), s);
    });
  });
  const centroids = shards.map(({ centroid }) => centroid.toArray());
  const sizes = shards.map(({ rows }) => rows.liveCount);
  const scanned = new Float64Array(shards.length);
  const recalls = new Map(ks.map((k) => [k, new Float64Array(shards.length)]));
  truth.forEach((true_, q) => {
    const order = byNearness(centroids, rowOf(queries, q), index.config.metric);
    addSums(
      order.map((s) => sizes[s] / queries.rows),
      Infinity,
      scanned,
    );
    const rank = new Uint32Array(shards.length);
    order.forEach((s, at) => (rank[s] = at));
    for (const [k, recall] of recalls) {
      const found = new Float64Array(shards.length);
      const right = foundOf(true_.distances, true_, k);
      for (const id of true_.ids.slice(0, right)) found[rank[shardOf.get(id) ?? 0]] += 1 / k / queries.rows;
      addSums(found, 1 / queries.rows, recall);
    }
  });
  warnOfOthers(index, queries, scanned);
  return {
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

/** Places of centroids, the nearest first. */
function byNearness(centroids: readonly Float32Array[], query: Float32Array, nearness: Nearness): number[] {
  const apart = Float64Array.from(centroids, (centroid) => {
    let sum = 0;
    if (nearness === 'euclidean') for (let i = 0; i < query.length; i++) sum += (query[i] - centroid[i]) ** 2;
    else for (let i = 0; i < query.length; i++) sum -= query[i] * centroid[i];
    return sum;
  });
  return Array.from(centroids, (_, s) => s).sort((a, b) => apart[a] - apart[b]);
}

/** Says so where the library scans other shards for a `slopFactor`: then its settings are not those that were computed. */
function warnOfOthers(index: ShardexIndex, queries: Matrix, scanned: Float64Array): void {
  const slopFactor = Math.ceil(index.shardCount / 8);
  let rows = 0;
  for (let q = 0; q < queries.rows; q++) {
    rows +=
      searchExplained(index, rowOf(queries, q), { k: 1, slopFactor }).explanation.rowsScanned / queries.rows;
  }
  const expected = scanned[slopFactor - 1];
  if (Math.abs(rows - expected) < 0.01 * expected) return;
  console.warn(
    `slopFactor ${slopFactor} scans ${rows} rows, not ${expected}: it ranks shards in another way.`,
  );
}
