// Refuses a text if postings of its document reach beyond it.
import { WantedId } from '../collections/id-column.js';
import { assertWithin } from '../documents/extent.js';
import { keyOfRow } from '../version/posting.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';

/**
 * Checks that all postings of a document are within its new text. Time: O(rows of the shards that hold it).
 *
 * @throws {@link InvalidPostingError}
 */
export function assertPostingsWithin(state: DraftState, documentId: string, text: string): void {
  const wanted = new WantedId(documentId);
  for (const id of state.shardsOfDocument(documentId)) {
    eachLive(state.shard(id).rows, (columns, row) => {
      if (columns.ids.is(row, wanted)) assertWithin(text, documentId, keyOfRow(columns, row));
    });
  }
}
