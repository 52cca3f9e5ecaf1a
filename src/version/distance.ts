// `distance`: the distance that searches compute, to the bit, for comparisons with brute force.
import { METRIC_NAMES, type Metric, isMetric } from '../config.js';
import { InvalidOptionError, InvalidVectorError } from '../errors.js';
import { distances, probeOf } from '../geometry/metric.js';
import { show } from '../checks/show.js';
import { type VectorInput, takeVector } from './posting.js';

/**
 * Computes the distance of two vectors by a metric, equal to the bit to that of a search.
 *
 * Comparing a query with every posting by it gives the results of `search` with `slopFactor: 'all'`. Components are rounded
 * to 32-bit floats, as an index stores them. Products and squared lengths are four sums in 64-bit floats, component i going
 * to sum i mod 4, added up as (s0 + s2) + (s1 + s3). A zero vector has cosine 0 with everything.
 *
 * Time: O(dimensions).
 *
 * @throws {@link InvalidVectorError} for vectors of different lengths or none, and components that are no finite 32-bit floats.
 * @throws {@link InvalidOptionError} for what is no {@link Metric}.
 *
 * @example
 * ```ts
 * import { distance } from 'shardex';
 *
 * distance('euclidean', [0, 0], [3, 4]); // → 5
 * distance('dot', [1, 2], [3, 4]); // → -11
 * distance('cosine', [0, 0], [3, 4]); // → 1
 * distance('cosine', [1, 0], [1]); // → throws InvalidVectorError
 * ```
 */
export function distance(metric: Metric, a: VectorInput, b: VectorInput): number {
  const given: unknown = metric;
  if (!isMetric(given))
    throw new InvalidOptionError('metric', `metric must be ${METRIC_NAMES}, not ${show(given)}.`);
  const first = takeVector(a, 'The first vector');
  const second = takeVector(b, 'The second vector');
  if (first.length !== second.length) {
    throw new InvalidVectorError(
      `The first vector has ${first.length} components and the second ${second.length}; both need as many.`,
    );
  }
  const { squaredNorm } = probeOf(second);
  const out = new Float64Array(1);
  const row = { vectors: second, squaredNorms: Float64Array.of(squaredNorm) };
  distances(given, probeOf(first), row, 0, 1, out);
  return out[0];
}
