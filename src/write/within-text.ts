// Refuses postings that reach beyond the text of their document, before a draft takes them or the text.
import { WantedId } from '../collections/id-column.js';
import { assertWithin } from '../documents/extent.js';
import { keyOfRow } from '../version/posting.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';

/**
 * Checks staged postings against the texts of their documents.
 *
 * @throws {@link InvalidPostingError}
 */
export function assertWithinTexts(staged: RowList, textOf: (documentId: string) => string | undefined): void {
  for (let i = 0; i < staged.length; i++) {
    const key = keyOfRow(columnsOf(staged.blocks[i]), staged.rows[i]);
    assertWithin(textOf(key.documentId), key.documentId, key, i);
  }
}

/**
 * Checks the postings that a document has against a text that it is to get. Time: O(rows of the shards that hold it).
 *
 * @throws {@link InvalidPostingError}
 */
export function assertPostingsWithin(state: DraftState, documentId: string, text: string | undefined): void {
  if (text === undefined) return;
  const wanted = new WantedId(documentId);
  for (const id of state.shardsOfDocument(documentId)) {
    eachLive(state.shard(id).rows, (columns, row) => {
      if (columns.ids.is(row, wanted)) assertWithin(text, documentId, keyOfRow(columns, row));
    });
  }
}
