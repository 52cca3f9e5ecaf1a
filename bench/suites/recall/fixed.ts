// What each fixed number of shards would find.
import { type ShardexIndex, searchExplained } from '../../../dist/index.js';
import { eachLive } from '../../../dist/version/shard-rows.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import type { Nearness } from '../../data-sets/nearness.js';
import { type FixedSettings, settingsOf } from './settings.js';
import type { Truth } from './truth.js';

/** What each `slopFactor` would find, without a search for each. */
export function fixedSettings(
  index: ShardexIndex,
  queries: Matrix,
  truth: readonly Truth[],
  ks: readonly number[],
): FixedSettings {
  const shards = [...index.shards.values()];
  const home = new Map<string, number>();
  shards.forEach(({ rows }, s) => {
    eachLive(rows, (columns, row) => {
      home.set(columns.ids.at(row), s);
    });
  });
  const centroids = shards.map(({ centroid }) => centroid.toArray());
  const settings = settingsOf(
    shards.map(({ rows }) => rows.liveCount),
    truth.map(({ ids, distances }, q) => ({
      order: byNearness(centroids, rowOf(queries, q), index.config.metric),
      homes: ids.map((id) => home.get(id) ?? NaN),
      distances,
    })),
    ks,
  );
  warnOfOthers(index, queries, settings);
  return settings;
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
function warnOfOthers(index: ShardexIndex, queries: Matrix, { scanned }: FixedSettings): void {
  const slopFactor = Math.ceil(index.shardCount / 8);
  let rows = 0;
  for (let q = 0; q < queries.rows; q++) {
    const { explanation } = searchExplained(index, rowOf(queries, q), { k: 1, slopFactor });
    rows += explanation.rowsScanned / queries.rows;
  }
  const expected = scanned[slopFactor - 1];
  if (Math.abs(rows - expected) < 0.01 * expected) return;
  console.warn(
    `slopFactor ${slopFactor} scans ${rows} rows, not ${expected}: it ranks shards in another way.`,
  );
}
