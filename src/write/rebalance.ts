import { type Matrix, chord, fillProbe, reusableProbe, separations } from '../geometry/metric.js';
import { rankShards, withCentroids } from '../version/centroid-table.js';
import { type RowBlock, RowList, columnsOf } from '../version/row-block.js';
import { type Centroid, type Shard, type ShardId, centroidProbe, matrixOf, meanOf } from '../version/shard.js';
import { appended, eachLive, isDead, liveRows, rowsFrom } from '../version/shard-rows.js';
import { bury } from './bury.js';
import type { DraftState } from './draft-state.js';
import { parts } from './split.js';

/*
 * Keeps shards within their capacity and postings near their centroid, inside the commit that upset them: the split
 * and reassign steps of LIRE (Xu et al., SPFresh, SOSP 2023). It is simpler here, as nothing can be stale.
 */

/** A shard with fewer live postings than this share of its capacity is merged away, once it has shrunk. */
const LEAST_FILL = 1 / 8;

/** A merge may fill a shard up to this share; far below what splits it, so that the two cannot take turns. */
const MERGE_FILL = 0.8;

/** After so many rounds of splits caused by splits, rows stay where the split put them. Not reached by any test data. */
const MOST_ROUNDS = 64;

/** Rows to be parted into new shards, and the shard they came from if any. */
export interface SplitJob {
  readonly gone: ShardId | undefined;
  readonly rows: RowList;
}

interface Fresh {
  readonly id: ShardId;
  readonly centroid: Centroid;
  readonly part: RowList;
  /** What it ends up with, and how far each row is from its centroid. */
  readonly rows: RowList;
  readonly separations: number[];
}

/** Restores the bounds on shard sizes. Every draft is settled before its state is published or previewed. */
export function settle(state: DraftState): void {
  splitOverfull(state);
  mergeShrunk(state);
}

/** Splits every shard over capacity, and those that overflow by it, until none is left. */
export function splitOverfull(state: DraftState): void {
  for (let round = 0; state.overfull.size > 0; round++) {
    const jobs: SplitJob[] = [];
    for (const id of [...state.overfull].sort((a, b) => a - b)) {
      const { rows } = state.shard(id);
      if (rows.liveCount > state.config.shardCapacity) jobs.push({ gone: id, rows: liveRows(rows) });
    }
    state.overfull.clear();
    if (jobs.length > 0) split(state, jobs, round < MOST_ROUNDS);
  }
}

/** Replaces shards by parts of their rows, then moves what now belongs elsewhere (I6). */
export function split(state: DraftState, jobs: readonly SplitJob[], reassign = true): void {
  const { metric, dimensions } = state.config;
  const fresh: Fresh[] = [];
  const gone = new Set<ShardId>();
  for (const job of jobs) {
    if (job.gone !== undefined) gone.add(job.gone);
    for (const part of parts(job.rows, state.config)) {
      const id = state.takeShardId();
      fresh.push({ id, centroid: meanOf(part, metric, dimensions), part, rows: new RowList(), separations: [] });
    }
  }
  for (const id of gone) state.deleteShard(id);
  state.setCentroids(withCentroids(state.centroids, metric, gone, fresh));

  const reach = !reassign ? 0 : state.config.reassign === 'strict' ? Infinity : state.config.reassign;
  const { neighbours, settlers } = placeParts(state, fresh, reach);
  const leavers = attract(state, neighbours);

  for (const job of jobs) if (job.gone !== undefined) state.removeFromDocuments(job.rows, job.gone);
  for (const [id, rows] of leavers) bury(state, id, (_, row, segment) => rows.get(segment.block)?.has(row) === true);
  for (const { id, centroid, part, rows, separations: apart } of fresh) {
    state.insertShard({ id, centroid, rows: rowsFrom(rows, apart, dimensions) });
    state.addToDocuments(rows, id);
    if (rows.length < part.length) state.shrunk.add(id);
  }
  for (const [id, { rows, separations: apart }] of settlers) {
    if (rows.length === 0) continue;
    state.setRows(id, appended(state.shard(id).rows, rows, apart, dimensions));
    state.addToDocuments(rows, id);
  }
}

