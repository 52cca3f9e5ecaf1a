// Translates a least score into a greatest distance, so that searches know one kind of limit.
import type { Metric } from '../config.js';
import { scoreOf } from '../geometry/metric.js';

/** For each metric a distance with the best score, and one whose score is below any above 0. */
const ENDS: Readonly<Record<Metric, (score: number) => [near: number, far: number]>> = {
  cosine: () => [0, 3],
  euclidean: (score) => [0, Math.min(Number.MAX_VALUE, 2 / score)],
  dot: () => [-800, 800],
};

/** The greatest distance with at least this score, to the bit. Time: some hundred scores, by bisection. */
export function distanceAtScore(metric: Metric, score: number): number {
  if (score <= 0) return Infinity;
  let [near, far] = ENDS[metric](score);
  for (;;) {
    const middle = near + (far - near) / 2;
    if (middle <= near || middle >= far) return near;
    if (scoreOf(metric, middle) >= score) near = middle;
    else far = middle;
  }
}
