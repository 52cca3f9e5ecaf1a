// `similar`: more like a document that the index has.
import { WantedId } from '../collections/id-column.js';
import type { PostingKey } from '../errors.js';
import { assertDocumentId, compareKeys, keyOfRow } from '../version/posting.js';
import { type RowBlock, RowList } from '../version/row-block.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { meanOf } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { SearchOptions } from './options.js';
import { type ExplainedSearch, type SearchResult, checked, explainedFor, searchFor } from './search.js';
import type { Sought } from './run.js';

/**
 * Finds more like a document of the index, without the document itself.
 *
 * It searches once, by the mean of the document's postings (by cosine, of their directions): for documents that are similar
 * on the whole. For documents that share a passage with it, search for each of its postings, by {@link searchMany} with
 * the vectors of `postings(index, documentId)`, and join the results by {@link fuse}. `distinct` is `'document'` by
 * default. A recall is that of the others: the document's own postings do not count.
 *
 * Time: O(postings in the shards that hold it), and as {@link search}.
 *
 * @returns nothing for an unknown document.
 * @throws {@link InvalidPostingError} for an empty id, and as {@link search}.
 *
 * @example
 * ```ts
 * import { createIndex, similar } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [
 *   { documentId: 'cats', vector: [1, 0.1] },
 *   { documentId: 'lions', vector: [1, 0.2] },
 *   { documentId: 'trains', vector: [0, 1] },
 * ]);
 * similar(index, 'cats', { k: 1 }).map((hit) => hit.documentId); // → ['lions']
 * similar(index, 'nobody', { k: 1 }); // → []
 * ```
 */
export function similar<M extends object>(
  index: ShardexIndex<M>,
  documentId: string,
  options: SearchOptions<NoInfer<M>>,
): SearchResult[] {
  const likeIt = soughtLike(index, documentId, options);
  return likeIt === undefined ? [] : searchFor(index, likeIt.query, likeIt.sought);
}

/**
 * As {@link similar}, with what the search did, and by which vector; `undefined` for a document without postings.
 *
 * @throws as {@link similar}.
 *
 * @example
 * ```ts
 * import { createIndex, similarExplained } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1, metric: 'euclidean' }, [
 *   { documentId: 'a', vector: [1] },
 *   { documentId: 'a', start: 1, vector: [3] },
 *   { documentId: 'b', vector: [5] },
 * ]);
 * [...(similarExplained(index, 'a', { k: 1 })?.query ?? [])]; // → [2]
 * similarExplained(index, 'a', { k: 1 })?.explanation.rowsScanned; // → 3
 * ```
 */
export function similarExplained<M extends object>(
  index: ShardexIndex<M>,
  documentId: string,
  options: SearchOptions<NoInfer<M>>,
): ExplainedSimilar | undefined {
  const likeIt = soughtLike(index, documentId, options);
  return likeIt && { ...explainedFor(index, likeIt.query, likeIt.sought), query: likeIt.query };
}

/** What {@link similarExplained} returns. */
export interface ExplainedSimilar extends ExplainedSearch {
  /** The vector that it searched by: the mean of the document's postings. */
  readonly query: Float32Array;
}

/** The query and the options of a search for more like a document; `undefined` where that has no postings. */
function soughtLike<M extends object>(
  index: ShardexIndex<M>,
  documentId: string,
  options: SearchOptions<NoInfer<M>>,
): { readonly query: Float32Array; readonly sought: Sought } | undefined {
  const { filter, distinct = 'document', ...sought } = checked(index, options);
  assertDocumentId(documentId);
  const own = rowsOf(index, documentId);
  if (own.length === 0) return undefined;
  const { metric, dimensions } = index.config;
  return {
    query: meanOf(own, metric, dimensions).toArray(),
    sought: {
      ...sought,
      distinct,
      refused: own.length,
      filter: (posting, metadata) =>
        posting.documentId !== documentId && (filter === undefined || filter(posting, metadata)),
    },
  };
}

/** The rows of a document in the order of their keys, so that equal versions come to the same mean (I10). */
function rowsOf(index: ShardexIndex, documentId: string): RowList {
  const wanted = new WantedId(documentId);
  const found: { readonly key: PostingKey; readonly block: RowBlock; readonly row: number }[] = [];
  for (const shard of shardsOfDocument(index, documentId)) {
    eachLive(shard.rows, (columns, row, { block }) => {
      if (columns.ids.is(row, wanted)) found.push({ key: keyOfRow(columns, row), block, row });
    });
  }
  const rows = new RowList();
  for (const { block, row } of found.sort((a, b) => compareKeys(a.key, b.key))) rows.push(block, row);
  return rows;
}
