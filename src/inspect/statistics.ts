/*
 * Counts and sizes of a version, for monitoring; it reads no vector.
 */

import { type CalibrationSummary, summaryOf } from '../calibration/summary.js';
import { ROW_OVERHEAD } from '../version/row-block.js';
import { bytesOf } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';

/** Counts of an index, by {@link statistics}. */
export interface Statistics {
  /** The version's number. */
  readonly version: number;
  /** Shards, each with at least one posting. */
  readonly shardCount: number;
  /** Documents with at least one posting. */
  readonly documentCount: number;
  /** Live postings. */
  readonly postingCount: number;
  /** Rows that are deleted or superseded and not yet reclaimed (I7). */
  readonly deadRowCount: number;
  /** Bytes of all row blocks that this version keeps alive, shared or not. */
  readonly byteLength: number;
  /** Bytes of those that hold live postings. */
  readonly liveByteLength: number;
  /** Sizes of the shards, in live postings. */
  readonly shardSize: ShardSizes;
  /**
   * Calibration of searches by recall; `undefined` below 1,024 postings, where they scan all shards. To measure the
   * recall itself, see `measureRecall`.
   */
  readonly calibration: CalibrationSummary | undefined;
  /** Documents with a text or metadata. */
  readonly recordCount: number;
  /** About how many bytes these take: two for each UTF-16 code unit of the texts and of the metadata as JSON. */
  readonly recordByteLength: number;
}

/** Live postings per shard; all 0 if there is no shard. */
export interface ShardSizes {
  /** The smallest shard. */
  readonly least: number;
  /** The mean. */
  readonly mean: number;
  /** The greatest shard. */
  readonly most: number;
  /** The mean as a share of the capacity. */
  readonly utilization: number;
}

/**
 * Counts an index. Time: O(shards).
 *
 * @example
 * ```ts
 * import { createIndex, statistics } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
 * statistics(index).postingCount; // → 1
 * statistics(index).deadRowCount; // → 0
 * ```
 */
export function statistics(index: ShardexIndex): Statistics {
  assertIndex(index);
  const rowBytes = 4 * index.config.dimensions + ROW_OVERHEAD;
  let rowCount = 0;
  let byteLength = 0;
  let least = Infinity;
  let most = 0;
  for (const { rows } of index.shards.values()) {
    rowCount += rows.rowCount;
    byteLength += bytesOf(rows);
    least = Math.min(least, rows.liveCount);
    most = Math.max(most, rows.liveCount);
  }
  const mean = index.shardCount === 0 ? 0 : index.postingCount / index.shardCount;
  return Object.freeze({
    version: index.version,
    shardCount: index.shardCount,
    documentCount: index.documentCount,
    postingCount: index.postingCount,
    deadRowCount: rowCount - index.postingCount,
    byteLength,
    liveByteLength: index.postingCount * rowBytes,
    shardSize: Object.freeze({
      least: index.shardCount === 0 ? 0 : least,
      mean,
      most,
      utilization: mean / index.config.shardCapacity,
    }),
    calibration: index.calibration && summaryOf(index.calibration, index.postingCount, index.churn),
    recordCount: index.records.size,
    recordByteLength: index.recordBytes,
  });
}