/** Rows on their way to a shard. */
interface Arrivals {
  readonly rows: RowList;
  readonly separations: number[];
}

/**
 * Gives each row of the parts to the nearest of the shards around its part. Returns the old shards that were looked
 * at, with the fresh ones near each, and the rows that old shards get.
 */
function placeParts(
  state: DraftState,
  fresh: readonly Fresh[],
  reach: number,
): { neighbours: Map<ShardId, Fresh[]>; settlers: Map<ShardId, Arrivals> } {
  const { metric, dimensions } = state.config;
  const freshById = new Map(fresh.map((shard) => [shard.id, shard]));
  const neighbours = new Map<ShardId, Fresh[]>();
  const settlers = new Map<ShardId, Arrivals>();
  const probe = reusableProbe(dimensions);
  for (const own of fresh) {
    const near = reach === 0 ? [] : rankShards(state.centroids, metric, centroidProbe(own.centroid), reach + 1);
    const ids = near.map(({ id }) => id).filter((id) => id !== own.id);
    const old = ids.filter((id) => !freshById.has(id));
    for (const id of old) neighbours.set(id, [...(neighbours.get(id) ?? []), own]);
    const others = ids.filter((id) => freshById.has(id));
    // Its own centroid comes first, so that a row moves only to one that is strictly nearer.
    const homes: readonly Arrivals[] = [
      own,
      ...others.map((id) => freshById.get(id) as Fresh),
      ...old.map((id) => settlers.get(id) ?? put(settlers, id, { rows: new RowList(), separations: [] })),
    ];
    const centroids = stacked([own.centroid, ...[...others, ...old].map((id) => (freshById.get(id) ?? state.shard(id)).centroid)], dimensions);
    const out = new Float64Array(homes.length);
    const freshCount = 1 + others.length;
    for (let i = 0; i < own.part.length; i++) {
      const columns = columnsOf(own.part.blocks[i]);
      const row = own.part.rows[i];
      fillProbe(probe, columns, row);
      separations(metric, probe, centroids, 0, freshCount, out);
      let best = leastOf(out, 0, freshCount, 0);
      // The shard it comes from was its nearest: no old one can be nearer than that was.
      if (old.length > 0 && out[best] > columns.separations[row]) {
        const rest = out.subarray(freshCount);
        separations(metric, probe, centroids, freshCount, old.length, rest);
        best = leastOf(out, freshCount, homes.length, best);
      }
      homes[best].rows.push(own.part.blocks[i], row);
      homes[best].separations.push(out[best]);
    }
  }
  return { neighbours, settlers };
}

/** Where rows of old shards are nearer to a fresh centroid than to their own, gives them to the fresh shard. */
function attract(
  state: DraftState,
  neighbours: ReadonlyMap<ShardId, readonly Fresh[]>,
): Map<ShardId, Map<RowBlock, Set<number>>> {
  const { metric } = state.config;
  const leavers = new Map<ShardId, Map<RowBlock, Set<number>>>();
  for (const [id, near] of neighbours) {
    const shard = state.shard(id);
    const centre = centroidProbe(shard.centroid);
    const radius = chord(metric, radiusOf(shard));
    const pulls = near.filter((fresh) => {
      const apart = new Float64Array(1);
      separations(metric, centre, matrixOf(fresh.centroid), 0, 1, apart);
      // Triangle inequality: no row of the shard can be nearer to a centroid that is twice its radius away.
      return chord(metric, apart[0]) <= 2 * radius * (1 + 1e-6) + 1e-6;
    });
    if (pulls.length === 0) continue;
    const probes = pulls.map((fresh) => centroidProbe(fresh.centroid));
    for (const segment of shard.rows.segments) {
      const columns = columnsOf(segment.block);
      const outs = probes.map((probe) => {
        const out = new Float64Array(segment.visible);
        separations(metric, probe, columns, 0, segment.visible, out);
        return out;
      });
      for (let row = 0; row < segment.visible; row++) {
        let least = columns.separations[row];
        let best = -1;
        for (let f = 0; f < outs.length; f++) {
          if (outs[f][row] < least) [best, least] = [f, outs[f][row]];
        }
        if (best < 0 || isDead(segment, row)) continue;
        pulls[best].rows.push(segment.block, row);
        pulls[best].separations.push(least);
        const moved = leavers.get(id) ?? put(leavers, id, new Map<RowBlock, Set<number>>());
        (moved.get(segment.block) ?? put(moved, segment.block, new Set<number>())).add(row);
      }
    }
  }
  return leavers;
}

