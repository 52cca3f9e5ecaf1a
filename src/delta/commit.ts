import { BRAND, type Brand, brand } from '../brand.js';
import { detachable } from '../detached.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Recipe, update } from '../write/update.js';
import { deltaOfCommit } from './between.js';
import type { Delta } from './delta.js';

/**
 * What a commit did, as one value. Where nothing was changed, `previous` and `index` are the same version. Whoever keeps
 * a commit keeps both of its versions.
 */
export class Commit {
  /** The version that was current before. */
  readonly previous: ShardexIndex;
  /** The version that is current since. */
  readonly index: ShardexIndex;
  #delta: Delta | undefined;

  static {
    detachable(this, (value) => #delta in value, 'fresh');
  }

  /** @internal */
  constructor(previous: ShardexIndex, index: ShardexIndex) {
    this.previous = previous;
    this.index = index;
    Object.freeze(this);
  }

  /** Whether nothing was changed. */
  get isEmpty(): boolean {
    return this.previous === this.index;
  }

  /** The number of the version that is current since. */
  get version(): number {
    return this.index.version;
  }

  /** What changed; made when it is first asked for. Time: O(rows that changed) once. */
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
 * As {@link update}, with what changed.
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
export function updateWithDelta(index: ShardexIndex, recipe: Recipe): Commit {
  return new Commit(index, update(index, recipe));
}
