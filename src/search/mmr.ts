// `mmr`: chooses results that are near the query but unlike each other (maximal marginal relevance).
import { type ShardexConfig, isWhole, show } from '../config.js';
import { fieldOf, iterated, takeOptions } from '../checks/given.js';
import { squaredNorm } from '../geometry/exact-loops.js';
import { type Matrix, distances, probeOf, scoreOf, similarityOf } from '../geometry/metric.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { postings } from '../inspect/read.js';
import { keyText, writeVector } from '../version/posting.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import type { SearchResult } from './search.js';

/** How {@link mmr} chooses. */
export interface MmrOptions {
  /** How much nearness to the query counts, against being unlike what was chosen before: 0 to 1. Default 0.5. */
  readonly lambda?: number;
  /** How many to choose at most. Default: all, in their new order. */
  readonly k?: number;
}

/**
 * Chooses results that are near the query and unlike each other, by maximal marginal relevance.
 *
 * One after another it takes the result with the greatest
 * `lambda · sim(query, result) − (1 − lambda) · max sim(result, chosen)`; of equal ones the first (Carbonell and Goldstein,
 * 1998). The similarity is the cosine or the dot product, and by euclidean distance the score. `lambda: 1` keeps the order;
 * `lambda: 0` counts nothing but variety after the first. Search for several times as many results as are wanted, and
 * choose among them. Vectors of results without one are looked up in the index.
 *
 * Time: O(k · results · dimensions), and for the vectors O(postings in the shards that hold the documents).
 *
 * @throws {@link InvalidOptionError} for unusable options, and for results that this version does not have;
 * {@link InvalidIndexError}, {@link InvalidVectorError}
 *
 * @example
 * ```ts
 * import { createIndex, mmr, search } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [
 *   { documentId: 'news', vector: [1, 0.3] },
 *   { documentId: 'the same news', vector: [1, 0.31] },
 *   { documentId: 'other news', vector: [1, -0.5] },
 * ]);
 * const hits = search(index, [1, 0], { k: 3 });
 * mmr(index, hits, { k: 2 }).map((hit) => hit.documentId); // → ['news', 'other news']
 * mmr(index, hits, { k: 2, lambda: 1 }).map((hit) => hit.documentId); // → ['news', 'the same news']
 * ```
 */
export function mmr<Hit extends SearchResult>(
  index: ShardexIndex,
  hits: Iterable<Hit>,
  options: MmrOptions = {},
): Hit[] {
  assertIndex(index);
  const { lambda = 0.5, k = Infinity } = takeMmrOptions(options);
  const all = [...iterated(hits, (what) => wrong(`hits must be an iterable of results, not ${what}.`))];
  const { metric } = index.config;
  const taken = all.map(takeHit);
  const relevance = taken.map(({ distance }) => likenessAt(metric, distance));
  const matrix = vectorsOf(index, taken);
  const closest = new Float64Array(all.length).fill(-Infinity);
  const distancesToLast = new Float64Array(all.length);
  const left = new Set(all.keys());
  const chosen: Hit[] = [];
  while (left.size > 0 && chosen.length < k) {
    let best = -1;
    let most = -Infinity;
    for (const i of left) {
      // Nothing is like the first.
      const likeness = chosen.length === 0 ? 0 : closest[i];
      const value = lambda * relevance[i] - (1 - lambda) * likeness;
      if (best < 0 || value > most) [best, most] = [i, value];
    }
    left.delete(best);
    chosen.push(all[best]);
    const { dimensions } = index.config;
    const probe = probeOf(matrix.vectors, best * dimensions, dimensions);
    distances(metric, probe, matrix, 0, all.length, distancesToLast);
    for (const i of left) closest[i] = Math.max(closest[i], likenessAt(metric, distancesToLast[i]));
  }
  return chosen;
}

function likenessAt(metric: ShardexConfig['metric'], distance: number): number {
  return metric === 'euclidean' ? scoreOf(metric, distance) : similarityOf(metric, distance);
}

/** What is needed of a result, each field read once. */
interface TakenHit extends PostingKey {
  readonly distance: number;
  readonly vector: unknown;
}

function takeHit(hit: unknown, i: number): TakenHit {
  const [documentId, start, length, distance, vector] = (
    ['documentId', 'start', 'length', 'distance', 'vector'] as const
  ).map((name) => fieldOf(hit, name));
  if (typeof documentId === 'string' && isExtent(start) && isExtent(length) && Number.isFinite(distance))
    return { documentId, start, length, distance: distance as number, vector };
  throw wrong(`Hit ${i} must be a result of a search in this index, not ${show(hit)}.`);
}

function isExtent(value: unknown): value is number {
  return isWhole(value, 0, 0xffff_ffff);
}

/** The vectors of results, those that come with them or those of the index. */
function vectorsOf(index: ShardexIndex, hits: readonly TakenHit[]): Matrix {
  const { dimensions } = index.config;
  const vectors = new Float32Array(hits.length * dimensions);
  const known = new Map<string, ReadonlyMap<string, Float32Array>>();
  hits.forEach(({ documentId, start, length, vector }, i) => {
    let own = vector;
    if (own === undefined) {
      const ofDocument = known.get(documentId) ?? vectorsOfDocument(index, documentId);
      known.set(documentId, ofDocument);
      own = ofDocument.get(keyText(documentId, start, length));
    }
    if (own === undefined) {
      throw wrong(
        `Hit ${i}, of document ${show(documentId)}, is not in this version of the index. Pass the version that was searched, or results with their vectors (includeVector: true).`,
      );
    }
    writeVector(own, dimensions, vectors, i * dimensions, i);
  });
  const squaredNorms = Float64Array.from(hits, (_, i) => squaredNorm(vectors, i * dimensions, dimensions));
  return { vectors, squaredNorms };
}

function vectorsOfDocument(index: ShardexIndex, documentId: string): ReadonlyMap<string, Float32Array> {
  return new Map(
    postings(index, documentId).map(({ start, length, vector }) => [
      keyText(documentId, start, length),
      vector,
    ]),
  );
}

function wrong(message: string): InvalidOptionError {
  return new InvalidOptionError('hits', message);
}

function takeMmrOptions(options: MmrOptions): MmrOptions {
  const taken = takeOptions(options, ['lambda', 'k']);
  const { lambda, k }: Partial<Record<keyof MmrOptions, unknown>> = taken;
  if (lambda !== undefined && !(typeof lambda === 'number' && lambda >= 0 && lambda <= 1))
    throw new InvalidOptionError('lambda', `lambda must be a number from 0 to 1, not ${show(lambda)}.`);
  if (k !== undefined && k !== Infinity && !isWhole(k, 1, Number.MAX_SAFE_INTEGER))
    throw new InvalidOptionError('k', `k must be an integer from 1 on, not ${show(k)}.`);
  return taken;
}
