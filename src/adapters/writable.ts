// What the adapters write to: a cell or a store, by the same calls.
import {
  ConflictError,
  CowShardexIndex,
  InvalidOptionError,
  type NamedDocument,
  type Recipe,
  type ShardexOptions,
  createIndex,
} from '../index.js';
import type { Store } from '../store/index.js';

/** A cell in memory, or a store whose commits are durable. */
export type Writable<M extends object = object> = CowShardexIndex<M> | Store<M>;

/** Results that a search gives without a limit; more take one, such as a score of at least 0, which leaves nothing out. */
export const MOST_RESULTS = 10_000;

/** Documents that are put in one step; more are put in slices, so that the event loop goes on. */
const AT_ONCE = 512;

/**
 * The cell or store that an adapter starts with: the one that is given, a new one where options say the dimensions, else none.
 *
 * @throws {@link InvalidOptionError}, {@link ConfigError}
 */
export function firstCell<M extends object>(
  cell: Writable<M> | undefined,
  options: Partial<ShardexOptions<M>>,
): Writable<M> | undefined {
  if (cell !== undefined && Object.keys(options).length > 0)
    throw new InvalidOptionError('cell', 'A cell has its options already; leave those of an index out.');
  // Made in any case, so that a wrong option is found at once.
  const made = newCell(options, options.dimensions ?? 1);
  return cell ?? (options.dimensions === undefined ? undefined : made);
}

/** Makes a cell for vectors of a length. @throws {@link ConfigError} */
export function newCell<M extends object>(
  options: Partial<ShardexOptions<M>>,
  dimensions: number,
): CowShardexIndex<M> {
  return new CowShardexIndex(createIndex<M>({ ...options, dimensions }));
}

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
