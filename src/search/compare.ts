// `compareSearch`: which results a change of the index adds, removes and moves.
import { keyText, takeVector, type VectorInput } from '../version/posting.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { type SearchOptions, takeSearchOptions } from './options.js';
import { type SearchResult, eachQuery, searchMany } from './search.js';

/** A result that only one of two versions has. */
export interface RankedResult {
  /** Its place among the results, counted from 1. */
  readonly rank: number;
  /** What was found. */
  readonly result: SearchResult;
}

/** A result that both versions have, at different places. */
export interface MovedResult {
  /** Its place before, counted from 1. */
  readonly from: number;
  /** Its place after. */
  readonly to: number;
  /** What was found before, with its distance then. */
  readonly before: SearchResult;
  /** What was found after. */
  readonly after: SearchResult;
}

/** How the results of one query differ between two versions. */
export interface SearchComparison {
  /** Results of the second version only, best first. */
  readonly entered: readonly RankedResult[];
  /** Results of the first version only, best first. */
  readonly left: readonly RankedResult[];
  /** Results of both at different places, by their place after. */
  readonly moved: readonly MovedResult[];
  /** How many results are at the same place in both. */
  readonly unmoved: number;
}

/**
 * Searches two versions for the same queries, and says which results entered, left and moved.
 *
 * Results are the same where their postings have the same key, or with `distinct: 'document'` where their documents do. With
 * `slopFactor: 'all'` all differences come from the data. With a recall some may come from the search, as it looks at other
 * shards in another version.
 *
 * Time: as {@link searchMany} on both.
 *
 * @throws as {@link searchMany}.
 *
 * @example
 * ```ts
 * import { compareSearch, createIndex, update } from 'shardex';
 *
 * const before = createIndex({ dimensions: 2 }, [
 *   { documentId: 'a', vector: [1, 0.1] },
 *   { documentId: 'b', vector: [1, 0.2] },
 * ]);
 * const after = update(before, (draft) => {
 *   draft.addPosting({ documentId: 'c', vector: [1, 0] });
 * });
 * const [comparison] = compareSearch(before, after, [[1, 0]], { k: 2, slopFactor: 'all' });
 * comparison?.entered.map(({ rank, result }) => [rank, result.documentId]); // → [[1, 'c']]
 * comparison?.left.map(({ result }) => result.documentId); // → ['b']
 * comparison?.moved.map(({ from, to }) => [from, to]); // → [[1, 2]]
 * ```
 */
export function compareSearch<M extends object>(
  a: ShardexIndex<M>,
  b: ShardexIndex<M>,
  queries: Iterable<VectorInput>,
  options: SearchOptions<NoInfer<M>>,
): SearchComparison[] {
  assertIndex(a);
  assertIndex(b);
  const { distinct } = takeSearchOptions(options);
  // Copied one by one: they are searched for twice, and a generator may yield one buffer again and again.
  const copies = Array.from(eachQuery(queries), (query) => takeVector(query, 'The query'));
  const after = searchMany(b, copies, options);
  const keyOf = (result: SearchResult): string =>
    distinct === 'document' ? result.documentId : keyText(result.documentId, result.start, result.length);
  return searchMany(a, copies, options).map((before, q) => comparedResults(before, after[q], keyOf));
}

/** How two lists of results differ. */
export function comparedResults(
  before: readonly SearchResult[],
  after: readonly SearchResult[],
  keyOf: (result: SearchResult) => string,
): SearchComparison {
  const was = new Map(before.map((result, i) => [keyOf(result), { rank: i + 1, result }]));
  const entered: RankedResult[] = [];
  const moved: MovedResult[] = [];
  let unmoved = 0;
  after.forEach((result, i) => {
    const rank = i + 1;
    const key = keyOf(result);
    const then = was.get(key);
    was.delete(key);
    if (then === undefined) entered.push({ rank, result });
    else if (then.rank === rank) unmoved++;
    else moved.push({ from: then.rank, to: rank, before: then.result, after: result });
  });
  return { entered, left: [...was.values()], moved, unmoved };
}
