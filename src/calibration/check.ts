/** Checks calibrations that come as bytes or in a message. */
import { isWhole } from '../config.js';
import { MOST_COUNTED, type Sample, isWaiting } from './calibration.js';
import type { CalibrationChange } from './change.js';
import { NO_RANKS, isPacked } from './ranks.js';

/** More than any calibration has. */
export const MOST_SAMPLES = 65_536;

/** Greater than any distance of 32-bit vectors, and so small that all arithmetic on it stays finite. */
const MOST_DISTANCE = 1e100;

const MOST_IN_KEY = 0xffff_ffff;

/** Whether a value is a sample that a version of this library could have. */
export function isSample(value: unknown): value is Sample {
  if (typeof value !== 'object' || value === null) return false;
  const sample = value as { readonly [K in keyof Sample]: unknown };
  const { start, length, hash, postingCount, shardCount, born, churn } = sample;
  return (
    typeof sample.documentId === 'string' &&
    sample.documentId !== '' &&
    [start, length, hash].every((number) => isWhole(number, 0, MOST_IN_KEY)) &&
    isWhole(postingCount, 1, MOST_COUNTED) &&
    [shardCount, born, churn].every((count) => isWhole(count, 0, MOST_COUNTED)) &&
    isWithin(sample.nearest, -MOST_DISTANCE) &&
    isWithin(sample.spread, 0) &&
    isWithin(sample.gap, 0) &&
    isPacked(sample.ranks) &&
    (!isWaiting(value as Sample) || isBlank(value as Sample))
  );
}

/** Whether a sample says nothing of its neighbours. */
function isBlank({ nearest, spread, gap, ranks }: Sample): boolean {
  return nearest === 0 && spread === 0 && gap === 0 && ranks === NO_RANKS;
}

/** Whether a value is a change of a calibration. Applying it checks that its indexes exist. */
export function isCalibrationChange(value: unknown): value is CalibrationChange {
  if (value === 'same' || value === 'none') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { samples, taken, settled, postingCount, shardCount } = value as Readonly<Record<string, unknown>>;
  return (
    [taken, settled].every((count) => isWhole(count, 0, MOST_COUNTED)) &&
    [postingCount, shardCount].every((count) => isWhole(count, 1, MOST_COUNTED)) &&
    Array.isArray(samples) &&
    samples.length <= MOST_SAMPLES &&
    // Unlike `every`, this looks at holes, too.
    samples.findIndex((sample) => !isWhole(sample, 0, MOST_SAMPLES) && !isSample(sample)) < 0
  );
}

function isWithin(value: unknown, least: number): boolean {
  return typeof value === 'number' && value >= least && value <= MOST_DISTANCE;
}
