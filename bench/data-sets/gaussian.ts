// Data set: one Gaussian cloud.
import { type DataSet, type Wanted } from './data-set.js';
import { made, sourceOf } from './made.js';

const DIMENSIONS = 32;

/** One cloud that is as wide in every direction: nothing in it to tell near from far, the hardest there is. */
export function gaussian(wanted: Wanted): DataSet {
  const { normal } = sourceOf(0.45);
  const title = 'synthetic vectors without clusters, euclidean';
  return made({ title, nearness: 'euclidean' }, DIMENSIONS, wanted, (into) => {
    for (let i = 0; i < DIMENSIONS; i++) into[i] = normal();
    return undefined;
  });
}
