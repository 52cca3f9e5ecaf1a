import { type DataSet, type Wanted } from './data-set.js';
import { made, normals, sourceOf } from './made.js';
import { rowOf } from './matrix.js';

const DIMENSIONS = 64;
const CLUSTERS = 50;
/** How far each component is from zero. */
const FAR = 1000;

/**
 * Clusters that are narrow against their distance from the origin, and no farther from each other than twice their width.
 * Of 1e-5 that is some 160 steps of a 32-bit float, and of 1e-6 some 16.
 */
export function tight(width: number) {
  return (wanted: Wanted): DataSet => {
    const source = sourceOf(0.75);
    const centres = normals(CLUSTERS, DIMENSIONS, source);
    const title = `synthetic vectors in clusters far from the origin (${width} of it wide), euclidean`;
    return made({ title, nearness: 'euclidean' }, DIMENSIONS, wanted, (into) => {
      const cluster = Math.floor(CLUSTERS * source.random());
      rowOf(centres, cluster).forEach((component, i) => {
        into[i] = FAR * (1 + width * (2 * component + source.normal()));
      });
      return cluster;
    });
  };
}
