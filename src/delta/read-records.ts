/*
 * Reads the records that a delta changes, also as they were before: from the base, as a decoded delta does not have those.
 */

import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { baseMismatch } from './base-mismatch.js';
import {
  type ChangedDocumentRecord,
  type Delta,
  assertDelta,
  changedDocumentRecord,
  changesOf,
  sameVersion,
} from './delta.js';

/**
 * Lists the records in which a delta's versions differ, before and after; also for a decoded delta.
 *
 * Time: O(records that differ · log records).
 *
 * @throws {@link DeltaMismatchError} if `base` is not the delta's base; {@link InvalidDeltaError}, {@link
 * InvalidIndexError}
 *
 * @example
 * ```ts
 * import { createIndex, decodeDelta, encodeDelta, recordChanges, updateWithDelta } from 'shardex';
 *
 * const first = updateWithDelta(createIndex({ dimensions: 1 }), (draft) => { draft.setMetadata('a', { year: 1995 }); });
 * const { delta } = updateWithDelta(first.index, (draft) => { draft.setMetadata('a', { year: 1996 }); });
 * const [change] = recordChanges(first.index, decodeDelta(encodeDelta(delta)));
 * change.before?.metadata; // → { year: 1995 }
 * change.after?.metadata; // → { year: 1996 }
 * ```
 */
export function recordChanges<M extends object>(
  base: ShardexIndex<M>,
  delta: Delta,
): readonly ChangedDocumentRecord<M>[] {
  assertIndex(base);
  assertDelta(delta);
  if (!sameVersion(base, delta.base)) throw baseMismatch(base, delta);
  const changed = changesOf(delta).records.map(({ documentId, after }) =>
    changedDocumentRecord(documentId, base.records.get(documentId), after),
  );
  return Object.freeze(changed) as unknown as readonly ChangedDocumentRecord<M>[];
}
