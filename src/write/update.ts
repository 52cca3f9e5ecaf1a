// The pure writes, `createIndex` and `update`: values in, values out.
import { refusePromise } from '../checks/callbacks.js';
import { type ShardexOptions, requireFunction, resolveConfig } from '../config.js';
import type { Metadata } from '../documents/record.js';
import type { Posting } from '../version/posting.js';
import { type ShardexIndex, assertIndex, emptyIndex } from '../version/shardex-index.js';
import { IndexDraft, closeDraft } from './index-draft.js';

/**
 * Describes a change by making it on a draft. It must finish before it returns, and its return value is ignored;
 * the draft is closed afterwards.
 */
export type Recipe<M extends object = object> = (draft: IndexDraft<M>) => void;

/**
 * Makes an index, empty or of some postings. An empty one is version 0; with postings it is version 1.
 *
 * Time: O(n · dimensions · log(n / shardCapacity)) for n postings, and as much again to move each to its nearest shard.
 *
 * @throws {@link ConfigError}, and for the postings {@link InvalidPostingError} and {@link InvalidVectorError}.
 *
 * @example
 * ```ts
 * import { createIndex } from 'shardex';
 *
 * const empty = createIndex({ dimensions: 3 });
 * empty.version; // → 0
 * const index = createIndex({ dimensions: 3, metric: 'dot' }, [{ documentId: 'a', vector: [1, 2, 3] }]);
 * index.postingCount; // → 1
 * createIndex({ dimensions: 0 }); // → throws ConfigError
 * ```
 */
export function createIndex<M extends object = Metadata>(
  options: ShardexOptions<NoInfer<M>>,
  postings?: Iterable<Posting>,
): ShardexIndex<M> {
  const empty = emptyIndex(resolveConfig(options)) as ShardexIndex<M>;
  return postings === undefined
    ? empty
    : update(empty, (draft) => {
        draft.addPostings(postings);
      });
}

/**
 * Makes the next version of an index by a recipe. The index itself stays as it is. If the recipe changes nothing, the same
 * reference comes back.
 *
 * Time: O(log n) for each shard and document touched, besides what the operations of the draft say.
 *
 * @throws {@link AsyncRecipeError} for a recipe that returns a promise, {@link InvalidOptionError} for one that is no function,
 * and whatever the recipe throws.
 *
 * @example
 * ```ts
 * import { createIndex, update } from 'shardex';
 *
 * const before = createIndex({ dimensions: 2 });
 * const after = update(before, (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1, 0] });
 *   draft.addPosting({ documentId: 'b', vector: [0, 1] });
 *   draft.removeDocument('a');
 * });
 * after.postingCount; // → 1
 * before.postingCount; // → 0
 * update(after, (draft) => { draft.removeDocument('nobody'); }) === after; // → true
 * ```
 */
export function update<M extends object>(index: ShardexIndex<M>, recipe: Recipe<M>): ShardexIndex<M> {
  assertIndex(index);
  const draft = new IndexDraft(index);
  try {
    runRecipe(recipe, draft);
    return draft.preview();
  } finally {
    closeDraft(draft, 'closed when its recipe returned');
  }
}

/**
 * Runs a recipe, and refuses one that returns a promise.
 *
 * @throws {@link AsyncRecipeError}, {@link InvalidOptionError} for what is no function.
 */
export function runRecipe<D>(recipe: (draft: D) => void, draft: D): void {
  requireFunction('recipe', recipe, ' (draft) => …');
  const run: (draft: D) => unknown = recipe;
  refusePromise(
    run(draft),
    'The recipe is async, so its changes would come too late. Prepare what it awaits beforehand, or use updateAsync() of a CowShardexIndex. Nothing was published.',
  );
}
