/* The summary of a calibration for `statistics`: its size, its age, and its standard error. */

import { type Calibration, isWaiting } from './calibration.js';
import { limitsOf } from './limits.js';

/** The sample that searches by recall rest on in a version, and how far it can be trusted. */
export interface CalibrationSummary {
  /** The number of postings that were looked for, each as if it were not there. */
  readonly sampleSize: number;
  /**
   * How many postings have been written or removed since they were looked for, on average, as a share of all: 0.5 is half
   * as many as there are.
   */
  readonly age: number;
  /** Standard error of a recall of 0.95 of the 10 nearest, by chance alone. */
  readonly standardError: number;
}

/** Sums up the calibration of a version. Time: O(sample). */
export function summaryOf(calibration: Calibration, postingCount: number, churn: number): CalibrationSummary {
  const samples = calibration.samples.filter((sample) => !isWaiting(sample));
  const since = samples.reduce((sum, sample) => sum + churn - sample.churn, 0);
  return Object.freeze({
    sampleSize: samples.size,
    age: since / Math.max(1, samples.size * postingCount),
    standardError: limitsOf(calibration).standardError,
  });
}
