// Refuses a text that postings of its document reach beyond, before a draft takes it.
import { WantedId } from '../collections/id-column.js';
import { assertWithin } from '../documents/extent.js';
import { keyOfRow } from '../version/posting.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';

/**
 * Checks the postings that a document has against a text that it is to get. Time: O(rows of the shards that hold it).
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
