/*
 * Rehearses splits in small, before a lineage makes its first one. The first split of a process took three times as long as
 * later ones, since none of its loops was compiled. So commits before it split a few rows to no effect, and JavaScript
 * engines compile the code meanwhile.
 */
import type { ShardexConfig } from '../config.js';
import type { Steps } from '../collections/steps.js';
import { RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { emptyIndex } from '../version/shardex-index.js';
import { DraftState } from './draft-state.js';
import { kernelsOf, shareKernels } from './lineage-kernels.js';
import { meanOfRows } from './loaded-rows.js';
import { ArrivalsByShard, type Part } from './moves.js';
import { partition } from './partition.js';
import { splitOverfull } from './rebalance.js';

/** Rehearsals of a lineage, and calls from one to the next. */
const TIMES = 24;
const EVERY = 8;

/** Rehearsals that only partition rows, so that no commit waits for all of the code to be compiled. */
const IN_PART = 2;

/** The least and most rows of a rehearsal, its components, and the capacity of its shards as a share of the rows. */
const LEAST_ROWS = 8;
const ROWS = 64;
const COMPONENTS = 2 ** 15;
const HELD = 3 / 4;

/** Calls so far, by lineage. */
const asked = new WeakMap<ShardexConfig, number>();

/** Splits a few rows of a shard in a draft of its own, if a rehearsal is due. Changes nothing. Time: O(dimensions). */
export function* rehearseSplit({ rows }: Shard, config: ShardexConfig): Steps<void> {
  const before = asked.get(config) ?? 0;
  if (before >= EVERY * TIMES) return;
  asked.set(config, before + 1);
  // Making kernels takes as long as a rehearsal.
  if (before === 0) kernelsOf(config);
  if (before % EVERY !== 1) return;
  const most = Math.min(
    ROWS,
    Math.max(LEAST_ROWS, Math.floor(COMPONENTS / config.dimensions)),
    LEAST_ROWS * (1 + Math.floor(before / EVERY)),
  );
  const all = new RowList();
  eachLive(rows, (_, row, { block }) => {
    all.push(block, row);
    return all.length === most;
  });
  // One shard stays, so that its rows are compared with the parts of the other one.
  const [stays, goes] = [new RowList(), new RowList()];
  for (let i = 0; i < all.length; i++) (3 * i < all.length ? stays : goes).push(all.blocks[i], all.rows[i]);
  const small = { ...config, shardCapacity: Math.floor(HELD * goes.length) };
  shareKernels(config, small);
  if (before < IN_PART * EVERY) {
    yield* partition(goes, small);
    return;
  }
  const state = new DraftState(emptyIndex(small));
  const shards: Part[] = [];
  const arrivals = new ArrivalsByShard();
  for (const list of [stays, goes]) {
    const id = state.takeShardId();
    shards.push({ id, centroid: yield* meanOfRows(list, small), rows: list });
    for (let i = 0; i < list.length; i++) {
      const { separations } = columnsOf(list.blocks[i]);
      arrivals.of(id).push(list.blocks[i], list.rows[i], separations[list.rows[i]]);
    }
  }
  yield* state.rearrange({ replacement: yield* state.replacement(new Set(), shards), arrivals });
  yield* splitOverfull(state);
}
