/*
 * What a search reads of a version. Every version is searchable. So is a part of one, with some of its shards: each
 * thread that a search is split over scans such a part (threads/pool/part.ts).
 */
import type { ShardexIndex } from './shardex-index.js';

/** A version, or a part of one, as a search sees it. */
export interface Searchable extends Pick<
  ShardexIndex,
  | 'config'
  | 'version'
  | 'fingerprint'
  | 'changed'
  | 'shards'
  | 'shardCount'
  | 'postingCount'
  | 'placedCount'
  | 'centroids'
  | 'calibration'
  | 'documentCount'
  | 'documents'
  | 'records'
  | 'fields'
> {
  /** For a part of a version, what a search has to know of all of it. */
  readonly whole?: Pick<ShardexIndex, 'centroids' | 'postingCount'>;
}
