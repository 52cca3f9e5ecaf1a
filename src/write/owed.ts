/*
 * Pairs of shards that a split leaves for later commits to compare. The centroid of the second shard of a pair may be nearer
 * to rows of the first than their own is. To compare all neighbours takes longer than the rest of a split. So each commit
 * compares as many pairs as its budget allows, and the version lists those left (I10): first, second, first, second, …
 */
import type { ShardexConfig } from '../config.js';
import type { Steps } from '../collections/steps.js';
import type { RowList } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import type { DraftState } from './draft-state.js';
import { ArrivalsByShard } from './moves.js';
import { reassignShard } from './reassign.js';

/** How often a split reads each component of its rows: for planes, sides, means, nearest parts and copies. */
const READS_IN_SPLIT = 8;

/** Returns the multiplications that splits take, without comparing neighbours. */
export function costOfSplitting(
  jobs: readonly { readonly rows: RowList }[],
  { dimensions }: ShardexConfig,
): number {
  return jobs.reduce((cost, { rows }) => cost + READS_IN_SPLIT * rows.length * dimensions, 0);
}

/** Reading the rows of a shard takes about as long as comparing them with this many centroids. */
const READ = 2;

/** Returns the multiplications that comparing the rows of a shard with some centroids takes. */
export function costOfComparing({ rows }: Shard, centroids: number, { dimensions }: ShardexConfig): number {
  return rows.rowCount * (READ + centroids) * dimensions;
}

/** Returns with how many centroids the budget lets a shard be compared; at least one. */
function affordable(state: DraftState, shard: Shard): number {
  const [none, one] = [0, 1].map((count) => costOfComparing(shard, count, state.config));
  return Math.max(1, Math.floor((state.budgetLeft - none) / (one - none)));
}

/** Compares pairs that earlier splits have left, the oldest first, as far as the draft's budget goes. */
export function* payOwed(state: DraftState): Steps<void> {
  const { owed } = state;
  // A commit that changes nothing else publishes nothing (I2).
  if (owed.length === 0 || !state.hasChangedShards) return;
  let next = 0;
  while (next < owed.length) {
    const id = owed[next];
    const shard = state.hasShard(id) ? state.shard(id) : undefined;
    // Only some of the centroids if all are too many for this commit.
    const most = shard === undefined ? Infinity : affordable(state, shard);
    const parts: Shard[] = [];
    let end = next;
    for (; end < owed.length && owed[end] === id && parts.length < most; end += 2)
      if (state.hasShard(owed[end + 1])) parts.push(state.shard(owed[end + 1]));
    if (shard !== undefined && parts.length > 0) {
      if (!state.trySpend(costOfComparing(shard, parts.length, state.config))) break;
      yield* compare(state, id, parts);
    }
    next = end;
  }
  state.owed = Object.freeze(owed.slice(next));
}

/** Updates owed pairs after splits: heirs, the parts of a shard, owe what it did. Adds `more` pairs. */
export function owedAfter(
  owed: readonly ShardId[],
  heirs: ReadonlyMap<ShardId, readonly ShardId[]>,
  more: readonly ShardId[],
): readonly ShardId[] {
  if (more.length === 0 && !owed.some((id, i) => i % 2 === 0 && heirs.has(id))) return owed;
  const next: ShardId[] = [];
  for (let i = 0; i < owed.length; i += 2) {
    // The second shard was split: its parts are compared with their neighbours anyway.
    if (heirs.has(owed[i + 1])) continue;
    for (const id of heirs.get(owed[i]) ?? [owed[i]]) next.push(id, owed[i + 1]);
  }
  for (const id of more) next.push(id);
  return Object.freeze(next);
}

/** Gives rows of a shard to others whose centroids are nearer. */
function* compare(state: DraftState, id: ShardId, parts: readonly Shard[]): Steps<void> {
  const arrivals = new ArrivalsByShard();
  const leavers = yield* reassignShard(state.shard(id), parts, state.config, arrivals);
  yield* state.rearrange({ arrivals, leavers: new Map([[id, leavers]]) });
}
