// Moves rows to the nearest centroid after a split (the reassign step of LIRE), and refines the parts of a bulk split.
import type { ShardexConfig } from '../config.js';
import { type ReusableProbe, chord, fillProbe, reusableProbe, separations } from '../geometry/metric.js';
import { type Steps, inSteps, roundsPerStep } from '../collections/steps.js';
import { CentroidTable, rankShards, withCentroidsInSteps } from '../version/centroid-table.js';
import { type RowBlock, RowList, columnsOf } from '../version/row-block.js';
import { type Centroid, type Shard, type ShardId, centroidProbe, matrixOf } from '../version/shard.js';
import { eachLive, liveRows } from '../version/shard-rows.js';
import { LoadedRows, meanOfRows } from './loaded-rows.js';
import { Arrivals, ArrivalsByShard, type Leavers, type Part, type Replacement } from './moves.js';
import { BATCH, FEWEST, type Found, nearestFinders } from './nearest-finder.js';

/**
 * Lloyd rounds over all parts of a bulk split. On word vectors, searches for an equal recall scan 6 to 9 % fewer rows after
 * four rounds than after two, and building takes a tenth longer. Eight rounds would save another 1 to 3 %.
 */
const REFINE_ROUNDS = 4;
/** Fewer parts than this stay as 2-means made them. */
const REFINE_FROM = 8;
/** How many neighbours of its part a row is compared with in these rounds. */
const REFINE_NEAR = 64;

/**
 * Chunks of centroids in which neighbours are sought, besides one for each 16 neighbours wanted. These are all chunks up to
 * a thousand shards. Beyond that a neighbour may be missed; in return a split does not compare every shard.
 */
const NEAR_CHUNKS = 12;

/** Refines the parts of a bulk split by k-means over all of them, which bisecting alone only approximates. */
export function* refined(parts: readonly Part[], config: ShardexConfig): Steps<readonly Part[]> {
  if (parts.length < REFINE_FROM) return parts;
  const { metric, dimensions } = config;
  const finderFor = nearestFinders(config);
  const probe = reusableProbe(dimensions);
  const sums = new Float64Array(dimensions);
  let current = parts;
  for (let round = 0; round < REFINE_ROUNDS; round++) {
    const table = yield* withCentroidsInSteps(new CentroidTable([]), metric, new Set(), current);
    const byId = new Map(current.map((part) => [part.id, part]));
    const next = new Map(current.map((part) => [part.id, new RowList()]));
    for (const part of current) {
      const near = nearIds(table, config, part, REFINE_NEAR, probe);
      const homes = near.map((id) => next.get(id) as RowList);
      const finder = finderFor(near.map((id) => (byId.get(id) as Part).centroid));
      for (let first = 0; first < part.rows.length; first += BATCH) {
        yield;
        finder.indexes(part.rows, first).forEach((home, i) => {
          homes[home].push(part.rows.blocks[first + i], part.rows.rows[first + i]);
        });
      }
    }
    const moved: Part[] = [];
    // Means are dropped after each round but the last, so they share one piece of memory.
    const memory = round + 1 < REFINE_ROUNDS ? new ArrayBuffer(4 * dimensions * current.length) : undefined;
    for (const [at, { id, centroid }] of current.entries()) {
      const rows = next.get(id) as RowList;
      const target = memory && new Float32Array(memory, 4 * dimensions * at, dimensions);
      const mean = rows.length === 0 ? centroid : yield* meanOfRows(rows, config, sums, target);
      moved.push({ id, rows, centroid: mean });
    }
    current = moved;
  }
  return current.filter((part) => part.rows.length > 0);
}

/** Where the rows of parts belong, as {@link reassignParts} found it. */
export interface Reassignment {
  /** The rows of each part, and those that old shards get from the parts. */
  readonly arrivals: ArrivalsByShard;
  /** The old shards around the parts, each with the parts near it. */
  readonly neighbours: ReadonlyMap<ShardId, readonly Part[]>;
  /** Pairs that were not compared: the id of a part, then that of an old shard that may be nearer to rows of the part. */
  readonly owed: readonly ShardId[];
}

/**
 * Finds the nearest shard of each row of the parts, among the `reach` shards nearest to its part (I6). `trySpend` is told
 * how many multiplications old shards take. If it refuses, the part is not compared with them, and that is owed.
 * Time: O(rows · reach · dimensions).
 */
