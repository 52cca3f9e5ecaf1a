// What the adapters write to: a cell or a store, by the same calls.
import { ConflictError, type CowShardexIndex, type NamedDocument, type Recipe } from '../index.js';
import type { Store } from '../store/index.js';

/** A cell in memory, or a store whose commits are durable. */
export type Writable<M extends object = object> = CowShardexIndex<M> | Store<M>;

/** Results that a search gives without a limit; more take one, such as a score of at least 0, which leaves nothing out. */
export const MOST_RESULTS = 10_000;

/** Documents that are put in one step; more are put in slices, so that the event loop goes on. */
const AT_ONCE = 512;

/** Changes a cell or a store in one step; a store's promise resolves when that is durable. The last write wins. */
export async function write<M extends object>(cell: Writable<M>, recipe: Recipe<M>): Promise<void> {
  try {
    await cell.update(recipe);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // Another process was first: once more on what it made.
    await cell.updateAsync((draft) => {
      recipe(draft);
    });
  }
}

/** Puts documents, all of them in one commit. Of several with the same id the last one stays. */
export async function put<M extends object>(
  cell: Writable<M>,
  documents: readonly NamedDocument<M>[],
): Promise<void> {
  if (documents.length > AT_ONCE) {
    try {
      await cell.ingest(documents);
      return;
    } catch (error) {
      // Somebody put one of them meanwhile: at once nobody can.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  await write(cell, (draft) => {
    draft.putDocuments(documents);
  });
}
