// Dissolves shards that have shrunk: gives their rows to their neighbours (the merge step of LIRE).
import { fillProbe } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { columnsOf } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { liveRows } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';
import { ArrivalsByShard } from './moves.js';

/** A shard that has shrunk below this share of its capacity is dissolved. */
const LEAST_FILL = 1 / 8;

/** How full this may make a neighbour: so far below capacity that splitting and dissolving cannot alternate. */
const MOST_FILL = 0.8;

/** Removes shards that have become empty, and dissolves those that have become too small. */
export function* dissolveShrunk(state: DraftState): Steps<void> {
  const least = Math.floor(state.config.shardCapacity * LEAST_FILL);
  const shrunk = state.takeShrunk();
  const empty = new Set(shrunk.filter(({ rows }) => rows.liveCount === 0).map(({ id }) => id));
  if (empty.size > 0)
    yield* state.rearrange({ arrivals: new Map(), replacement: yield* state.replacement(empty, []) });
  for (const { id } of shrunk) {
    if (!empty.has(id) && state.shard(id).rows.liveCount < least && state.centroids.size > 1)
      yield* dissolve(state, id);
  }
}

/** Gives each row of a shard to the nearest other shard. Does nothing if that would make one of those too full. */
function* dissolve(state: DraftState, id: ShardId): Steps<void> {
  const { dimensions, shardCapacity } = state.config;
  const replacement = yield* state.replacement(new Set([id]), []);
  const rows = liveRows(state.shard(id).rows);
  const arrivals = new ArrivalsByShard();
  const { probe, finder } = state.routing;
  const pause = roundsPerStep(replacement.centroids.size * dimensions);
  for (let i = 0; i < rows.length; i++) {
    if (i % pause === 0) yield;
    fillProbe(probe, columnsOf(rows.blocks[i]), rows.rows[i]);
    const home = finder.find(replacement.centroids, probe);
    arrivals.of(home.id).push(rows.blocks[i], rows.rows[i], home.value);
  }
  for (const [home, arriving] of arrivals) {
    if (state.shard(home).rows.liveCount + arriving.rows.length > shardCapacity * MOST_FILL) return;
  }
  yield* state.rearrange({ replacement, arrivals });
}
