/*
 * Splitting one search over all threads of a pool: each searches a part of the shards, and the results are merged.
 */

import { MOST_IN_CHUNK, centroidsOf, tableFrom } from '../../version/centroid-table.js';
import type { ShardId } from '../../version/shard.js';
import type { Searchable } from '../../version/searchable.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { compareKeys } from '../../version/posting.js';
import type { SearchOptions } from '../../search/options.js';
import type { SearchResult } from '../../search/search.js';

/** One of `count` parts of a version's shards. */
export interface PartNumber {
  readonly index: number;
  readonly count: number;
}

/**
 * Makes one part of a version, to be searched.
 *
 * Equal versions have equal parts, which together are the whole. Time: O(shards · dimensions).
 */
export function partOf(version: ShardexIndex, { index, count }: PartNumber): Searchable {
  const ids = new Set<ShardId>();
  // In the order of the table, where near shards follow each other, so that each part gets some of every region.
  centroidsOf(version.centroids).forEach(({ id }, at) => {
    if (at % count === index) ids.add(id);
  });
  const shards = version.shards.filter((_, id) => ids.has(id));
  const members = centroidsOf(version.centroids).filter(({ id }) => ids.has(id));
  const chunks = Array.from({ length: Math.ceil(members.length / MOST_IN_CHUNK) }, (_, c) =>
    members.slice(MOST_IN_CHUNK * c, MOST_IN_CHUNK * (c + 1)),
  );
  return Object.freeze({
    config: version.config,
    version: version.version,
    placedCount: version.placedCount,
    calibration: version.calibration,
    documentCount: version.documentCount,
    documents: version.documents,
    records: version.records,
    fields: version.fields,
    // What the version's draft changed says nothing of a part.
    changed: { since: '', ids: [] },
    // Distinct, since caches compare versions by fingerprint.
    fingerprint: `${version.fingerprint} ${index}/${count}`,
    shards,
    shardCount: shards.size,
    postingCount: shards.reduce((sum, { rows }) => sum + rows.liveCount, 0),
    centroids: tableFrom(version.config.metric, chunks),
    whole: { centroids: version.centroids, postingCount: version.postingCount },
  });
}

/** The options for each part: an offset becomes part of k, as the first results may all be in one part. */
export function optionsForPart({ k, offset = 0, ...options }: SearchOptions): SearchOptions {
  return { ...options, k: offset + k };
}

/** Merges the results of all parts into those of the whole, in the same order and by the same rule. */
export function mergeResults(
  parts: readonly (readonly SearchResult[])[],
  { k, offset = 0, distinct }: SearchOptions,
): SearchResult[] {
  const all = parts.flat().sort((a, b) => a.distance - b.distance || compareKeys(a, b));
  if (distinct !== 'document') return all.slice(offset, offset + k);
  const seen = new Set<string>();
  const best = all.filter(({ documentId }) => !seen.has(documentId) && seen.add(documentId));
  return best.slice(offset, offset + k);
}
