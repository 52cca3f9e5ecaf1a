/*
 * The error message for a delta that is applied to the wrong version; `apply.ts` throws it.
 */

import { DeltaMismatchError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Delta, changesOf } from './delta.js';

/** Makes the error for a delta that does not start from `base`, with the likely reason. */
export function baseMismatch(base: ShardexIndex, delta: Delta): DeltaMismatchError {
  const { version, fingerprint } = delta.base;
  return new DeltaMismatchError(
    `This delta starts from version ${version} (${fingerprint}), not from version ${base.version} (${base.fingerprint}). ${reasonFor(base, delta)}`,
    version,
    base.version,
  );
}

function reasonFor(base: ShardexIndex, delta: Delta): string {
  const { dimensions } = changesOf(delta);
  if (dimensions !== base.config.dimensions)
    return `It is of an index of ${dimensions} dimensions, and this one has ${base.config.dimensions}: make the base with the same options.`;
  if (delta.base.version !== base.version)
    return 'Apply those before it first, or use diff() between the two versions.';
  // Empty indexes differ only in their options.
  if (base.version === 0)
    return 'Both are empty, so the options differ (metric, shardCapacity, slopFactor, reassign, seed): make the base with the same ones as the index that the delta was made from.';
  return 'The numbers are the same, but not the states: they are of two branches, or of indexes with other options. Use diff() between the two versions.';
}
