import { type ShardexIndex, search } from '../dist/index.js';
import { memory } from './memory.js';

/** What one deep copy of an index costs. */
export interface CopyCost {
  readonly ms: number;
  readonly bytes: number;
}

/** An index as plain objects and arrays: what has to be copied where versions are made by copying. */
interface PlainIndex {
  readonly shards: readonly { centroid: Float32Array; ids: string[]; vectors: Float32Array }[];
}

/** Copies the whole index once, for real. */
export function measureDeepCopy(index: ShardexIndex): CopyCost {
  const plain = plainIndex(index);
  const before = memory();
  const startedAt = performance.now();
  const copy = structuredClone(plain);
  const ms = performance.now() - startedAt;
  const bytes = memory() - before;
  // A look at it after the measurement, so that it cannot have been collected before.
  if (copy.shards.length !== index.shardCount) throw new Error('The copy is not complete.');
  return { ms, bytes };
}

function plainIndex(index: ShardexIndex): PlainIndex {
  const { dimensions } = index.config;
  const shards = [...index.shards.values()].map((shard) => {
    const centroid = shard.centroid.toArray();
    // The shard nearest to a shard's centroid is that shard: so this lists what is in it.
    const rows = search(index, centroid, { k: 10_000, slopFactor: 1, includeVector: true });
    const vectors = new Float32Array(rows.length * dimensions);
    rows.forEach((row, i) => {
      vectors.set(row.vector ?? [], i * dimensions);
    });
    return { centroid, ids: rows.map((row) => row.documentId), vectors };
  });
  return { shards };
}
