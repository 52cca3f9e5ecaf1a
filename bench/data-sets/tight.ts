// Data set: clusters that are narrow against their distance from the origin.
import { type DataSet, type Wanted } from './data-set.js';
import { made, normals, sourceOf } from './made.js';
import { rowOf } from './matrix.js';

const DIMENSIONS = 64;
const CLUSTERS = 50;
/** How far each component is from zero. */
const FAR = 1000;
/** How far the clusters' centres are spread, in widths of a cluster: so that they overlap, as neighbouring shards do. */
const SPREAD = 0.5;

/**
 * Clusters that are narrow against their distance from the origin: with a width of 1e-5 of it, 160 steps of a 32-bit
 * float, and with 1e-6, 16.
 */
export function tight(width: number) {
  return (wanted: Wanted): DataSet => {
    const source = sourceOf(0.75);
    const centres = normals(CLUSTERS, DIMENSIONS, source);
    const title = `synthetic vectors in clusters far from the origin (${width} of it wide), euclidean`;
    return made({ title, nearness: 'euclidean' }, DIMENSIONS, wanted, (into) => {
      const cluster = Math.floor(CLUSTERS * source.random());
      rowOf(centres, cluster).forEach((component, i) => {
        into[i] = FAR * (1 + width * (SPREAD * component + source.normal()));
      });
      return cluster;
    });
  };
}
