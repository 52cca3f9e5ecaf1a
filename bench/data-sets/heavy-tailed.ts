// Data set: random directions with heavy-tailed lengths.
import { type DataSet, type Wanted } from './data-set.js';
import { made, sourceOf } from './made.js';

const DIMENSIONS = 100;
/** Of the logarithm of the lengths. */
const SIGMA = 1;

/** Any direction, and lengths of which few are very large: by dot product those are near to nearly every query. */
export function heavyTailed(wanted: Wanted): DataSet {
  const { normal } = sourceOf(0.65);
  const title = 'synthetic vectors of heavy-tailed lengths, dot';
  return made({ title, nearness: 'dot' }, DIMENSIONS, wanted, (into) => {
    for (let i = 0; i < DIMENSIONS; i++) into[i] = normal();
    const scale = Math.exp(SIGMA * normal()) / Math.hypot(...into);
    for (let i = 0; i < DIMENSIONS; i++) into[i] *= scale;
    return undefined;
  });
}
