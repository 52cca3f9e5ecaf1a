/** Numbers of results that a calibration was made for; it is interpolated between them, by their logarithms. */
export const CALIBRATED_K = [1, 10, 100] as const;

/** The recalls that a calibration has a limit for; likewise. */
export const CALIBRATED_RECALL = [
  0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999,
] as const;

/**
 * What `search` goes by when it is asked for a recall: how far it has to look, measured on the index's own vectors. Part
 * of the version, made by the commit that makes it due, so that equal versions have equal ones (I10).
 */
export interface Calibration {
  /** Live postings when it was made. */
  readonly postingCount: number;
  /** Shards when it was made. */
  readonly shardCount: number;
  /** How many postings it was measured on, each looked for as if it were not there. */
  readonly sampleSize: number;
  /** How much farther than the nearest centroid the 32nd nearest one is, in the mean. */
  readonly gap: number;
  /**
   * For 1, 10 and 100 results, each for the recalls 0.5 to 0.999: the shards to scan are the nearest ones as long as
   * ln(place) + 1.5 · (distance of the centroid − that of the first) / gap is at most this.
   */
  readonly limits: readonly (readonly number[])[];
}

/** A version's calibration, and what happened since it was made. */
export interface Calibrated {
  /** None while the index is small. */
  readonly calibration: Calibration | undefined;
  /** Postings written or removed since. */
  readonly churn: number;
}

/** Below this many postings all shards are scanned, and no calibration is made. */
export const LEAST_CALIBRATED = 4096;

/** Whether a version with so many postings needs a new calibration: about every time that it has doubled or halved. */
export function calibrationDue({ calibration, churn }: Calibrated, postingCount: number): boolean {
  if (postingCount < LEAST_CALIBRATED) return false;
  return calibration === undefined || churn > Math.min(calibration.postingCount, postingCount);
}

/** Ranks that the gap is measured between: near enough to matter, far enough to be steady. */
export const GAP_PLACE = 32;
