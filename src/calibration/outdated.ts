/*
 * Whether a sample is being outdated: whether what was written or looked for of late is harder to find than the rest. A
 * commit asks, so this is a comparison of means in a few passes over numbers. Limits, which a search asks for, weigh the same
 * question by group and by recall, in some fifty times as long.
 */

import { type Calibration, type Sample, isWaiting } from './calibration.js';
import { costFrom } from './cost.js';
import { GROWTH } from './limits.js';
import { hardestOf } from './ranks.js';
import { LEAST_MEMBERS } from './recent.js';

/** Standard errors by which the means have to differ; the greatest of some ten differences is seldom 3 by chance. */
const EVIDENCE = 3;

/** Whether the latest half of a sample, or the latest quarter, and so on, is harder to find than the others. Time: O(sample). */
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

/** What it costs to find the last of the 10 nearest of each, as if all had been looked for in an index of so many shards. */
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

/** Whether those younger than an age have a greater mean than the others. */
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
