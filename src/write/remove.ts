// Removes postings of documents from a draft.
import type { Steps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { ShardId } from '../version/shard.js';
import { bury } from './bury.js';
import type { DraftState } from './draft-state.js';

/**
 * Removes the matching postings of some documents and returns how many there were; looks through each shard once, however
 * many of the documents it holds. Time: O(rows of the shards that hold them).
 */
export function* removeWhere(
  state: DraftState,
  documentIds: Iterable<string>,
  matches: (documentId: string, start: number, length: number) => boolean,
): Steps<number> {
  const byShard = new Map<ShardId, Set<string>>();
  for (const documentId of documentIds) {
    for (const shard of state.shardsOfDocument(documentId)) {
      const inShard = byShard.get(shard);
      if (inShard === undefined) byShard.set(shard, new Set([documentId]));
      else inShard.add(documentId);
    }
  }
  let removed = 0;
  for (const [shard, inShard] of byShard) {
    const wanted = new WantedIds(inShard);
    const buried = bury(state, shard, (columns, row) => {
      const documentId = wanted.idAt(columns.ids, row);
      return documentId !== undefined && matches(documentId, columns.starts[row], columns.lengths[row]);
    });
    state.dropFromDocuments(buried.documentIds, shard);
    removed += buried.count;
    yield;
  }
  return removed;
}
