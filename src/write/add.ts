// Adds rows to a draft: replaces those that have their keys, and puts each into its nearest shard.
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
import { shardsOfPlaces } from './remove.js';
import { type StagedKeys, stagedKeys } from './staged-keys.js';

/** A shard that overflows in a draft is split at once when it holds this many times its capacity, else at the end. */
const PATIENCE = 2;

/** Look-ups of a key or a document in one step: some hundred nanoseconds each. */
const LOOKUPS = 256;

/**
 * Adds checked, staged rows: replaces the rows that have their keys (I5), and puts each into its nearest shard (I6).
 * A row equal to the one it would replace is left out. Returns how many rows were written.
 */
export function* addRows(state: DraftState, staged: RowList): Steps<number> {
  const rows = yield* supersede(state, staged, yield* stagedKeys(staged));
  if (rows.length === 0) return 0;
  yield* state.write(rows);
  if (state.centroids.size === 0) yield* found(state, rows);
  else yield* settleInto(state, rows);
  if (state.isStrained(PATIENCE)) yield* splitOverfull(state);
  return rows.length;
}

/** Buries the rows that have one of these keys, wherever they are. Returns the rows that are not there already. */
function* supersede(state: DraftState, staged: RowList, keys: StagedKeys): Steps<RowList> {
  const wanted = new Map<ShardId, Set<string>>();
  let pause = LOOKUPS;
  for (const documentId of keys.documentIds()) {
    if (--pause === 0) {
      yield;
      pause = LOOKUPS;
    }
    for (const shard of shardsOfPlaces(state, documentId, keys.placesOf(documentId))) {
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
  return yield* picked(staged, (i) => !unchanged.has(i) && keys.isFound(i));
}

/** The first shard of an index, or several of them at once where the rows do not fit into one. */
function* found(state: DraftState, rows: RowList): Steps<void> {
  if (rows.length > state.config.shardCapacity) {
    yield* split(state, [{ gone: undefined, rows }]);
    return;
  }
  const id = state.takeShardId();
  const centroid = yield* meanOfRows(rows, state.config);
  const replacement = yield* state.replacement(new Set(), [{ id, centroid, rows }]);
  const arrivals = yield* routed(state, replacement.centroids, rows);
  yield* state.rearrange({ replacement, arrivals });
}

/** Routes rows in bulk; where more arrive than a shard holds, they are parted together with what is there. */
function* settleInto(state: DraftState, rows: RowList): Steps<void> {
  const arrivals = yield* routed(state, state.centroids, rows);
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

/**
 * Finds the nearest shard of each row, and how far it is, which is noted in the staged row, too: a split will look for it
 * there.
 */
function* routed(state: DraftState, table: CentroidTable, rows: RowList): Steps<ArrivalsByShard> {
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

/** The rows of a list that are to be kept. */
function* picked(list: RowList, keep: (i: number) => boolean): Steps<RowList> {
  const rest = new RowList();
  for (let i = 0; i < list.length; i++) {
    if (i % LOOKUPS === LOOKUPS - 1) yield;
    if (keep(i)) rest.push(list.blocks[i], list.rows[i]);
  }
  return rest;
}
