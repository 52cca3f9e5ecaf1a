/*
 * Reads a version: all postings or those of a document, one posting, whether a document exists, and all ids. Public functions
 * over a frozen version; the documents map says which shards to read.
 */

import type { PostingKey } from '../errors.js';
import {
  assertDocumentId,
  compareKeys,
  keyOfRow,
  postingOfRow,
  type StoredPosting,
} from '../version/posting.js';
import type { DocumentRecord } from '../documents/record.js';
import { type KeyInput, takeKey } from '../version/posting-key.js';
import type { Columns } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { WantedId } from '../collections/id-column.js';
import { entryOf, idsOf } from '../version/documents.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex, shardsOfDocument } from '../version/shardex-index.js';

/**
 * Reads all postings of the index, or of a document. The vectors are copies.
 *
 * Those of a document are an array, ordered by start, then length; empty for an unknown document.
 * Time: O(postings in the shards that hold it).
 *
 * Those of the index come from an iterator, which keeps the version alive. They come shard by shard, within a shard by key:
 * near ones come together, and equal versions give the same order.
 * Time: O(shards · log shards) for the first, and O(log rows of a shard + dimensions) for each one taken.
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
 * [...postings(index)].length; // → 2
 * ```
 */
export function postings(index: ShardexIndex): IterableIterator<StoredPosting>;
export function postings(index: ShardexIndex, documentId: string): StoredPosting[];
export function postings(
  index: ShardexIndex,
  // An id that is `undefined` must not stand for all.
  ...of: readonly [] | readonly [string]
): IterableIterator<StoredPosting> | StoredPosting[] {
  assertIndex(index);
  return of.length === 0 ? allPostings(index) : postingsOf(index, of[0]);
}

/** All postings, in the order of the shards' ids and of their keys. */
function* allPostings({ shards, config }: ShardexIndex): IterableIterator<StoredPosting> {
  for (const id of [...shards.keys()].sort((a, b) => a - b)) {
    const rows: { readonly key: PostingKey; readonly columns: Columns; readonly row: number }[] = [];
    eachLive((shards.get(id) as Shard).rows, (columns, row) => {
      rows.push({ key: keyOfRow(columns, row), columns, row });
    });
    rows.sort((a, b) => compareKeys(a.key, b.key));
    for (const { columns, row } of rows) yield postingOfRow(columns, row, config.dimensions);
  }
}

function postingsOf(index: ShardexIndex, documentId: string): StoredPosting[] {
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
 * Reads one posting by its key; `undefined` if there is none. The vector is a copy.
 *
 * Time: O(postings in the shards that hold its document).
 *
 * @throws {@link InvalidPostingError} for an unusable key.
 *
 * @example
 * ```ts
 * import { createIndex, getPosting } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', start: 5, length: 3, vector: [0, 1] }]);
 * getPosting(index, { documentId: 'a', start: 5, length: 3 })?.vector; // → Float32Array.of(0, 1)
 * getPosting(index, { documentId: 'a' }); // → undefined
 * ```
 */
export function getPosting(index: ShardexIndex, key: KeyInput): StoredPosting | undefined {
  assertIndex(index);
  const { documentId, start, length } = takeKey(key);
  const wanted = new WantedId(documentId);
  let found: StoredPosting | undefined;
  for (const shard of shardsOfDocument(index, documentId)) {
    eachLive(shard.rows, (columns, row) => {
      if (columns.starts[row] !== start || columns.lengths[row] !== length || !columns.ids.is(row, wanted))
        return false;
      found = postingOfRow(columns, row, index.config.dimensions);
      return true;
    });
    if (found !== undefined) break;
  }
  return found;
}

/**
 * Whether the index has a document: a posting, a text or metadata of it.
 *
 * Time: O(log documents). In a replica the first such look-up takes O(postings), see {@link openReplica}.
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
  return index.records.has(documentId) || entryOf(index.documents.value, documentId) !== undefined;
}

/**
 * Reads the text and metadata of a document; `undefined` for one that has neither.
 *
 * The result is frozen, and the same object in every version that did not change it. Time: O(log documents).
 *
 * @throws {@link InvalidPostingError} for an empty id.
 *
 * @example
 * ```ts
 * import { createIndex, getDocument, update } from 'shardex';
 *
 * const index = update(createIndex<{ year: number }>({ dimensions: 1 }), (draft) => {
 *   draft.putDocument('heat', { text: 'A thief …', metadata: { year: 1995 } });
 * });
 * getDocument(index, 'heat')?.metadata?.year; // → 1995
 * getDocument(index, 'nobody'); // → undefined
 * ```
 */
export function getDocument<M extends object>(
  index: ShardexIndex<M>,
  documentId: string,
): DocumentRecord<M> | undefined {
  assertIndex(index);
  assertDocumentId(documentId);
  return index.records.get(documentId) as DocumentRecord<M> | undefined;
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
  return index.documentCount === index.placedCount ? idsOf(index.documents.value) : idsOfBoth(index);
}

function* idsOfBoth({ documents, records }: ShardexIndex): IterableIterator<string> {
  yield* idsOf(documents.value);
  for (const documentId of records.keys())
    if (entryOf(documents.value, documentId) === undefined) yield documentId;
}
