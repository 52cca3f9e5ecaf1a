/*
 * The result of a commit: the versions before and after it, and the delta between them on demand.
 */

import { BRAND, type Brand, brand } from '../checks/brand.js';
import { detachable } from '../checks/detached.js';
import { printable } from '../checks/printable.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Recipe, update } from '../write/update.js';
import { deltaOfCommit } from './between.js';
import type { Delta } from './delta.js';

/**
 * The result of a commit. It keeps both of its versions alive.
 *
 * If nothing was changed, `previous` and `index` are the same version.
 */
export class Commit<M extends object = object> {
  /** The version that was current before. */
  readonly previous: ShardexIndex<M>;
  /** The version that is current after. */
  readonly index: ShardexIndex<M>;
  #delta: Delta | undefined;

  static {
    // Not the delta, which would be computed for that.
    printable<Commit>(this.prototype as Commit, 'Commit', ({ version, index, previous, isEmpty }) => {
      return { version, fingerprint: index.fingerprint, previousVersion: previous.version, isEmpty };
    });
    detachable(this, (value) => #delta in value, 'fresh');
  }

  /** @internal */
  constructor(previous: ShardexIndex<M>, index: ShardexIndex<M>) {
    this.previous = previous;
    this.index = index;
    Object.freeze(this);
  }

  /** Whether nothing was changed. */
  get isEmpty(): boolean {
    return this.previous === this.index;
  }

  /** The number of the version that is current after. */
  get version(): number {
    return this.index.version;
  }

  /** The delta, computed on first access. Time: O(rows that changed) once. */
  get delta(): Delta {
    return (this.#delta ??= deltaOfCommit(this.previous, this.index));
  }

  /** @internal */
  get [BRAND](): Brand {
    return COMMIT;
  }
}

const COMMIT = brand('commit');

/**
 * Runs a recipe as {@link update} does, and returns the commit, with the delta.
 *
 * @throws as {@link update}.
 *
 * @example
 * ```ts
 * import { createIndex, updateWithDelta } from 'shardex';
 *
 * const { index, delta } = updateWithDelta(createIndex({ dimensions: 1 }), (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1] });
 * });
 * index.postingCount; // → 1
 * delta.documents.added; // → ['a']
 * ```
 */
export function updateWithDelta<M extends object>(index: ShardexIndex<M>, recipe: Recipe<M>): Commit<M> {
  return new Commit(index, update(index, recipe));
}
