import { type DataSet, type Wanted } from './data-set.js';
import { made, normals, sourceOf } from './made.js';
import { rowOf } from './matrix.js';

const DIMENSIONS = 64;
const CLUSTERS = 50;
/** Of each component: how far from zero all are, how far the clusters are apart, and how wide each of them is. */
const [FAR, APART, WIDE] = [1000, 1, 0.01];

/** Clusters whose width is a hundred-thousandth of their distance from the origin, some 160 steps of a 32-bit float. */
export function tight(wanted: Wanted): DataSet {
  const source = sourceOf(0.75);
  const centres = normals(CLUSTERS, DIMENSIONS, source);
  const title = 'synthetic vectors in tight clusters far from the origin, euclidean';
  return made({ title, nearness: 'euclidean' }, DIMENSIONS, wanted, (into) => {
    const cluster = Math.floor(CLUSTERS * source.random());
    rowOf(centres, cluster).forEach((component, i) => {
      into[i] = FAR + APART * component + WIDE * source.normal();
    });
    return cluster;
  });
}
