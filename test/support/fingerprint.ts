import type { ShardexIndex } from 'shardex';
import type { Library } from './library.js';

/**
 * All that can be read of a version, as one text: its counts, every posting, and the results of some queries, with
 * every number to the last bit. Two of them differ exactly when a reader could tell (I1).
 */
export function fingerprint(
  { documentIds, postings, search }: Pick<Library, 'documentIds' | 'postings' | 'search'>,
  version: ShardexIndex,
  queries: readonly (readonly number[])[],
): string {
  // How a version came about is left out: a replica may have come about in another way.
  const { shards, documents, records, centroids, ...rest } = version;
  const counts = { ...rest, changed: undefined };
  const content = [...documentIds(version)].sort().map((id) => postings(version, id));
  const results = queries.flatMap((query) => [
    search(version, query, { k: 20, slopFactor: 'all', includeVector: true }),
    search(version, query, { k: 5, slopFactor: 2, distinct: 'document' }),
  ]);
  const sizes = [shards.size, documents.value.size, centroids.size];
  const beside = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([counts, sizes, content, results, beside], exactly);
}

function exactly(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return '-0';
  if (!(value instanceof Float32Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
}
