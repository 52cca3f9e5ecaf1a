// Edits metadata by an Immer draft, from which nothing of the caller's gets into the index, and the other way round.
import { type Draft, Immer } from 'immer';
import { refusePromise } from '../checks/callbacks.js';
import { because, thrownText } from '../checks/given.js';
import { show } from '../checks/show.js';
import { requireFunction } from '../config.js';
import { InvalidMetadataError } from '../errors.js';
import type { Metadata } from './record.js';

/** Changes metadata by changing a draft of them; what it returns is ignored. */
export type MetadataRecipe<M extends object> = (metadata: Draft<M>) => void;

/**
 * An Immer of our own, which does not freeze: it would freeze objects of the caller's that a recipe puts in. What comes out
 * is copied, checked and frozen by {@link takeMetadata}.
 */
const immer = new Immer({ autoFreeze: false });

/**
 * What metadata become by a recipe, unchecked; the same object where it changes nothing. The draft is revoked afterwards.
 *
 * @throws {@link AsyncRecipeError}, {@link InvalidOptionError} for what is no function, what the recipe throws, and {@link
 * InvalidMetadataError} where there are none, or Immer cannot read what it put in.
 */
export function editedMetadata(
  before: Metadata | undefined,
  recipe: MetadataRecipe<object>,
  documentId: string,
): unknown {
  if (before === undefined) {
    throw new InvalidMetadataError(
      `Document ${show(documentId)} has no metadata to edit; give it some by setMetadata().`,
      '',
      documentId,
    );
  }
  requireFunction('recipe', recipe, ' (metadata) => …');
  const run: (draft: Draft<object>) => unknown = recipe;
  const progress = { hasReturned: false };
  try {
    return immer.produce(before as object, (draft) => {
      refusePromise(
        run(draft),
        'The recipe of editMetadata is async, so its changes would come too late. Await what it needs beforehand. Nothing was changed.',
      );
      progress.hasReturned = true;
    });
  } catch (error) {
    if (!progress.hasReturned) throw error;
    const message = `What the metadata of document ${show(documentId)} became could not be read: ${thrownText(error)}.`;
    throw because(new InvalidMetadataError(message, '', documentId), error);
  }
}
