/*
 * Keeps shards within their capacity and rows near their centroids, inside the commit that upset them: the split, reassign
 * and merge steps of LIRE (Xu et al., SPFresh, SOSP 2023), simpler here because nothing can be stale.
 */
import type { Steps } from '../collections/steps.js';
import type { RowList } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { liveRows } from '../version/shard-rows.js';
import { dissolveShrunk } from './dissolve.js';
import type { DraftState } from './draft-state.js';
import { meanOfRows } from './loaded-rows.js';
import { costOfComparing, costOfSplitting, owedAfter, payOwed } from './owed.js';
import type { Leavers, Part } from './moves.js';
import { partition } from './partition.js';
import { reassignParts, reassignShard, refined } from './reassign.js';

/**
 * Rounds of splits caused by splits, after which parts keep the centroid of the shard they come from. Rows that differ by
 * less than the rounding of a centroid would otherwise all be nearest to one part, round after round. Between equal
 * centroids they tie, which I6 allows, and nothing else moves. The bound is a choice, not a measurement.
 */
const MOST_ROUNDS = 16;

/** Rows to split into new shards, and the shard that they come from and replace, if any. */
export interface SplitJob {
  readonly gone: ShardId | undefined;
  readonly rows: RowList;
}

/** Restores the bounds on shard sizes. Every draft is rebalanced before its state is published or previewed. */
export function* rebalance(state: DraftState): Steps<void> {
  yield* splitOverfull(state);
  // With what the splits leave of the budget. It may fill a shard over capacity.
  yield* payOwed(state);
  yield* splitOverfull(state);
  yield* dissolveShrunk(state);
}

/** Splits every shard over capacity, and those that these splits fill over it, until none is left. */
export function* splitOverfull(state: DraftState): Steps<void> {
  for (let round = 0; ; round++) {
    const jobs = state.takeOverfull().map(({ id, rows }) => ({ gone: id, rows: liveRows(rows) }));
    if (jobs.length === 0) return;
    yield* split(state, jobs, round < MOST_ROUNDS);
  }
}

/**
 * Replaces shards by parts of their rows, then moves rows that another shard is nearer to (I6). Without `ownCentroids` parts
 * keep the centroid of the shard that they come from.
 */
export function* split(state: DraftState, jobs: readonly SplitJob[], ownCentroids = true): Steps<void> {
  const { config } = state;
  const gone = new Set<ShardId>();
  for (const job of jobs) if (job.gone !== undefined) gone.add(job.gone);
  const bisected: Part[] = [];
  const heirs = new Map<ShardId, ShardId[]>();
  const sums = new Float64Array(config.dimensions);
  for (const job of jobs) {
    const made: ShardId[] = [];
    if (job.gone !== undefined) heirs.set(job.gone, made);
    for (const rows of yield* partition(job.rows, config)) {
      const centroid =
        ownCentroids || job.gone === undefined
          ? yield* meanOfRows(rows, config, sums)
          : state.shard(job.gone).centroid;
      const id = state.takeShardId();
      bisected.push({ id, rows, centroid });
      made.push(id);
    }
  }
  const parts = ownCentroids ? yield* refined(bisected, config) : bisected;
  const replacement = yield* state.replacement(gone, parts);

  const reach = !ownCentroids ? 0 : config.reassign === 'strict' ? Infinity : config.reassign;
  state.spend(costOfSplitting(jobs, config));
  const reassignment = yield* reassignParts(
    replacement,
    config,
    reach,
    (id) => state.shard(id).centroid,
    (cost) => state.trySpend(cost),
  );
  const leavers = new Map<ShardId, Leavers>();
  const owed = [...reassignment.owed];
  for (const [id, near] of reassignment.neighbours) {
    const shard = state.shard(id);
    if (state.trySpend(costOfComparing(shard, near.length, config)))
      leavers.set(id, yield* reassignShard(shard, near, config, reassignment.arrivals));
    else for (const part of near) owed.push(id, part.id);
  }
  state.owed = owedAfter(state.owed, heirs, owed);
  yield* state.rearrange({ replacement, leavers, arrivals: reassignment.arrivals });
}
