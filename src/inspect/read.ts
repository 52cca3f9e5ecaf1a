/*
 * Reads of a version by document: the stored postings of one, whether it exists, and all ids. Public functions over a
 * frozen version; the map of documents says which shards to look in.
 */

import { assertDocumentId, compareKeys, postingOfRow, type StoredPosting } from '../version/posting.js';
import { WantedId } from '../collections/id-column.js';
import { entryOf, idsOf } from '../version/documents.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, shardsOfDocument } from '../version/shardex-index.js';

/**
 * Reads all postings of a document, ordered by start, then length; empty for an unknown document. The vectors are
 * copies.
 *
 * Time: O(postings in the shards that hold it).
 *
 * @throws {@link InvalidPostingError} for an empty id.
 *
 * @example
 * ```ts
 * import { createIndex, postings } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [
 *   { documentId: 'a', start: 5, length: 3, vector: [0, 1] },
 *   { documentId: 'a', start: 0, length: 5, vector: [1, 0] },
 * ]);
 * postings(index, 'a').map((posting) => posting.start); // → [0, 5]
 * postings(index, 'nobody'); // → []
 * ```
 */
export function postings(index: ShardexIndex, documentId: string): StoredPosting[] {
  assertIndex(index);
  assertDocumentId(documentId);
  const found: StoredPosting[] = [];
  const wanted = new WantedId(documentId);
  for (const shard of shardsOfDocument(index, documentId)) {
    eachLive(shard.rows, (columns, row) => {
      if (columns.ids.is(row, wanted)) found.push(postingOfRow(columns, row, index.config.dimensions));
    });
  }
  return found.sort(compareKeys);
}

/**
 * Whether the index holds any posting of a document. Time: O(log documents). In a replica the first such question
 * takes O(postings), see {@link openReplica}.
 *
 * @throws {@link InvalidPostingError} for an empty id.
 *
 * @example
 * ```ts
 * import { createIndex, hasDocument } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
 * hasDocument(index, 'a'); // → true
 * hasDocument(index, 'b'); // → false
 * ```
 */
export function hasDocument(index: ShardexIndex, documentId: string): boolean {
  assertIndex(index);
  assertDocumentId(documentId);
  return entryOf(index.documents.value, documentId) !== undefined;
}

/**
 * Lists the ids of all documents, in no particular order. Time: O(1) for each one taken.
 *
 * @example
 * ```ts
 * import { createIndex, documentIds } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }, { documentId: 'b', vector: [2] }]);
 * [...documentIds(index)].sort(); // → ['a', 'b']
 * ```
 */
export function documentIds(index: ShardexIndex): IterableIterator<string> {
  assertIndex(index);
  return idsOf(index.documents.value);
}
