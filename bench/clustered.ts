// Synthetic postings in clusters.
import { randomLcg, randomNormal } from 'd3-random';
import type { Posting } from '../dist/index.js';

const CLUSTERS = 300;

/** Postings with vectors in clusters, as embeddings are, made one by one: the same on every run. */
export function* clusteredPostings(
  size: number,
  dimensions: number,
): Generator<Posting & { readonly vector: Float32Array }> {
  const random = randomLcg(7);
  const normal = randomNormal.source(random)();
  const centres = Array.from({ length: CLUSTERS }, () => Float32Array.from({ length: dimensions }, normal));
  for (let i = 0; i < size; i++) {
    const centre = centres[Math.floor(random() * CLUSTERS)];
    yield { documentId: `document ${i}`, vector: centre.map((component) => component + normal()) };
  }
}
