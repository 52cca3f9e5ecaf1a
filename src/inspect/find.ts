/*
 * Reads a version by a filter: how many documents pass, and which. Field indexes narrow down the documents to test; without
 * one that helps, all are tested.
 */
import { InvalidOptionError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { isWhole, show } from '../config.js';
import { candidatesFor } from '../documents/filter/candidates.js';
import type { Filter } from '../documents/filter/filter.js';
import { parseFilter } from '../documents/filter/parse.js';
import { predicateOf } from '../documents/filter/predicate.js';
import type { DocumentRecord, Metadata } from '../documents/record.js';
import { entryOf, idsOf } from '../version/documents.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';

/** Options of {@link documents}. */
export interface DocumentsOptions<M extends object = Metadata> {
  /** Only documents that pass this filter; default all. */
  readonly where?: Filter<M>;
  /** Only documents whose ids come after this one: pass the last id of a page to get the next page. */
  readonly after?: string;
  /** How many documents at most, 1 or more; default all. */
  readonly limit?: number;
}

/** A document: its id, and its text and metadata, if any. */
export interface FoundDocument<M extends object = Metadata> extends DocumentRecord<M> {
  /** Its id. */
  readonly documentId: string;
}

/**
 * Counts documents: all, or those that pass a filter.
 *
 * Time: O(1) without a filter; otherwise O(documents that field indexes leave to be tested, or all).
 *
 * @throws {@link InvalidIndexError}, {@link InvalidFilterError}
 *
 * @example
 * ```ts
 * import { count, createIndex, update } from 'shardex';
 *
 * interface Film { year: number }
 * const index = update(createIndex<Film>({ dimensions: 2, indexed: ['year'] }), (draft) => {
 *   draft.putDocument('heat', { metadata: { year: 1995 } });
 *   draft.putDocument('ronin', { metadata: { year: 1998 } });
 * });
 * count(index); // → 2
 * count(index, { year: { $gt: 1995 } }); // → 1
 * ```
 */
export function count<M extends object>(index: ShardexIndex<M>, where?: Filter<NoInfer<M>>): number {
  assertIndex(index);
  return where === undefined ? index.documentCount : foundIn(index, where).length;
}

/**
 * Iterates over documents, ascending by id (by UTF-16 code units), so that pages can be taken one after another.
 *
 * Time: that of {@link count}, and of sorting the ids.
 *
 * @throws {@link InvalidIndexError}, {@link InvalidFilterError}, {@link InvalidOptionError}
 *
 * @example
 * ```ts
 * import { createIndex, documents, update } from 'shardex';
 *
 * const index = update(createIndex({ dimensions: 2 }), (draft) => {
 *   for (const id of ['c', 'a', 'b']) draft.putDocument(id, { metadata: { letter: id } });
 * });
 * [...documents(index, { limit: 2 })].map(({ documentId }) => documentId); // → ['a', 'b']
 * [...documents(index, { after: 'b' })]; // → [{ documentId: 'c', metadata: { letter: 'c' } }]
 * [...documents(index, { where: { letter: { $ne: 'a' } }, limit: 1 })].length; // → 1
 * ```
 */
export function documents<M extends object>(
  index: ShardexIndex<M>,
  options: DocumentsOptions<NoInfer<M>> = {},
): IterableIterator<FoundDocument<M>> {
  assertIndex(index);
  const { where = {}, after, limit = Infinity } = takeOptions(options, ['where', 'after', 'limit']);
  if (after !== undefined && typeof after !== 'string')
    throw new InvalidOptionError('after', `after must be the id of a document, not ${show(after)}.`);
  if (limit !== Infinity && !isWhole(limit, 1, Number.MAX_SAFE_INTEGER))
    throw new InvalidOptionError('limit', `limit must be a whole number from 1 on, not ${show(limit)}.`);
  const ids = idsWhere(index, where).filter((id) => after === undefined || id > after);
  return each<M>(index, ids, limit);
}

function* each<M extends object>(
  { records }: ShardexIndex,
  ids: readonly string[],
  limit: number,
): IterableIterator<FoundDocument<M>> {
  let left = limit;
  for (const documentId of ids) {
    if (left-- === 0) return;
    yield { documentId, ...(records.get(documentId) as DocumentRecord<M> | undefined) };
  }
}

/**
 * Lists the ids of documents that pass a filter, ascending: writers go through them, and the same operations have to give the
 * same index (I10).
 */
export function idsWhere(index: ShardexIndex, filter: object): string[] {
  return foundIn(index, filter).sort();
}

/** The same in no particular order: it depends on the numbers of documents, which no version knows of. */
function foundIn(index: ShardexIndex, filter: object): string[] {
  const { records, fields, documents: placed } = index;
  const { condition } = parseFilter(filter);
  const passes = predicateOf(condition);
  const ids = new Set<string>();
  const candidates = candidatesFor(condition, fields.value);
  if (candidates === undefined) {
    for (const id of records.keys()) ids.add(id);
    for (const id of idsOf(placed.value)) ids.add(id);
  } else candidates.list(ids);
  const found: string[] = [];
  for (const id of ids) {
    const record = records.get(id);
    if (record === undefined && entryOf(placed.value, id) === undefined) continue;
    if (passes(id, record?.metadata)) found.push(id);
  }
  return found;
}
