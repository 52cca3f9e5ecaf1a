/*
 * A document of a version, for whoever looks at a result or a difference.
 */

import { type ShardexIndex, getDocument, hasDocument, postings } from '../../index.js';
import { Refusal } from '../refusal.js';
import { type ShownRecord, shownRecord } from './difference.js';

/** A document. */
export interface ShownDocument extends ShownRecord {
  readonly documentId: string;
  readonly postings: readonly { readonly start: number; readonly length: number }[];
}

/** Reads a document. Time: O(rows of the shards that hold it). @throws {@link Refusal} where there is none. */
export function documentOf(index: ShardexIndex, documentId: string): ShownDocument {
  if (documentId === '' || !hasDocument(index, documentId))
    throw new Refusal(
      404,
      'NO_DOCUMENT',
      `There is no document ${JSON.stringify(documentId)} in version ${index.version}.`,
    );
  const record = getDocument(index, documentId);
  return {
    documentId,
    ...(record && shownRecord(record)),
    postings: postings(index, documentId).map(({ start, length }) => ({ start, length })),
  };
}
