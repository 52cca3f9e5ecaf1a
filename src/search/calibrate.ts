import type { Metric } from '../config.js';
import { type ReusableProbe, fillProbe, reusableProbe } from '../geometry/metric.js';
import { seededRandom } from '../geometry/random.js';
import type { Steps } from '../steps.js';
import { CALIBRATED_K, CALIBRATED_RECALL, type Calibration, GAP_PLACE } from '../version/calibration.js';
import { type Columns, columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Engine, lenderForOnce } from './engine.js';
import { type Near, nearShards } from './near-shards.js';
import { QueryRoom, queryOfProbe } from './query.js';
import { ShardScan } from './shard-scan.js';
import { costOf } from './stopping.js';
import { TopK } from './top-k.js';

/**
 * Postings that are looked for: with so many the recall of an index that has grown or changed is within a hundredth of that of
 * a fresh one. With a quarter of them an index of words that had grown tenfold was two hundredths below.
 */
const SAMPLE = 1024;

/**
 * What is taken for the true neighbours is found in this share of the rows, with codes at hand, and in so many rows at
 * least.
 */
const WIDE_SHARE = 1 / 6;
const WIDE_ROWS = 20_000;

/** When this many times as many estimates wait as will be measured, only the best of them go on waiting. */
const PRUNED = 8;

type Calibrating = Pick<ShardexIndex, 'config' | 'centroids' | 'shards' | 'postingCount'>;

/**
 * Measures how far searches have to look: looks for a sample of the index's own postings, each without itself, and notes
 * where among the nearest shards their neighbours are. Deterministic (I10). Time: O(sample · rows / 6).
 */
export function* calibrate(index: Calibrating): Steps<Calibration> {
  const lend = lenderForOnce(index.config);
  const probe = reusableProbe(index.config.dimensions);
  const room = new QueryRoom(index.config.dimensions);
  const looked: Looked[] = [];
  for (const row of yield* sample(index)) {
    looked.push(lend((engine) => look(index, engine, row, probe, room)));
    yield;
  }
  const gaps = looked.map(
    ({ near }) => near.apart[Math.min(GAP_PLACE, near.apart.length) - 1] - near.apart[0],
  );
  const gap = gaps.reduce((sum, each) => sum + each, 0) / gaps.length;
  const limits: (readonly number[])[] = [];
  for (const k of CALIBRATED_K) limits.push(yield* limitsFor(looked, gap, k));
  return Object.freeze({
    postingCount: index.postingCount,
    shardCount: index.centroids.size,
    sampleSize: looked.length,
    gap,
    limits: Object.freeze(limits),
  });
}

/** Shards, and how far they are. */
type Places = Omit<Near, 'values'>;

/** What looking for one posting came to: the shards around it, and where among them its neighbours are, in order. */
interface Looked {
  readonly near: Places;
  readonly places: readonly number[];
}

/**
 * How far to go for each recall of the best k: as far as that share of the neighbours is, and one standard error more,
 * because a sample may by chance be easier than what will be searched for.
 */
function* limitsFor(looked: readonly Looked[], gap: number, k: number): Steps<readonly number[]> {
  const byQuery = looked.map(({ near, places }) =>
    places.slice(0, k).map((place) => costOf(place, near.apart[place], near.apart[0], gap)),
  );
  const costs = Float64Array.from(byQuery.flat()).sort();
  const limitAt = (recall: number): number =>
    costs[Math.min(costs.length, Math.ceil(recall * costs.length)) - 1] ?? 0;
  const limits: number[] = [];
  for (const recall of CALIBRATED_RECALL) {
    yield;
    const limit = limitAt(recall);
    const missed = byQuery.map((own) => own.filter((cost) => cost > limit).length / Math.max(1, own.length));
    const mean = missed.reduce((sum, share) => sum + share, 0) / missed.length;
    const spread = missed.reduce((sum, share) => sum + (share - mean) ** 2, 0) / missed.length;
    limits.push(limitAt(Math.min((1 + recall) / 2, recall + Math.sqrt(spread / missed.length))));
  }
  return Object.freeze(limits);
}

interface Sampled {
  readonly home: Shard;
  readonly columns: Columns;
  readonly row: number;
}

/** Postings drawn evenly, in the order of their shards. */
function* sample({ shards, postingCount, config }: Calibrating): Steps<Sampled[]> {
  const random = seededRandom(config.seed);
  const count = Math.min(SAMPLE, postingCount);
  const wanted = Array.from({ length: count }, (_, i) => Math.floor(((i + random()) * postingCount) / count));
  const found: Sampled[] = [];
  let before = 0;
  let next = 0;
  for (const id of [...shards.keys()].sort((a, b) => a - b)) {
    const home = shards.get(id) as Shard;
    const after = before + home.rows.liveCount;
    if (next < count && wanted[next] < after) {
      let place = before;
      eachLive(home.rows, (columns, row) => {
        for (; next < count && wanted[next] === place; next++) found.push({ home, columns, row });
        place++;
        return next === count;
      });
    }
    before = after;
    yield;
  }
  return found;
}

/** Looks for a posting as if it were not there. */
function look(
  index: Calibrating,
  engine: Engine | undefined,
  { home, columns, row }: Sampled,
  probe: ReusableProbe,
  room: QueryRoom,
): Looked {
  const { config, centroids, shards, postingCount } = index;
  fillProbe(probe, columns, row);
  const query = queryOfProbe(probe, config.metric, room);
  const share = Math.max(WIDE_ROWS / postingCount, engine === undefined ? 0 : WIDE_SHARE);
  const wide = Math.ceil(centroids.size * Math.min(1, share));
  const near = withoutItself(nearShards(index, engine, query, wide), home, config.metric, query.length);
  const most = CALIBRATED_K[CALIBRATED_K.length - 1];
  const best = new TopK(most + 1, false);
  // The best by their estimates are measured, and no others: for the question where neighbours lie, they will do.
  const scan = new ShardScan(index, query, best, undefined, engine, 0);
  const placeOf = new Map<Columns, number>();
  near.ids.forEach((id, place) => {
    const shard = shards.get(id) as Shard;
    for (const { block } of shard.rows.segments) placeOf.set(columnsOf(block), place);
    scan.scan(id);
    if (scan.waiting > PRUNED * most) scan.keepBest(most + 1);
  });
  scan.keepBest(most + 1);
  scan.measure();
  const places = best
    .sorted()
    .filter((found) => found.columns !== columns || found.row !== row)
    .slice(0, most)
    .map((found) => placeOf.get(found.columns) as number);
  return { near, places };
}

/**
 * The shards as they would be ranked if the posting were not among them: its own centroid is nearer to it than it would
 * be to a stranger, since it is the mean of its members. Without one of n it is n / (n − 1) times as far.
 */
function withoutItself({ ids, apart }: Places, home: Shard, metric: Metric, length: number): Places {
  const n = home.rows.liveCount;
  if (n < 2) return { ids, apart };
  const corrected = ids.map((id, i): [ShardId, number] => {
    if (id !== home.id) return [id, apart[i]];
    return [id, (n * apart[i] + (metric === 'dot' ? length : 0)) / (n - 1)];
  });
  corrected.sort(([a, x], [b, y]) => x - y || a - b);
  return { ids: corrected.map(([id]) => id), apart: corrected.map(([, x]) => x) };
}
