/*
 * Reads several documents at once, and the part of a text around a search result. For reads by filters see `find.ts`.
 */

import { takeOptions } from '../checks/given.js';
import { requireWhole } from '../config.js';
import type { DocumentRecord } from '../documents/record.js';
import type { PostingKey } from '../errors.js';
import { eachDocumentId } from '../version/posting.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { getDocument } from './read.js';

/**
 * Reads the texts and metadata of several documents, in the order of the ids; `undefined` for one that has neither.
 *
 * Time: O(log documents) for each.
 *
 * @throws {@link InvalidPostingError} for an empty id, and for what is no iterable.
 *
 * @example
 * ```ts
 * import { createIndex, getDocuments, update } from 'shardex';
 *
 * const index = update(createIndex({ dimensions: 1 }), (draft) => { draft.setText('a', 'hello'); });
 * getDocuments(index, ['a', 'b']).map((document) => document?.text); // → ['hello', undefined]
 * ```
 */
export function getDocuments<M extends object>(
  index: ShardexIndex<M>,
  documentIds: Iterable<string>,
): (DocumentRecord<M> | undefined)[] {
  assertIndex(index);
  return Array.from(eachDocumentId(documentIds), (documentId) => getDocument(index, documentId));
}

/** Options of {@link snippet}. */
export interface SnippetOptions {
  /** UTF-16 code units of the text to add on both sides, 0 or more. Default 0. */
  readonly around?: number;
}

/**
 * Cuts the text of a search result, or of any posting, out of the text of its document; `undefined` if that has none.
 *
 * No character is cut in two: one across an end is included. Time: O(length of the snippet + log documents).
 *
 * @throws {@link InvalidPostingError} for an empty id; {@link InvalidOptionError}
 *
 * @example
 * ```ts
 * import { createIndex, search, snippet, update } from 'shardex';
 *
 * const index = update(createIndex({ dimensions: 2 }), (draft) => {
 *   draft.putDocument('a', { text: 'one two three', postings: [{ start: 4, length: 3, vector: [1, 0] }] });
 * });
 * const [hit] = search(index, [1, 0], { k: 1 });
 * snippet(index, hit); // → 'two'
 * snippet(index, hit, { around: 2 }); // → 'e two t'
 * ```
 */
export function snippet(
  index: ShardexIndex,
  posting: PostingKey,
  options: SnippetOptions = {},
): string | undefined {
  const { around = 0 } = takeOptions(options, ['around']);
  requireWhole('around', around, 0, Number.MAX_SAFE_INTEGER);
  const { documentId, start, length } = posting;
  const text = getDocument(index, documentId)?.text;
  if (text === undefined) return undefined;
  requireWhole('start', start, 0, Number.MAX_SAFE_INTEGER);
  requireWhole('length', length, 0, Number.MAX_SAFE_INTEGER);
  const from = Math.max(0, start - around);
  const to = Math.min(text.length, start + length + around);
  if (from >= to) return '';
  return text.slice(isInCharacter(text, from) ? from - 1 : from, isInCharacter(text, to) ? to + 1 : to);
}

/** Whether a position in a text is between the two halves of a surrogate pair. */
function isInCharacter(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
