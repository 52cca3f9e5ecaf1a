/*
 * What a split leaves to later commits. A new centroid may be nearer to rows of the shards around it than their own one
 * is, and an old one to rows of a new shard, and to compare all of them takes longer than all else that a split does. So each commit compares as many as what it
 * writes pays for, less what its own splits take, and the version says which shards are left (I10).
 */
import type { ShardexConfig } from '../config.js';
import type { Steps } from '../collections/steps.js';
import type { RowList } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import type { DraftState } from './draft-state.js';
import { ArrivalsByShard } from './moves.js';
import { reassignShard } from './reassign.js';

/** How often a split looks at each number of its rows: fitting a plane, its two sides, means, where rows belong, copies. */
const LOOKS_IN_SPLIT = 8;

/** What splits take, besides comparing what is around them with the new centroids. */
export function costOfSplitting(
  jobs: readonly { readonly rows: RowList }[],
  { dimensions }: ShardexConfig,
): number {
  return jobs.reduce((cost, { rows }) => cost + LOOKS_IN_SPLIT * rows.length * dimensions, 0);
}

/** Reading the rows of a shard takes about as long as comparing them with so many centroids. */
const READ = 2;

/** What it takes to compare the rows of a shard with so many centroids. */
export function costOfComparing({ rows }: Shard, centroids: number, { dimensions }: ShardexConfig): number {
  return rows.rowCount * (READ + centroids) * dimensions;
}

/** With how many centroids the rows of a shard may be compared by what is left of the budget; one at least. */
function affordable(state: DraftState, shard: Shard): number {
  const [none, one] = [0, 1].map((count) => costOfComparing(shard, count, state.config));
  return Math.max(1, Math.floor((state.budgetLeft - none) / (one - none)));
}

/** Compares what earlier splits have left, the oldest first, as far as the draft's budget goes. */
export function* payOwed(state: DraftState): Steps<void> {
  const { owed } = state;
  // A commit that changes nothing else publishes nothing (I2).
  if (owed.length === 0 || !state.hasChangedShards) return;
  let next = 0;
  while (next < owed.length) {
    const id = owed[next];
    const shard = state.hasShard(id) ? state.shard(id) : undefined;
    // Some of the centroids, where all would be too many for this commit.
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

/** What is owed once shards have come in place of others, which owe what those did; `more` is owed besides. */
export function owedAfter(
  owed: readonly ShardId[],
  heirs: ReadonlyMap<ShardId, readonly ShardId[]>,
  more: readonly ShardId[],
): readonly ShardId[] {
  if (more.length === 0 && !owed.some((id, i) => i % 2 === 0 && heirs.has(id))) return owed;
  const next: ShardId[] = [];
  for (let i = 0; i < owed.length; i += 2) {
    // The parts of a new centroid's shard are compared with what is around them themselves.
    if (heirs.has(owed[i + 1])) continue;
    for (const id of heirs.get(owed[i]) ?? [owed[i]]) next.push(id, owed[i + 1]);
  }
  for (const id of more) next.push(id);
  return Object.freeze(next);
}

/** Gives rows of a shard to those of some others whose centroids are nearer. */
function* compare(state: DraftState, id: ShardId, parts: readonly Shard[]): Steps<void> {
  const arrivals = new ArrivalsByShard();
  const leavers = yield* reassignShard(state.shard(id), parts, state.config, arrivals);
  yield* state.rearrange({ arrivals, leavers: new Map([[id, leavers]]) });
}
