/*
 * A search, with what it did: the shards that it read, in order, and where its query and its results lie on the map.
 */

import {
  type Explanation,
  type Filter,
  type Metadata,
  type SearchOptions,
  type SearchResult,
  type ShardexIndex,
  getDocument,
  searchExplained,
  similarExplained,
  snippet,
} from '../../index.js';
import { Refusal } from '../refusal.js';
import { type Axes, type Place, placeOf } from './projection.js';

/** What is looked for. */
export interface Sought {
  readonly vector?: readonly number[] | undefined;
  /** More like this document. */
  readonly like?: string | undefined;
  readonly where?: Filter | undefined;
  readonly k: number;
  readonly recall?: number | undefined;
}

/** A result, with the text that it stands for, and its place on the map. */
export interface FoundResult extends Omit<SearchResult, 'vector'> {
  readonly text?: string;
  readonly metadata?: unknown;
  readonly place: Place;
}

/** What a search found, and how. */
export interface Found {
  readonly version: number;
  readonly results: readonly FoundResult[];
  readonly explanation: Explanation;
  /** Where the query lies. */
  readonly place: Place;
}

/** UTF-16 code units of a text that has no place for the posting. */
const SHOWN_TEXT = 300;

/** Searches a version. Time: as the search. @throws {@link Refusal}, and as `searchExplained`. */
export function findIn(index: ShardexIndex, axes: Axes, { vector, like, where, k, recall }: Sought): Found {
  const options = {
    ...{ k, includeVector: true },
    ...(where !== undefined && { where }),
    ...(recall !== undefined && { recall }),
  } as SearchOptions<object>;
  const isCosine = index.config.metric === 'cosine';
  const { query, results, explanation } = explained(index, { vector, like }, options);
  return {
    version: index.version,
    results: results.map(({ vector: found = [], ...result }) => ({
      ...result,
      ...saidBy(index, result),
      place: placeOf(axes, found, isCosine),
    })),
    explanation,
    place: placeOf(axes, query, isCosine),
  };
}

function explained(
  index: ShardexIndex,
  { vector, like }: Pick<Sought, 'vector' | 'like'>,
  options: SearchOptions<object>,
): { query: ArrayLike<number>; results: SearchResult[]; explanation: Explanation } {
  if ((vector === undefined) === (like === undefined))
    throw new Refusal(400, 'NO_QUERY', 'Say what to look for: a vector, or a document to find more like.');
  if (vector !== undefined) return { query: vector, ...searchExplained(index, vector, options) };
  const found = similarExplained(index, like ?? '', options);
  if (found !== undefined) return found;
  throw new Refusal(
    404,
    'NO_DOCUMENT',
    `No document ${JSON.stringify(like)} has a posting in version ${index.version}.`,
  );
}

/** The text that a result stands for, and the metadata of its document. */
function saidBy(
  index: ShardexIndex,
  result: SearchResult,
): { readonly text?: string; readonly metadata?: unknown } {
  const { text, metadata } = (getDocument(index, result.documentId) ?? {}) as Partial<{
    text: string;
    metadata: Metadata;
  }>;
  const part = snippet(index, result);
  // Of a posting without a place in the text, the text itself.
  const said = part === '' ? text?.slice(0, SHOWN_TEXT) : part;
  return { ...(said !== undefined && { text: said }), ...(metadata !== undefined && { metadata }) };
}
