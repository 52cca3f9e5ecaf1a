// Adds rows to a draft: buries the rows that have their keys, and appends each to its nearest shard.
import { fillProbe } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import type { CentroidTable } from '../version/centroid-table.js';
import { WantedIds } from '../collections/id-column.js';
import { RowList, columnsOf, sameVector } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { liveRows } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';
import { meanOfRows } from './loaded-rows.js';
import { ArrivalsByShard } from './moves.js';
import { type SplitJob, split, splitOverfull } from './rebalance.js';
import { rehearseSplit } from './rehearse-split.js';
import { shardsOfExtents } from './remove.js';
import { type StagedKeys, stagedKeys } from './staged-keys.js';

/** A shard that holds more than this many times its capacity is split at once; others wait until the draft is rebalanced. */
const MOST_OVERFLOW = 2;

/** Keys or documents looked up in one step, at some hundred nanoseconds each. */
const LOOKUPS = 256;

/**
 * Adds checked, staged rows: buries the rows that have their keys (I5), and appends each to its nearest shard (I6).
 * Leaves out a row that equals the one it would replace. Returns how many rows were written.
 */
export function* addRows(state: DraftState, staged: RowList): Steps<number> {
  const rows = yield* supersede(state, staged, yield* stagedKeys(staged));
  if (rows.length === 0) return 0;
  yield* state.write(rows);
  if (state.centroids.size === 0) yield* createFirstShards(state, rows);
  else yield* appendToNearest(state, rows);
  if (state.hasShardOver(MOST_OVERFLOW)) yield* splitOverfull(state);
  return rows.length;
}

/** Buries rows that have the keys of staged rows. Returns the staged rows without those that are there already. */
function* supersede(state: DraftState, staged: RowList, keys: StagedKeys): Steps<RowList> {
  const wanted = new Map<ShardId, Set<string>>();
  let pause = LOOKUPS;
  for (const documentId of keys.documentIds()) {
    if (--pause === 0) {
      yield;
      pause = LOOKUPS;
    }
    for (const shard of shardsOfExtents(state, documentId, keys.extentsOf(documentId))) {
      const documentIds = wanted.get(shard);
      if (documentIds === undefined) wanted.set(shard, new Set([documentId]));
      else documentIds.add(documentId);
    }
  }
  const unchanged = new Set<number>();
  for (const [shard, ids] of wanted) {
    const wantedIds = new WantedIds(ids);
    state.bury(shard, (columns, row) => {
      const [start, length] = [columns.starts[row], columns.lengths[row]];
      if (!keys.mayHave(start, length)) return false;
      const documentId = wantedIds.idAt(columns.ids, row);
      if (documentId === undefined) return false;
      const i = keys.find(documentId, start, length);
      if (i < 0) return false;
      if (!sameVector(columnsOf(staged.blocks[i]), staged.rows[i], columns, row)) return true;
      unchanged.add(i);
      return false;
    });
    yield;
  }
  // Of rows with the same key the last one is written, as if they had been added one after another.
  if (unchanged.size === 0 && keys.size === staged.length) return staged;
  return yield* filtered(staged, (i) => !unchanged.has(i) && keys.isLast(i));
}

/** Makes the first shard of an index, or several at once if the rows do not fit into one. */
function* createFirstShards(state: DraftState, rows: RowList): Steps<void> {
  if (rows.length > state.config.shardCapacity) {
    yield* split(state, [{ gone: undefined, rows }]);
    return;
  }
  const id = state.takeShardId();
  const centroid = yield* meanOfRows(rows, state.config);
  const replacement = yield* state.replacement(new Set(), [{ id, centroid, rows }]);
  const arrivals = yield* route(state, replacement.centroids, rows);
  yield* state.rearrange({ replacement, arrivals });
}

/** Appends rows to their nearest shards. If more arrive than a shard can hold, they are split together with its own. */
function* appendToNearest(state: DraftState, rows: RowList): Steps<void> {
  const arrivals = yield* route(state, state.centroids, rows);
  const jobs: SplitJob[] = [];
  const { config } = state;
  for (const id of arrivals.keys())
    if (2 * state.shard(id).rows.liveCount > config.shardCapacity)
      yield* rehearseSplit(state.shard(id), config);
  for (const [id, { rows: arriving }] of arrivals) {
    if (arriving.length <= state.config.shardCapacity) continue;
    const all = liveRows(state.shard(id).rows);
    for (let i = 0; i < arriving.length; i++) all.push(arriving.blocks[i], arriving.rows[i]);
    jobs.push({ gone: id, rows: all });
    arrivals.delete(id);
    yield;
  }
  yield* state.rearrange({ arrivals });
  if (jobs.length > 0) yield* split(state, jobs);
}

/** Finds the nearest shard of each row. Also writes the separation to the staged row, where a split reads it. */
function* route(state: DraftState, table: CentroidTable, rows: RowList): Steps<ArrivalsByShard> {
  const { probe, finder } = state.routing;
  const arrivals = new ArrivalsByShard();
  const pause = Math.min(LOOKUPS, roundsPerStep(table.size * state.config.dimensions));
  for (let i = 0; i < rows.length; i++) {
    if (i % pause === 0) yield;
    const block = rows.blocks[i];
    const row = rows.rows[i];
    const columns = columnsOf(block);
    fillProbe(probe, columns, row);
    const home = finder.find(table, probe);
    arrivals.of(home.id).push(block, row, home.value);
    columns.separations[row] = home.value;
  }
  return arrivals;
}

/** Returns the rows of a list that pass a test. */
function* filtered(list: RowList, keep: (i: number) => boolean): Steps<RowList> {
  const rest = new RowList();
  for (let i = 0; i < list.length; i++) {
    if (i % LOOKUPS === LOOKUPS - 1) yield;
    if (keep(i)) rest.push(list.blocks[i], list.rows[i]);
  }
  return rest;
}
