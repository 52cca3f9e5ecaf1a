// The speed of an engine at a recall, interpolated between measured settings.
import type { Point } from './measured.js';

/** How many searches a second, and whether that is only what a setting gave that finds even more. */
export interface Speed {
  readonly perSecond: number;
  readonly atLeast: boolean;
}

/** The settings that no other one beats in both recall and speed, by recall. */
export function worthwhile(points: readonly Point[]): Point[] {
  const best: Point[] = [];
  let fastest = 0;
  for (const point of [...points].sort((a, b) => b.recall - a.recall || b.perSecond - a.perSecond)) {
    if (point.perSecond <= fastest) continue;
    fastest = point.perSecond;
    best.unshift(point);
  }
  return best;
}

/**
 * The speed at a recall, between the two settings around it: the logarithm of the speed is taken as linear in recall.
 * Nothing is made up beyond what was measured: above the highest recall there is no speed, and below the lowest one it
 * is the speed at that.
 */
export function speedAt(points: readonly Point[], recall: number): Speed | undefined {
  const by = worthwhile(points);
  const above = by.findIndex((point) => point.recall >= recall);
  if (above < 0) return undefined;
  const high = by[above];
  if (above === 0) return { perSecond: high.perSecond, atLeast: high.recall > recall };
  const low = by[above - 1];
  const part = (recall - low.recall) / (high.recall - low.recall);
  return { perSecond: low.perSecond ** (1 - part) * high.perSecond ** part, atLeast: false };
}
