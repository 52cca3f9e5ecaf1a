/*
 * What a search reads of a version. Every version is searchable. So is a part of one, with some of its shards: each
 * thread that a search is split over scans such a part (threads/pool/part.ts). Its fields are spelt out, as the types of
 * the package leave out what is internal of a version.
 */
import type { Calibration } from '../calibration/calibration.js';
import type { Lazy } from '../collections/lazy.js';
import type { FieldIndexes } from '../documents/field-indexes.js';
import type { Records } from '../documents/record.js';
import type { CentroidTable } from './centroid-table.js';
import type { Documents } from './documents.js';
import type { ChangedShards, ShardexIndex } from './shardex-index.js';

/** A version, or a part of one, as a search sees it. */
export interface Searchable extends Pick<
  ShardexIndex,
  'config' | 'version' | 'fingerprint' | 'shards' | 'shardCount' | 'postingCount' | 'documentCount'
> {
  readonly changed: ChangedShards;
  readonly placedCount: number;
  readonly centroids: CentroidTable;
  readonly calibration: Calibration | undefined;
  readonly documents: Lazy<Documents>;
  readonly records: Records;
  readonly fields: Lazy<FieldIndexes>;
  /** For a part of a version, what a search has to know of all of it. */
  readonly whole?: { readonly centroids: CentroidTable; readonly postingCount: number };
}
