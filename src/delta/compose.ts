/*
 * Composes two consecutive deltas without either version: shards, centroid chunks, keys, documents and calibration,
 * each by its own rule.
 */

import { composeCalibrations } from '../calibration/change.js';
import { DeltaMismatchError } from '../errors.js';
import type { ChangedDocuments } from '../version/documents.js';
import type { ShardId } from '../version/shard.js';
import { disagreement } from './check.js';
import { composeKeys } from './compose-keys.js';
import { type ShardChanges, composeSegment } from './compose-segment.js';
import type { Changes, ChunkChange, ShardChange } from './changes.js';
import { Delta, assertDelta, changesOf, nothingChanged, sameVersion } from './delta.js';
import { Lazy } from '../collections/lazy.js';
import { ledgerOfKeys } from './ledger.js';
import { composeRecords } from './record-changes.js';

/**
 * Composes two consecutive deltas into one; neither version is needed.
 *
 * Rows that the first one writes and the second one buries are dropped. A posting that the first one removes and the second
 * one adds again counts as updated: unlike {@link diff}, this cannot tell whether the vector is the old one.
 *
 * Time: O(runs + changed keys · log), however large the index is.
 *
 * @throws {@link DeltaMismatchError} if `b` does not start from the version that `a` leads to; {@link
 * InvalidDeltaError}
 *
 * @example
 * ```ts
 * import { composeDeltas, createIndex, updateWithDelta } from 'shardex';
 *
 * const first = updateWithDelta(createIndex({ dimensions: 1 }), (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1] });
 * });
 * const second = updateWithDelta(first.index, (draft) => {
 *   draft.removeDocument('a');
 *   draft.addPosting({ documentId: 'b', vector: [2] });
 * });
 * composeDeltas(first.delta, second.delta).documents.added; // → ['b']
 * composeDeltas(first.delta, second.delta).documents.removed; // → []
 * composeDeltas(second.delta, first.delta); // → throws DeltaMismatchError
 * ```
 */
export function composeDeltas(a: Delta, b: Delta): Delta {
  assertDelta(a);
  assertDelta(b);
  if (!sameVersion(a.next, b.base)) {
    throw new DeltaMismatchError(
      `The second delta starts from version ${b.base.version} (${b.base.fingerprint}), but the first one leads to version ${a.next.version} (${a.next.fingerprint}). Compose deltas in the order of their versions, without a gap.`,
      b.base.version,
      a.next.version,
    );
  }
  if (a.isEmpty) return b;
  if (b.isEmpty) return a;
  const { dimensions, nextShardId, churn, owed } = changesOf(b);
  if (sameVersion(a.base, b.next)) {
    return new Delta(
      a.base,
      b.next,
      {
        ...{ dimensions, nextShardId, gone: [], shards: [], chunks: undefined },
        ...{ churn, calibration: 'same', owed, records: [] },
      },
      nothingChanged(),
    );
  }
  const chunks = composeChunks(changesOf(a).chunks, changesOf(b).chunks);
  const { gone, shards } = composeShards(a, b);
  // Computed eagerly: a lazy ledger would keep the whole chain of deltas alive.
  const records = composeRecords(changesOf(a).records, changesOf(b).records);
  const ledger = ledgerOfKeys(composeKeys(a, b, records), shards);
  const documents = composeDocuments(changesOf(a).documents?.value, changesOf(b).documents?.value);
  const calibration = composeCalibrations(changesOf(a).calibration, changesOf(b).calibration, () =>
    disagreement('the calibration'),
  );
  const parts = { dimensions, nextShardId, gone, shards, chunks, churn, calibration, owed, records };
  const changes = { ...parts, ...documents };
  return new Delta(a.base, b.next, changes, Lazy.of(ledger));
}

function composeShards(a: Delta, b: Delta): { gone: ShardId[]; shards: ShardChange[] } {
  const [first, second] = [byId(changesOf(a).shards), byId(changesOf(b).shards)];
  const [goneFirst, goneSecond] = [new Set(changesOf(a).gone), new Set(changesOf(b).gone)];
  const gone: ShardId[] = [];
  const shards: ShardChange[] = [];
  const ids = new Set([...first.keys(), ...second.keys(), ...goneFirst, ...goneSecond]);
  for (const id of [...ids].sort((x, y) => x - y)) {
    const [before, after] = [first.get(id), second.get(id)];
    const untouched = before === undefined && !goneFirst.has(id);
    const replaced = goneFirst.has(id) || (untouched && goneSecond.has(id));
    // A shard that the first delta only changed is gone by the second one alone.
    if (replaced || (goneSecond.has(id) && before !== undefined && before.centroid === undefined))
      gone.push(id);
    if (after === undefined) {
      if (before !== undefined && !goneSecond.has(id)) shards.push(before);
      continue;
    }
    const onto = after.centroid === undefined ? before : undefined;
    const segments = after.segments.map((segment) => composeSegment(first, onto, segment));
    shards.push({ id, centroid: after.centroid ?? before?.centroid, segments });
  }
  return { gone, shards };
}

function composeChunks(
  a: readonly ChunkChange[] | undefined,
  b: readonly ChunkChange[] | undefined,
): readonly ChunkChange[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.map((chunk) => (typeof chunk === 'number' ? a[chunk] : chunk));
}

/** Composes the changes of the documents map; missing if one of the deltas was decoded. */
function composeDocuments(
  a: ChangedDocuments | undefined,
  b: ChangedDocuments | undefined,
): Pick<Changes, 'documents'> {
  if (a === undefined || b === undefined) return {};
  const first = new Map(a.documentIds.map((documentId, i) => [documentId, i]));
  const second = new Set(b.documentIds);
  const onlyFirst = a.documentIds.flatMap((documentId, i) => (second.has(documentId) ? [] : [i]));
  const before = b.documentIds.map((documentId, i) => {
    const at = first.get(documentId);
    return at === undefined ? b.before[i] : a.before[at];
  });
  const documents = {
    documentIds: [...onlyFirst.map((i) => a.documentIds[i]), ...b.documentIds],
    before: [...onlyFirst.map((i) => a.before[i]), ...before],
    after: [...onlyFirst.map((i) => a.after[i]), ...b.after],
  };
  return { documents: Lazy.of(documents) };
}

function byId(shards: readonly ShardChange[]): ShardChanges {
  return new Map(shards.map((shard) => [shard.id, shard]));
}
