// Gives the rows of shards that have shrunk to their neighbours (the merge step of LIRE).
import { fillProbe } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { withCentroids } from '../version/centroid-table.js';
import { columnsOf } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { appended, liveRows } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';
import { Arrivals } from './reassign.js';

/** A shard with fewer live postings than this share of its capacity is merged away, once it has shrunk. */
const LEAST_FILL = 1 / 8;

/** A merge may fill a shard up to this share; far below what splits it, so that the two cannot take turns. */
const MERGE_FILL = 0.8;

/** Takes out shards that became empty, and merges those that became too small into their neighbours. */
export function* mergeShrunk(state: DraftState): Steps<void> {
  const least = Math.floor(state.config.shardCapacity * LEAST_FILL);
  const shrunk = [...state.shrunk].filter((id) => state.hasShard(id)).sort((a, b) => a - b);
  state.shrunk.clear();
  const empty = new Set(shrunk.filter((id) => state.shard(id).rows.liveCount === 0));
  for (const id of empty) state.deleteShard(id);
  if (empty.size > 0) state.setCentroids(withCentroids(state.centroids, state.config.metric, empty, []));
  for (const id of shrunk) {
    if (!empty.has(id) && state.shard(id).rows.liveCount < least && state.centroids.size > 1)
      yield* dissolve(state, id);
  }
}

/** Gives each posting of a shard to the nearest other shard; does nothing where one of those would become too full. */
function* dissolve(state: DraftState, id: ShardId): Steps<void> {
  const { metric, dimensions, shardCapacity } = state.config;
  const others = withCentroids(state.centroids, metric, new Set([id]), []);
  const rows = liveRows(state.shard(id).rows);
  const arrivals = new Map<ShardId, Arrivals>();
  const { probe, finder } = state.routing;
  const pause = roundsPerStep(others.size * dimensions);
  for (let i = 0; i < rows.length; i++) {
    if (i % pause === 0) yield;
    fillProbe(probe, columnsOf(rows.blocks[i]), rows.rows[i]);
    const home = finder.find(others, probe);
    let arriving = arrivals.get(home.id);
    if (arriving === undefined) arrivals.set(home.id, (arriving = new Arrivals()));
    arriving.push(rows.blocks[i], rows.rows[i], home.value);
  }
  for (const [home, arriving] of arrivals) {
    if (state.shard(home).rows.liveCount + arriving.rows.length > shardCapacity * MERGE_FILL) return;
  }
  state.deleteShard(id);
  state.setCentroids(others);
  state.removeFromDocuments(rows, id);
  for (const [home, arriving] of arrivals) {
    state.setRows(home, appended(state.shard(home).rows, arriving.rows, arriving.separations, dimensions));
    state.addToDocuments(arriving.rows, home);
  }
}
