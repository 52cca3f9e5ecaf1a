/*
 * Makes the next version from its base and the changes, for deltas that are applied and for replicas. A draft would take up
 * to a fifth longer. Callers say what to throw if the change names something that the base does not have.
 */

import { type CalibrationChange, changedCalibration } from '../calibration/change.js';
import { runSteps } from '../collections/steps.js';
import { StringMapDraft } from '../collections/string-map.js';
import { changedRecords } from '../documents/changed-records.js';
import { fieldsAfter } from '../documents/field-indexes.js';
import { tableFrom } from '../version/centroid-table.js';
import type { ChangedDocuments, Documents } from '../version/documents.js';
import { rowsNumbered } from '../version/rows-numbered.js';
import { type Shard, type ShardId, matrixOf } from '../version/shard.js';
import { type ShardRows, bytesOf } from '../version/shard-rows.js';
import { type ShardexIndex, versionOf } from '../version/shardex-index.js';
import type { ChunkChange } from './changes.js';

/** Makes the error for a change that does not fit its base. */
export type Misfit = (what: string) => Error;

/** The shards of the next version, with their counts. */
export interface NextShards extends Pick<ShardexIndex, 'shards' | 'postingCount' | 'byteLength'> {
  /** Ids of shards that are new, changed or gone, ascending. */
  readonly changed: readonly ShardId[];
}

/**
 * Removes shards from the base's, and adds others. A shard that is replaced by another of its id is both gone and made.
 *
 * Time: O(shards gone or made · log shards).
 */
export function shardsFrom(
  base: ShardexIndex,
  gone: readonly ShardId[],
  made: readonly Shard[],
  misfit: Misfit,
): NextShards {
  const changed: ShardId[] = [];
  let { postingCount, byteLength } = base;
  const count = (rows: ShardRows, sign: 1 | -1): void => {
    postingCount += sign * rows.liveCount;
    byteLength += sign * bytesOf(rows);
  };
  const shards = base.shards.withMutations((map) => {
    for (const id of gone) {
      const before = map.get(id);
      if (before === undefined) throw misfit(`shard ${id}`);
      count(before.rows, -1);
      map.delete(id);
      changed.push(id);
    }
    for (const shard of made) {
      const before = map.get(shard.id);
      if (shard === before) continue;
      if (before !== undefined) count(before.rows, -1);
      count(shard.rows, 1);
      map.set(shard.id, shard);
      changed.push(shard.id);
    }
  });
  const sorted = changed.toSorted((a, b) => a - b);
  return { shards, postingCount, byteLength, changed: sorted.filter((id, i) => id !== sorted[i - 1]) };
}

/** The rest of the next version. */
export interface NextParts extends Pick<
  ShardexIndex,
  | 'version'
  | 'fingerprint'
  | 'nextShardId'
  | 'churn'
  | 'owed'
  | 'documents'
  | 'documentCount'
  | 'placedCount'
  | 'records'
  | 'recordBytes'
> {
  /** Missing if the base's centroid table stays. */
  readonly chunks: readonly ChunkChange[] | undefined;
  readonly calibration: CalibrationChange;
}

/** Makes the next version. The caller has checked that its chunks list each shard once. */
export function versionFrom(
  base: ShardexIndex,
  { shards, postingCount, byteLength, changed }: NextShards,
  parts: NextParts,
  misfit: Misfit,
): ShardexIndex {
  const { version, fingerprint, documents, documentCount, placedCount, records, recordBytes } = parts;
  const { chunks, nextShardId, calibration, churn, owed } = parts;
  const next = versionOf({
    config: base.config,
    version,
    fingerprint,
    postingCount,
    documentCount,
    shardCount: shards.size,
    byteLength,
    shards,
    documents,
    placedCount,
    records,
    fields: fieldsAfter(base.config.indexed, base, { records, documentCount }, () =>
      changedRecords(base.records, records),
    ),
    recordBytes,
    centroids: chunks === undefined ? base.centroids : changedTable(base, shards, chunks, misfit),
    nextShardId,
    calibration: changedCalibration(base.calibration, calibration, () => misfit('the calibration')),
    churn,
    owed: Object.freeze([...owed]),
    changed: Object.freeze({ since: base.fingerprint, ids: Object.freeze(changed) }),
  });
  runSteps(rowsNumbered(base, next));
  return next;
}

/** Makes the centroid table that `chunkChanges` described. */
function changedTable(
  { centroids, config }: ShardexIndex,
  shards: ShardexIndex['shards'],
  chunks: readonly ChunkChange[],
  misfit: Misfit,
): ShardexIndex['centroids'] {
  const members = chunks.map((chunk) => {
    if (typeof chunk !== 'number') {
      return chunk.map((id) => ({
        id,
        vector: matrixOf(present(shards.get(id), `shard ${id}`).centroid).vectors,
      }));
    }
    return present(centroids.chunks[chunk], `chunk ${chunk} of the centroids`);
  });
  return tableFrom(config.metric, members);

  function present<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw misfit(what);
    return value;
  }
}

/** Applies changed entries to a documents map. Time: O(entries · log documents). */
export function documentsWith(
  base: Documents,
  { documentIds, after }: Pick<ChangedDocuments, 'documentIds' | 'after'>,
): Documents {
  const documents = new StringMapDraft(base);
  documentIds.forEach((id, i) => {
    documents.set(id, after[i]);
  });
  return documents.finish();
}
