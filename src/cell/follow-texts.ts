/*
 * Keeps an index of texts, such as one for keywords, in step with a cell.
 */

import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { requireFunction } from '../config.js';
import { InvalidOptionError } from '../errors.js';
import { documents } from '../inspect/find.js';
import { type ReadableCell, assertCell } from './readable-cell.js';

/** An index of texts by document. A `MiniSearch` over the field `text` is one. */
export interface TextIndex {
  /** Takes in the text of a document that it does not have. */
  add(document: { readonly id: string; readonly text: string }): unknown;
  /** Forgets the text of a document that it has. */
  discard(id: string): unknown;
}

/**
 * Keeps an index of texts in step with a cell, a store or a replica, until the function that it returns is called.
 *
 * The texts of the current version are added at once, those of each commit when listeners are told of it. A text that is
 * replaced is discarded and added anew; what changes only vectors or metadata is passed over. The index must be empty, or have
 * the texts of a version no more. What it throws later goes to `onError`, as from any listener.
 *
 * Time: O(texts), then O(texts that a commit changes), beside what the index takes.
 *
 * @throws {@link InvalidOptionError}, {@link CellClosedError}, and what adding the first texts throws
 *
 * @example
 * ```ts
 * import MiniSearch from 'minisearch';
 * import { CowShardexIndex, createIndex, followTexts } from 'shardex';
 *
 * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
 * const keywords = new MiniSearch<{ id: string; text: string }>({ fields: ['text'] });
 * const stop = followTexts(cell, keywords);
 * cell.update((draft) => { draft.setText('a', 'Cats purr.'); });
 * keywords.search('cats').map(({ id }) => id as string); // → ['a']
 * stop();
 * ```
 */
export function followTexts<M extends object>(
  cell: Pick<ReadableCell<M>, 'read' | 'subscribe'>,
  texts: TextIndex,
): () => void {
  assertCell(cell, 'followed');
  assertTextIndex(texts);
  const stop = cell.subscribe(({ delta }) => {
    for (const { documentId: id, before, after } of delta.records) {
      if (before?.text === after?.text) continue;
      if (before?.text !== undefined) texts.discard(id);
      if (after?.text !== undefined) texts.add({ id, text: after.text });
    }
  });
  try {
    for (const { documentId: id, text } of documents(cell.read()))
      if (text !== undefined) texts.add({ id, text });
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

/** @throws {@link InvalidOptionError} */
function assertTextIndex(texts: unknown): asserts texts is TextIndex {
  if (typeof texts !== 'object' || texts === null)
    throw new InvalidOptionError('texts', `texts must be an index with add and discard, not ${show(texts)}.`);
  requireFunction('texts.add', fieldOf(texts, 'add'), ' ({ id, text }) => …');
  requireFunction('texts.discard', fieldOf(texts, 'discard'), ' (id) => …');
}
