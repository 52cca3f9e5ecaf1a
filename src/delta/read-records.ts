/*
 * Reads the records that a delta changes, with what they were before: from the base, as bytes do not have that.
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
 * The records in which a delta's versions differ, each as it was in the base and as it is in the next version, also where
 * the delta came as bytes. Time: O(records that differ · log records).
 *
 * @throws {@link DeltaMismatchError} where `base` is not the delta's base; {@link InvalidDeltaError}, {@link
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
