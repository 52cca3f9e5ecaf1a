// The most recent parts of a sample: where an index changes, they know more of it than all of the sample does.
import type { Sample } from './calibration.js';

/** Least members of a part: as many queries of 10 neighbours give a recall of 0.9 to within three hundredths. */
export const LEAST_MEMBERS = 32;

/**
 * The latest half of a sample, the latest quarter, and so on: by when each was looked for, and by when it was written.
 *
 * Windows of several lengths, as how long ago something changed is not known. One begins where the age changes, so that
 * there is none where all are as old. Time: O(n log n).
 */
export function recentParts(samples: readonly Sample[]): (readonly number[])[] {
  return (['churn', 'born'] as const).flatMap((age) => {
    const latest = samples.map((_, i) => i).sort((a, b) => samples[b][age] - samples[a][age] || a - b);
    const parts: (readonly number[])[] = [];
    for (let size = latest.length >> 1; size >= LEAST_MEMBERS; size >>= 1) {
      let count = size;
      while (count > 0 && samples[latest[count - 1]][age] === samples[latest[size]][age]) count--;
      if (count >= LEAST_MEMBERS) parts.push(latest.slice(0, count));
    }
    return parts;
  });
}