export function* reassignParts(
  { parts, centroids }: Pick<Replacement, 'parts' | 'centroids'>,
  config: ShardexConfig,
  reach: number,
  oldCentroid: (id: ShardId) => Centroid,
  trySpend: (cost: number) => boolean = () => true,
): Steps<Reassignment> {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const arrivals = new ArrivalsByShard(parts.map((part) => [part.id, new Arrivals()]));
  const neighbours = new Map<ShardId, Part[]>();
  const owed: ShardId[] = [];
  const finderFor = nearestFinders(config);
  const probe = reusableProbe(config.dimensions);
  for (const part of parts) {
    const near = reach === 0 ? [part.id] : nearIds(centroids, config, part, reach, probe);
    const old = near.filter((id) => !byId.has(id));
    for (const id of old) (neighbours.get(id) ?? put(neighbours, id, [])).push(part);
    const fresh = near.filter((id) => byId.has(id));
    const { rows } = part;
    const homes = yield* nearestOf(
      rows,
      fresh.map((id) => (byId.get(id) as Part).centroid),
      config,
      finderFor,
    );
    // The shard that a row comes from was its nearest: only a row that is now farther can be nearer to an old shard.
    const farther: number[] = [];
    for (let i = 0; i < rows.length; i++)
      if (homes.separations[i] > columnsOf(rows.blocks[i]).separations[rows.rows[i]]) farther.push(i);
    const elsewhere = new Map<number, Found>();
    if (old.length > 0 && !trySpend(farther.length * old.length * config.dimensions))
      for (const id of old) owed.push(part.id, id);
    else if (old.length > 0) {
      const finder = finderFor(old.map(oldCentroid));
      const pause = roundsPerStep(old.length * config.dimensions);
      for (let f = 0; f < farther.length; f++) {
        if (f % pause === 0) yield;
        const i = farther[f];
        const found = finder.find(rows.blocks[i], rows.rows[i], 0, old.length);
        if (found.separation < homes.separations[i]) elsewhere.set(i, found);
      }
    }
    for (let i = 0; i < rows.length; i++) {
      const found = elsewhere.get(i);
      const home = found === undefined ? fresh[homes.indexes[i]] : old[found.index];
      arrivals.of(home).push(rows.blocks[i], rows.rows[i], found?.separation ?? homes.separations[i]);
    }
  }
  return { arrivals, neighbours, owed };
}

/** The nearest of some centroids for each row, by index, with its separation. Of equally near ones it is the first. */
interface Homes {
  readonly indexes: Uint32Array;
  readonly separations: Float64Array;
}

function* nearestOf(
  rows: RowList,
  centroids: readonly Centroid[],
  config: ShardexConfig,
  finderFor: ReturnType<typeof nearestFinders>,
): Steps<Homes> {
  const indexes = new Uint32Array(rows.length);
  const separations = new Float64Array(rows.length);
  if (centroids.length >= FEWEST) {
    const finder = finderFor(centroids);
    const pause = roundsPerStep(centroids.length * config.dimensions);
    for (let i = 0; i < rows.length; i++) {
      if (i % pause === 0) yield;
      const found = finder.find(rows.blocks[i], rows.rows[i], 0, centroids.length);
      [indexes[i], separations[i]] = [found.index, found.separation];
    }
    return { indexes, separations };
  }
  const loaded = new LoadedRows(config, rows);
  const out = new Float64Array(rows.length);
  separations.fill(Infinity);
  for (const [c, centroid] of centroids.entries()) {
    const probe = centroidProbe(centroid);
    yield* inSteps(rows.length, config.dimensions, (from, to) => {
      loaded.separations(probe, from, to, out);
      for (let i = from; i < to; i++) if (out[i] < separations[i]) [indexes[i], separations[i]] = [c, out[i]];
    });
  }
  return { indexes, separations };
}

/**
 * Gives rows of a shard to parts whose centroids are nearer than their own: adds them to `arrivals`, and returns them.
 * Time: O(rows · parts · dimensions), or less if the triangle inequality rules parts out.
 */
export function* reassignShard(
  shard: Shard,
  parts: readonly Pick<Shard, 'id' | 'centroid'>[],
  config: ShardexConfig,
  arrivals: ArrivalsByShard,
): Steps<Leavers> {
  const { metric } = config;
  const leavers = new Map<RowBlock, Set<number>>();
  const centre = centroidProbe(shard.centroid);
  const radius = chord(metric, radiusOf(shard));
  const near = parts.filter((part) => {
    const separation = new Float64Array(1);
    separations(metric, centre, matrixOf(part.centroid), 0, 1, separation);
    // No row of the shard can be nearer to a centroid that is twice the shard's radius away; with slack for rounding.
    return chord(metric, separation[0]) <= 2 * radius * (1 + 1e-6) + 1e-6;
  });
  if (near.length === 0) return leavers;
  const list = liveRows(shard.rows);
  const loaded = new LoadedRows(config, list);
  const outs: Float64Array[] = [];
  for (const { centroid } of near) {
    const out = new Float64Array(list.length);
    loaded.separations(centroidProbe(centroid), 0, list.length, out);
    outs.push(out);
    yield;
  }
  for (let i = 0; i < list.length; i++) {
    const [block, row] = [list.blocks[i], list.rows[i]];
    let least = columnsOf(block).separations[row];
    let best = -1;
    for (let p = 0; p < outs.length; p++) {
      if (outs[p][i] < least) [best, least] = [p, outs[p][i]];
    }
    if (best < 0) continue;
    arrivals.of(near[best].id).push(block, row, least);
    (leavers.get(block) ?? put(leavers, block, new Set())).add(row);
  }
  return leavers;
}

/** Lists the shards nearest to a part, the part itself first: a row moves only to a strictly nearer one. */
function nearIds(
  table: CentroidTable,
  { metric }: ShardexConfig,
  part: Part,
  reach: number,
  probe: ReusableProbe,
): ShardId[] {
  fillProbe(probe, matrixOf(part.centroid), 0);
  const chunks = reach === Infinity ? Infinity : NEAR_CHUNKS + Math.ceil(reach / 16);
  const near = rankShards(table, metric, probe, reach + 1, 'separation', chunks);
  return [part.id, ...near.map(({ id }) => id).filter((id) => id !== part.id)];
}

/** Returns the greatest separation of a live row of the shard. */
function radiusOf(shard: Shard): number {
  let radius = 0;
  eachLive(shard.rows, (columns, row) => {
    if (columns.separations[row] > radius) radius = columns.separations[row];
  });
  return radius;
}

function put<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}
