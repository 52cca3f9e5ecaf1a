import { CALIBRATED_K, CALIBRATED_RECALL, type Calibration } from '../version/calibration.js';
import type { Sureness } from './estimates.js';
import type { Near } from './near-shards.js';

/*
 * Which shards to scan for a recall. What decides is how likely a shard holds a neighbour, for the rows that it costs
 * to look; and that falls with its place among the nearest centroids at least as surely as with its distance. Rules by
 * distance alone (gaps, ratios, bisecting planes, the k-th distance so far) waste rows on queries that are far from
 * everything. Both together need 13 to 30 % fewer rows than a fixed number of shards, on word vectors and others.
 */

/** How much the gap counts for beside the place: best between 1 and 2 on all data tried, and flat there. */
const WEIGHT = 1.5;

/**
 * Where more or fewer shards than at the calibration: the places to look at for a recall grow with the root of their
 * number.
 */
const GROWTH = 0.5;

/** What a shard at this place, counted from 0, is worth; the smaller, the sooner it is scanned. Never falls. */
export function costOf(place: number, apart: number, nearest: number, gap: number): number {
  return Math.log(place + 1) + (gap > 0 ? (WEIGHT * Math.max(0, apart - nearest)) / gap : 0);
}

/** Of what a recall allows to be missed, this share may be lost to estimates, inside the shards that are scanned. */
const LOST = 1 / 9;

/**
 * How sure estimates have to be for a recall, so as to lose no more than that: the more of the allowed loss goes to rows
 * that are passed over, the fewer have to be measured, and the more shards have to be scanned. Fitted to what takes the
 * least time on word vectors; what is lost is a matter of the codes rather than of the data.
 */
export function surenessFor(recall: number): Sureness {
  return 0.62 - 0.34 * Math.log(1 - recall);
}

/** Up to which cost shards are scanned for a recall of the best k. */
export function limitFor(calibration: Calibration, k: number, recall: number, shardCount: number): number {
  const byK = calibration.limits.map((limits) =>
    interpolated(CALIBRATED_RECALL, limits, recall + LOST * (1 - recall)),
  );
  const logs = CALIBRATED_K.map(Math.log);
  const limit = k > CALIBRATED_K[2] ? beyond(logs, byK, Math.log(k)) : interpolated(logs, byK, Math.log(k));
  return limit + GROWTH * Math.log(Math.max(1, shardCount) / calibration.shardCount);
}

/** No more shards than this can be within a limit. */
export function mostPlaces(limit: number, shardCount: number): number {
  return Math.max(1, Math.min(shardCount, Math.floor(Math.exp(limit) * (1 + 1e-9))));
}

/** No shard that is farther than the nearest by more than this is within a limit. */
export function reachWithin(limit: number, gap: number): number {
  return gap > 0 ? (limit * gap) / WEIGHT : Infinity;
}

/** How many of the nearest shards are within a limit; at least one. */
export function placesWithin(limit: number, { apart }: Near, gap: number): number {
  let places = 1;
  while (places < apart.length && costOf(places, apart[places], apart[0], gap) <= limit) places++;
  return places;
}

function interpolated(xs: readonly number[], ys: readonly number[], x: number): number {
  if (x <= xs[0]) return ys[0];
  for (let i = 1; i < xs.length; i++) {
    if (x > xs[i]) continue;
    const share = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
    return ys[i - 1] + share * (ys[i] - ys[i - 1]);
  }
  return ys[ys.length - 1];
}

/** On from the last two points. */
function beyond(xs: readonly number[], ys: readonly number[], x: number): number {
  const last = xs.length - 1;
  const slope = Math.max(0, (ys[last] - ys[last - 1]) / (xs[last] - xs[last - 1]));
  return ys[last] + slope * (x - xs[last]);
}
