/*
 * Whether a sample is outdated: recent samples are harder to find than the rest. Commits ask, so this only compares means, in
 * a few passes over numbers. The limits of a search weigh the same question by group and recall, which takes some fifty times
 * as long.
 */

import { type Calibration, type Sample, isWaiting } from './calibration.js';
import { costFrom } from './cost.js';
import { GROWTH } from './limits.js';
import { hardestOf } from './ranks.js';
import { LEAST_MEMBERS } from './recent.js';

/** Standard errors by which means have to differ; the greatest of some ten differences is seldom 3 by chance. */
const EVIDENCE = 3;

/** Whether the latest half of a sample, the latest quarter, and so on, is harder to find than the rest. Time: O(sample). */
export function isOutdated({ samples, shardCount }: Calibration): boolean {
  const all = samples.toArray().filter((sample) => !isWaiting(sample));
  if (all.length < 2 * LEAST_MEMBERS) return false;
  const hardness = hardnessOf(all, shardCount);
  return (['churn', 'born'] as const).some((age) => {
    const ages = Float64Array.from(all, (sample) => sample[age]);
    const ascending = ages.slice().sort();
    for (let size = all.length >> 1; size >= LEAST_MEMBERS; size >>= 1)
      if (isHarder(hardness, ages, ascending[all.length - size - 1])) return true;
    return false;
  });
}

/** Returns the cost of finding the 10 nearest of each sample, as if all looks were in an index of this many shards. */
function hardnessOf(samples: readonly Sample[], shardCount: number): Float64Array {
  let gaps = 0;
  for (const { gap } of samples) gaps += gap;
  const mean = gaps / samples.length;
  return Float64Array.from(samples, ({ ranks, gap, shardCount: then }) => {
    const { logRank, beyond } = hardestOf(ranks);
    const grown = logRank === 0 ? 0 : logRank + GROWTH * Math.max(0, Math.log(shardCount / then));
    return costFrom(grown, beyond * (gap > 0 ? gap : 1), mean);
  });
}

/** Whether samples younger than an age have a greater mean than the others. */
function isHarder(hardness: Float64Array, ages: Float64Array, age: number): boolean {
  const counts = [0, 0];
  const sums = [0, 0];
  const squares = [0, 0];
  for (let i = 0; i < ages.length; i++) {
    const side = ages[i] > age ? 1 : 0;
    counts[side]++;
    sums[side] += hardness[i];
    squares[side] += hardness[i] * hardness[i];
  }
  if (counts[1] < LEAST_MEMBERS) return false;
  const means = [sums[0] / counts[0], sums[1] / counts[1]];
  const errors = [0, 1].map(
    (side) => Math.max(0, squares[side] / counts[side] - means[side] ** 2) / counts[side],
  );
  return means[1] - means[0] > EVIDENCE * Math.sqrt(errors[0] + errors[1]);
}
