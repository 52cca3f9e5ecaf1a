// The most recent parts of a sample. While an index changes, they fit it better than the whole sample does.
import type { Sample } from './calibration.js';

/** The least members of a part: 32 queries of 10 neighbours give a recall of 0.9 to within three hundredths. */
export const LEAST_MEMBERS = 32;

/**
 * Lists the latest half of a sample, the latest quarter, and so on: by time of look, and by time of writing.
 *
 * There are windows of several lengths, because it is not known when the index changed. A window has no member as old as one
 * outside, so there is none if all are equally old. Time: O(n log n).
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
