// Data set: clusters near a subspace of few dimensions.
import { type DataSet, type Wanted } from './data-set.js';
import { made, normals, sourceOf } from './made.js';
import { rowOf } from './matrix.js';
import type { Nearness } from './nearness.js';

const DIMENSIONS = 1536;
const LATENT = 32;
const CLUSTERS = 200;
/** How far vectors are from their cluster's centre, along the latent directions and across them. */
const [ALONG, ACROSS] = [0.5, 0.05];
/** Of the logarithm of the lengths. */
const SIGMA = 0.4;

/**
 * Vectors of many dimensions that lie near a plane of few, in clusters of very different sizes: as embeddings of texts
 * do. By dot product they have unequal lengths.
 */
export function latent(nearness: Nearness) {
  return (wanted: Wanted): DataSet => {
    const source = sourceOf(0.35);
    const { random, normal } = source;
    const centres = normals(CLUSTERS, LATENT, source);
    const directions = normals(LATENT, DIMENSIONS, source);
    const title = `synthetic vectors near ${LATENT} dimensions, ${nearness === 'dot' ? 'of unequal lengths, ' : ''}${nearness}`;
    return made({ title, nearness }, DIMENSIONS, wanted, (into) => {
      const cluster = Math.floor(CLUSTERS * random() ** 2);
      const centre = rowOf(centres, cluster);
      for (let d = 0; d < LATENT; d++) {
        const much = centre[d] + ALONG * normal();
        const direction = rowOf(directions, d);
        for (let i = 0; i < DIMENSIONS; i++) into[i] += much * direction[i];
      }
      const scale = (nearness === 'dot' ? Math.exp(SIGMA * normal()) : 1) / Math.sqrt(LATENT * DIMENSIONS);
      for (let i = 0; i < DIMENSIONS; i++)
        into[i] = scale * (into[i] + ACROSS * Math.sqrt(LATENT) * normal());
      return cluster;
    });
  };
}
