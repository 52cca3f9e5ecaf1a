// Moves rows to nearer new centroids after a split (the reassign step of LIRE), and refines parts by k-means.
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
 * Lloyd rounds over all parts of a bulk split. On word vectors two more than two save 6 to 9 % of the rows that a recall
 * takes, for a tenth of the time of building; four more than those save another 1 to 3 %.
 */
const REFINE_ROUNDS = 4;
/** Fewer parts than this are left as 2-means made them. */
const REFINE_FROM = 8;
/** Parts around its own that a row is compared with in those rounds. */
const REFINE_NEAR = 64;

/**
 * Neighbours are looked for in this many chunks of centroids, and one for each 16 neighbours wanted: all of them up to
 * a thousand shards. Beyond that a neighbour may be missed, in return for not looking at every shard at every split.
 */
const NEAR_CHUNKS = 12;

/** Parts a bulk split once more by k-means over all of its parts, which bisecting alone only approximates. */
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
    // The means of all rounds but the last are soon gone, and so in one piece.
    const memory = round + 1 < REFINE_ROUNDS ? new ArrayBuffer(4 * dimensions * current.length) : undefined;
    for (const [at, { id, centroid }] of current.entries()) {
      const rows = next.get(id) as RowList;
      const place = memory && new Float32Array(memory, 4 * dimensions * at, dimensions);
      const mean = rows.length === 0 ? centroid : yield* meanOfRows(rows, config, sums, place);
      moved.push({ id, rows, centroid: mean });
    }
    current = moved;
  }
  return current.filter((part) => part.rows.length > 0);
}

/** What {@link placed} found. */
export interface Placement {
  /** What each part ends up with, and what old shards get from them. */
  readonly arrivals: ArrivalsByShard;
  /** The old shards around the parts, each with the parts near it. */
  readonly neighbours: ReadonlyMap<ShardId, readonly Part[]>;
  /** Pairs of a part and an old shard whose centroid may be nearer to rows of the part, one behind the other. */
  readonly left: readonly ShardId[];
}

/**
 * Finds for each row of the parts the nearest shard, among the `reach` nearest ones to its part (I6). Old shards are
 * left out where comparing with them is not paid for: `spends` is told how many multiplications that takes.
 * Time: O(rows · reach · dimensions).
 */
export function* placed(
  { parts, centroids }: Pick<Replacement, 'parts' | 'centroids'>,
  config: ShardexConfig,
  reach: number,
  oldCentroid: (id: ShardId) => Centroid,
  spends: (cost: number) => boolean = () => true,
): Steps<Placement> {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const arrivals = new ArrivalsByShard(parts.map((part) => [part.id, new Arrivals()]));
  const neighbours = new Map<ShardId, Part[]>();
  const left: ShardId[] = [];
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
    // The shard that a row comes from was its nearest: no old one can be nearer than that one was.
    const loose: number[] = [];
    for (let i = 0; i < rows.length; i++)
      if (homes.separations[i] > columnsOf(rows.blocks[i]).separations[rows.rows[i]]) loose.push(i);
    const elsewhere = new Map<number, Found>();
    if (old.length > 0 && !spends(loose.length * old.length * config.dimensions))
      for (const id of old) left.push(part.id, id);
    else if (old.length > 0) {
      const finder = finderFor(old.map(oldCentroid));
      const pause = roundsPerStep(old.length * config.dimensions);
      for (let l = 0; l < loose.length; l++) {
        if (l % pause === 0) yield;
        const i = loose[l];
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
  return { arrivals, neighbours, left };
}

/** For each row the nearest of some centroids, of equally near ones the first, by its index. */
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
 * Where rows of a shard are nearer to one of the parts around it than to their own centroid, gives them to that part.
 * Time: O(rows · parts · dimensions), or less where the triangle inequality rules a part out.
 */
export function* attracted(
  shard: Shard,
  parts: readonly Pick<Shard, 'id' | 'centroid'>[],
  config: ShardexConfig,
  arrivals: ArrivalsByShard,
): Steps<Leavers> {
  const { metric } = config;
  const leavers = new Map<RowBlock, Set<number>>();
  const centre = centroidProbe(shard.centroid);
  const radius = chord(metric, radiusOf(shard));
  const pulls = parts.filter((part) => {
    const apart = new Float64Array(1);
    separations(metric, centre, matrixOf(part.centroid), 0, 1, apart);
    // No row of the shard can be nearer to a centroid that is twice the shard's radius away; with slack for rounding.
    return chord(metric, apart[0]) <= 2 * radius * (1 + 1e-6) + 1e-6;
  });
  if (pulls.length === 0) return leavers;
  const list = liveRows(shard.rows);
  const loaded = new LoadedRows(config, list);
  const outs: Float64Array[] = [];
  for (const { centroid } of pulls) {
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
    arrivals.of(pulls[best].id).push(block, row, least);
    (leavers.get(block) ?? put(leavers, block, new Set())).add(row);
  }
  return leavers;
}

/** The ids of the shards nearest to a part, its own first: a row moves only to one that is strictly nearer. */
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

/** The greatest separation of a live row from its shard's centroid. */
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
