/* What `statistics` tells of a calibration: its size, its age, and how far chance may have led it astray. */

import { type Calibration, isWaiting } from './calibration.js';
import { limitsOf } from './limits.js';

/** What searches by recall rest on in a version, and how far that can be trusted. */
export interface CalibrationSummary {
  /** Postings of the index that were looked for, each as if it were not there. */
  readonly sampleSize: number;
  /**
   * How much of the index has been written or removed since they were looked for, on average: 0.5 stands for changes of
   * half as many postings as there are.
   */
  readonly age: number;
  /** Standard error of a recall of 0.95 of the 10 nearest, by chance alone. */
  readonly standardError: number;
}

/** Sums up a calibration of a version with so many postings and so many changes behind it. Time: O(sample). */
export function summaryOf(calibration: Calibration, postingCount: number, churn: number): CalibrationSummary {
  const samples = calibration.samples.filter((sample) => !isWaiting(sample));
  const since = samples.reduce((sum, sample) => sum + churn - sample.churn, 0);
  return Object.freeze({
    sampleSize: samples.size,
    age: since / Math.max(1, samples.size * postingCount),
    standardError: limitsOf(calibration).standardError,
  });
}
