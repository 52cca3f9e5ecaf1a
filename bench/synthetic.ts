// Synthetic indexes of a given number of shards.
import { randomLcg } from 'd3-random';
import { type Posting, type SearchResult, type ShardexIndex, createIndex, search } from '../dist/index.js';

/** Small, so that 100,000 shards fit into memory many times over. */
const DIMENSIONS = 8;

/** How full a bulk build leaves shards of evenly spread vectors, measured. */
const FILL = 0.527;

/** What the indexes of {@link sizedIndex} are like, for the text of a suite. */
export const SIZED =
  'The indexes are synthetic, of evenly spread vectors of 8 dimensions, with shardCapacity 8 and about 4 postings a shard, so that 100,000 shards fit into memory (and reassign 0, so that they are built quickly).';

/** The shard counts that are compared. */
export function sizes(quick: boolean): number[] {
  return quick ? [100, 1000] : [100, 1000, 10_000, 100_000];
}

/** An index of about so many shards, with more postings beside its own if there are any. */
export function sizedIndex(shards: number, shardCapacity = 8, more: readonly Posting[] = []): ShardexIndex {
  const random = randomLcg(shards);
  const count = Math.round(shards * shardCapacity * FILL);
  const own = Array.from({ length: count }, (_, i) => ({
    documentId: `document ${i}`,
    vector: anyVector(random),
  }));
  const options = { dimensions: DIMENSIONS, metric: 'euclidean', shardCapacity, reassign: 0 } as const;
  return createIndex(options, [...own, ...more]);
}

/** A vector out of the cube that all of them are spread over. */
export function anyVector(random: () => number): Float32Array {
  return Float32Array.from({ length: DIMENSIONS }, random);
}

/** A posting whose shard stays well filled without it, and can take one more. */
export function aPosting(index: ShardexIndex): SearchResult & { vector: Float32Array } {
  const half = index.config.shardCapacity / 2;
  for (const { centroid, rows } of index.shards.values()) {
    if (rows.liveCount < half || rows.liveCount > 1.5 * half) continue;
    const [hit] = search(index, centroid.toArray(), { k: 1, slopFactor: 1, includeVector: true });
    return { vector: new Float32Array(), ...hit };
  }
  throw new Error('No shard is half full.');
}
