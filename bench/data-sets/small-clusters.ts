// Data set: small clusters that are far from each other.
import { type DataSet, type Wanted } from './data-set.js';
import { made, normals, sourceOf } from './made.js';
import { rowOf } from './matrix.js';

const DIMENSIONS = 32;
const CLUSTERS = 200;

/** Clusters that are narrow against the room between them: the easiest there is. */
export function smallClusters(wanted: Wanted): DataSet {
  const source = sourceOf(0.55);
  const centres = normals(CLUSTERS, DIMENSIONS, source);
  const title = 'synthetic vectors in narrow clusters, euclidean';
  return made({ title, nearness: 'euclidean' }, DIMENSIONS, wanted, (into) => {
    const cluster = Math.floor(CLUSTERS * source.random());
    rowOf(centres, cluster).forEach((component, i) => {
      into[i] = 3 * component + 0.15 * source.normal();
    });
    return cluster;
  });
}
