// The data sets that speed is measured on: words, clusters, a cloud.
import { randomLcg, randomNormal } from 'd3-random';
import type { Nearness } from './nearness.js';
import type { Options } from '../options.js';
import { realVectors } from '../words-index.js';
import type { DataSet } from './data-set.js';
import { type Matrix, concatenated, matrix, normalise, rowOf, rowsBetween } from './matrix.js';

/** As many as it takes to find the time of one addition, and of a search after one. */
const MORE = 600;

/** Fewer than of the words, for the time that the peers take to build. */
const CLUSTERED = { rows: 20_000, dimensions: 768, clusters: 300, directions: 32 };
const CLOUD = { rows: 50_000, dimensions: 32 };
const SYNTHETIC_QUERIES = 500;

export const DATA_SETS = { words, clustered, cloud } satisfies Record<
  string,
  (options: Options) => DataSet | Promise<DataSet>
>;

export type DataSetName = keyof typeof DATA_SETS;

/** With `--quick` a few thousand vectors. */
function most({ quick, words: asked }: Options): number {
  return quick ? Math.min(asked, 4000) : asked;
}

async function words(options: Options): Promise<DataSet> {
  const { postings, queries } = await realVectors({ ...options, words: most(options) });
  const vectors = normalise(concatenated(postings.map(({ vector }) => Float32Array.from(vector))));
  return {
    title: 'word vectors, cosine',
    nearness: 'cosine',
    vectors,
    queries: normalise(concatenated(queries)),
    more: normalise(mixtures(vectors, MORE)),
  };
}

/** Vectors between two others, nearer to the first: new ones that are like those that are there. */
export function mixtures(vectors: Matrix, rows: number): Matrix {
  const random = randomLcg(0.7);
  const any = (): Float32Array => rowOf(vectors, Math.floor(random() * vectors.rows));
  return concatenated(
    Array.from({ length: rows }, () => {
      const other = any();
      return any().map((component, i) => 0.75 * component + 0.25 * other[i]);
    }),
  );
}

/**
 * Clusters of very different sizes, as embeddings of texts have them: each vector is its cluster's centre, and beside
 * it some of the same few directions and a little of all.
 */
function clustered(options: Options): DataSet {
  const { dimensions, clusters, directions } = CLUSTERED;
  const random = randomLcg(0.3);
  const normal = randomNormal.source(random)();
  const centres = normals(clusters, dimensions, normal);
  const along = normals(directions, dimensions, normal);
  const one = (into: Float32Array): void => {
    into.set(rowOf(centres, Math.floor(clusters * random() ** 2)));
    for (let d = 0; d < directions; d++) {
      const much = 0.15 * normal();
      const direction = rowOf(along, d);
      for (let i = 0; i < dimensions; i++) into[i] += much * direction[i];
    }
    for (let i = 0; i < dimensions; i++) into[i] += 0.3 * normal();
  };
  return synthetic(CLUSTERED, 'synthetic vectors in clusters, cosine', 'cosine', one, options);
}

/** One cloud without clusters, far from the origin, that is wide in some directions and narrow in others. */
function cloud(options: Options): DataSet {
  const normal = randomNormal.source(randomLcg(0.4))();
  const one = (into: Float32Array): void => {
    for (let i = 0; i < into.length; i++) into[i] = 10 + normal() / Math.sqrt(1 + i / 4);
  };
  return synthetic(CLOUD, 'synthetic vectors in one cloud, euclidean', 'euclidean', one, options);
}

function synthetic(
  { rows, dimensions }: { readonly rows: number; readonly dimensions: number },
  title: string,
  nearness: Nearness,
  one: (into: Float32Array) => void,
  options: Options,
): DataSet {
  const indexed = Math.min(rows, most(options));
  const all = matrix(new Float32Array((indexed + SYNTHETIC_QUERIES + MORE) * dimensions), dimensions);
  for (let row = 0; row < all.rows; row++) one(rowOf(all, row));
  if (nearness === 'cosine') normalise(all);
  const queries = indexed + SYNTHETIC_QUERIES;
  return {
    title,
    nearness,
    vectors: rowsBetween(all, 0, indexed),
    queries: rowsBetween(all, indexed, queries),
    more: rowsBetween(all, queries, all.rows),
  };
}

function normals(rows: number, dimensions: number, normal: () => number): Matrix {
  return matrix(Float32Array.from({ length: rows * dimensions }, normal), dimensions);
}