/** Takes out shards that became empty, and merges those that became too small into their neighbours. */
function mergeShrunk(state: DraftState): void {
  const least = Math.floor(state.config.shardCapacity * LEAST_FILL);
  const shrunk = [...state.shrunk].sort((a, b) => a - b);
  state.shrunk.clear();
  const empty = new Set(shrunk.filter((id) => state.hasShard(id) && state.shard(id).rows.liveCount === 0));
  for (const id of empty) state.deleteShard(id);
  if (empty.size > 0) state.setCentroids(withCentroids(state.centroids, state.config.metric, empty, []));
  for (const id of shrunk) {
    if (state.hasShard(id) && state.shard(id).rows.liveCount < least && state.centroids.size > 1) dissolve(state, id);
  }
}

/** Gives each posting of a shard to the nearest other shard; does nothing where one of those would become too full. */
function dissolve(state: DraftState, id: ShardId): void {
  const { metric, dimensions, shardCapacity } = state.config;
  const rest = withCentroids(state.centroids, metric, new Set([id]), []);
  const rows = liveRows(state.shard(id).rows);
  const arrivals = new Map<ShardId, Arrivals>();
  const probe = reusableProbe(dimensions);
  for (let i = 0; i < rows.length; i++) {
    fillProbe(probe, columnsOf(rows.blocks[i]), rows.rows[i]);
    const [home] = rankShards(rest, metric, probe, 1);
    const arriving = arrivals.get(home.id) ?? put(arrivals, home.id, { rows: new RowList(), separations: [] });
    arriving.rows.push(rows.blocks[i], rows.rows[i]);
    arriving.separations.push(home.value);
  }
  for (const [home, arriving] of arrivals) {
    if (state.shard(home).rows.liveCount + arriving.rows.length > shardCapacity * MERGE_FILL) return;
  }
  state.deleteShard(id);
  state.setCentroids(rest);
  state.removeFromDocuments(rows, id);
  for (const [home, arriving] of arrivals) {
    state.setRows(home, appended(state.shard(home).rows, arriving.rows, arriving.separations, dimensions));
    state.addToDocuments(arriving.rows, home);
  }
}

/** The greatest separation of a live row from its shard's centroid. */
function radiusOf(shard: Shard): number {
  let radius = 0;
  eachLive(shard.rows, (columns, row) => {
    if (columns.separations[row] > radius) radius = columns.separations[row];
  });
  return radius;
}

function leastOf(values: Float64Array, from: number, to: number, start: number): number {
  let best = start;
  for (let i = from; i < to; i++) if (values[i] < values[best]) best = i;
  return best;
}

function stacked(centroids: readonly Centroid[], dimensions: number): Matrix {
  const vectors = new Float32Array(centroids.length * dimensions);
  const squaredNorms = new Float64Array(centroids.length);
  centroids.forEach((centroid, c) => {
    const matrix = matrixOf(centroid);
    vectors.set(matrix.vectors, c * dimensions);
    squaredNorms[c] = matrix.squaredNorms[0];
  });
  return { vectors, squaredNorms };
}

function put<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}
