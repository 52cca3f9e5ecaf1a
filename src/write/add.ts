// Adds rows to a draft: replaces those that have their keys, and puts each into its nearest shard.
import { fillProbe } from '../geometry/metric.js';
import { type Steps, roundsPerStep } from '../collections/steps.js';
import { withCentroids } from '../version/centroid-table.js';
import { WantedIds } from '../collections/id-column.js';
import { RowList, columnsOf, digestRows, sameVector } from '../version/row-block.js';
import { type ShardId, meanInSteps } from '../version/shard.js';
import { appended, liveRows, rowsFrom } from '../version/shard-rows.js';
import { bury } from './bury.js';
import type { DraftState } from './draft-state.js';
import { type SplitJob, split, splitOverfull } from './rebalance.js';
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
  const { rows, superseded } = yield* supersede(state, staged, yield* stagedKeys(staged));
  if (rows.length === 0) return 0;
  yield* digestRows(state.digest, rows);
  state.written.add(rows);
  if (state.centroids.size === 0) yield* found(state, rows);
  else yield* settleInto(state, rows);
  for (const [shard, documentIds] of superseded) {
    state.dropFromDocuments(documentIds, shard);
    yield;
  }
  for (const id of state.overfull) {
    if (state.shard(id).rows.liveCount > PATIENCE * state.config.shardCapacity) {
      yield* splitOverfull(state);
      break;
    }
  }
  return rows.length;
}

/** Buries the rows that have one of these keys, wherever they are. Returns the rows that are not there already. */
function* supersede(
  state: DraftState,
  staged: RowList,
  keys: StagedKeys,
): Steps<{ rows: RowList; superseded: Map<ShardId, ReadonlySet<string>> }> {
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
  const superseded = new Map<ShardId, ReadonlySet<string>>();
  for (const [shard, ids] of wanted) {
    const wantedIds = new WantedIds(ids);
    const { count, documentIds } = bury(state, shard, (columns, row) => {
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
    if (count > 0) superseded.set(shard, documentIds);
    yield;
  }
  // Of rows with the same key the last one is written, as if they had been added one after another.
  if (unchanged.size === 0 && keys.size === staged.length) return { rows: staged, superseded };
  const rows = yield* picked(staged, (i) => !unchanged.has(i) && keys.isFound(i));
  return { rows, superseded };
}

/** The first shard of an index, or several of them at once where the rows do not fit into one. */
function* found(state: DraftState, rows: RowList): Steps<void> {
  const { metric, dimensions, shardCapacity } = state.config;
  if (rows.length > shardCapacity) {
    yield* split(state, [{ gone: undefined, rows }]);
    return;
  }
  const id = state.takeShardId();
  const centroid = yield* meanInSteps(rows, metric, dimensions);
  const table = withCentroids(state.centroids, metric, new Set(), [{ id, centroid }]);
  state.setCentroids(table);
  const { apart } = yield* routed(state, rows);
  state.insertShard({ id, centroid, rows: rowsFrom(rows, apart, dimensions) });
  state.addToDocuments(rows, id);
}

/** Routes rows in bulk; where more arrive than a shard holds, they are parted together with what is there. */
function* settleInto(state: DraftState, rows: RowList): Steps<void> {
  const { dimensions, shardCapacity } = state.config;
  const { homes, apart } = yield* routed(state, rows);
  const arrivals = new Map<ShardId, { rows: RowList; apart: number[] }>();
  for (let i = 0; i < rows.length; i++) {
    if (i % LOOKUPS === LOOKUPS - 1) yield;
    let arriving = arrivals.get(homes[i]);
    if (arriving === undefined) arrivals.set(homes[i], (arriving = { rows: new RowList(), apart: [] }));
    arriving.rows.push(rows.blocks[i], rows.rows[i]);
    arriving.apart.push(apart[i]);
  }
  const jobs: SplitJob[] = [];
  for (const [id, arriving] of arrivals) {
    if (arriving.rows.length > shardCapacity) {
      const all = liveRows(state.shard(id).rows);
      for (let i = 0; i < arriving.rows.length; i++) all.push(arriving.rows.blocks[i], arriving.rows.rows[i]);
      jobs.push({ gone: id, rows: all });
    } else {
      state.setRows(id, appended(state.shard(id).rows, arriving.rows, arriving.apart, dimensions));
      state.addToDocuments(arriving.rows, id);
    }
    yield;
  }
  if (jobs.length > 0) yield* split(state, jobs);
}

/** The nearest shard of each row, and how far it is; also noted in the staged row, where a split will look for it. */
function* routed(state: DraftState, rows: RowList): Steps<{ homes: ShardId[]; apart: number[] }> {
  const { probe, finder } = state.routing;
  const homes: ShardId[] = [];
  const apart: number[] = [];
  const pause = roundsPerStep(state.centroids.size * state.config.dimensions);
  for (let i = 0; i < rows.length; i++) {
    if (i % pause === 0) yield;
    const columns = columnsOf(rows.blocks[i]);
    fillProbe(probe, columns, rows.rows[i]);
    const home = finder.find(state.centroids, probe);
    homes.push(home.id);
    apart.push(home.value);
    columns.separations[rows.rows[i]] = home.value;
  }
  return { homes, apart };
}

function* picked(list: RowList, keep: (i: number) => boolean): Steps<RowList> {
  const rest = new RowList();
  for (let i = 0; i < list.length; i++) {
    if (i % LOOKUPS === LOOKUPS - 1) yield;
    if (keep(i)) rest.push(list.blocks[i], list.rows[i]);
  }
  return rest;
}
