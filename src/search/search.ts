// The public searches `search`, `searchExplained` and `searchMany`: check arguments, lend an engine, make results.
import type { ShardId } from '../version/shard.js';
import type { Limit } from '../calibration/limits.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { iterated } from '../checks/given.js';
import { scoreOf, similarityOf } from '../geometry/metric.js';
import type { VectorInput } from '../version/posting.js';
import type { Searchable } from '../version/searchable.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { type Engine, usingEngine } from './memory/engine.js';
import { type SearchOptions, takeSearchOptions } from './options.js';
import { aimOf } from './ranking/plan.js';
import { type Query, queryOf } from './memory/query.js';
import { isLent } from './scan/row-cost.js';
import { recallOfShards } from './ranking/stopping.js';
import { distanceAtScore } from './limit.js';
import { runPage } from './paging.js';
import { type Outcome, type Sought, runMany } from './run.js';

/** A posting that was found. */
export interface SearchResult extends PostingKey {
  /** In [0, 1], higher is better; see {@link Metric}. */
  readonly score: number;
  /** The metric's own distance, smaller is nearer; see {@link Metric}. */
  readonly distance: number;
  /** The cosine, or the product of both vectors: −1 to 1, or any number; missing by euclidean distance, which has none. */
  readonly similarity?: number;
  /** Only with `includeVector`; the caller's own copy. */
  readonly vector?: Float32Array;
}

/** What a search did. */
export interface Explanation {
  /** Centroids that were compared with the query to find the nearest shards. */
  readonly shardsRanked: number;
  /** Shards that were scanned. */
  readonly shardsScanned: number;
  /** Their ids, in the order in which they were scanned; a search for a later page may scan one again. */
  readonly scanned: readonly ShardId[];
  /** Live postings in them. */
  readonly rowsScanned: number;
  /** Rows whose distance was computed; the others were ruled out by an estimate. */
  readonly rowsMeasured: number;
  /** Whether these are the true nearest for sure; otherwise some of them may have been missed. */
  readonly exact: boolean;
  /** Where a recall was aimed at, what to expect of queries like this one; `undefined` otherwise, and where all was scanned. */
  readonly expected: Expectation | undefined;
  /** What came of `where`; `undefined` without it. */
  readonly filter: FilterExplanation | undefined;
}

/** What a search did with a filter. */
export interface FilterExplanation {
  /** Live postings of the documents that pass. */
  readonly matches: number;
  /** Shards that have some of them; others are never scanned. */
  readonly shards: number;
  /**
   * Which of them it looked at: `'all'`, since they are few, lie elsewhere than the query, or all were wanted; or those in the
   * `'nearest'` shards.
   */
  readonly chosen: 'all' | 'nearest';
}

/** What a search by recall expects, and what it rests on. */
export interface Expectation {
  /** The share of the true nearest that is found, on average over queries of the kind of this one. */
  readonly recall: number;
  /** Postings of the index of that kind that this was measured on, each looked for as if it were not there. */
  readonly sampleSize: number;
}

/**
 * Finds the postings nearest to a query.
 *
 * Results have a fixed total order: distance ascending (score descending, before the score is rounded), then documentId by
 * UTF-16 code units, start, length. The same call on the same version gives the same bytes, whatever is written meanwhile
 * and whatever is cached (I1, I10).
 *
 * `recall` says which share of the true nearest to find on average; it is 0.95 by default, and as many shards are scanned
 * as that takes. A number as `slopFactor` (nprobe) scans that many shards instead, and finds their nearest postings
 * exactly. Below 1,024 postings all are scanned.
 *
 * Time: O(shards · dimensions) to rank the centroids, and O(rows of the scanned shards · dimensions) to scan; codes of two
 * bits a dimension rule most rows out.
 *
 * @throws {@link InvalidVectorError} for a query of the wrong size or with components that are not finite.
 * @throws {@link InvalidFilterError} for a `where` that is no filter.
 * @throws {@link InvalidOptionError} for `k` outside 1 to 10,000 without a limit of distance, and for any other unusable or
 * unknown option.
 *
 * @example
 * ```ts
 * import { createIndex, search } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2, metric: 'euclidean' }, [
 *   { documentId: 'near', vector: [1, 0] },
 *   { documentId: 'far', vector: [0, 9] },
 * ]);
 * search(index, [1, 0], { k: 1 }); // → [{ documentId: 'near', start: 0, length: 0, score: 1, distance: 0 }]
 * search(index, [1, 0], { k: 2, filter: (posting) => posting.documentId !== 'near' }).length; // → 1
 * search(index, [1, 0], { k: 1, offset: 1 })[0]?.documentId; // → 'far'
 * search(index, [1, 0], { k: Infinity, maxDistance: 5 }).length; // → 1
 * search(index, [1, 0], { k: 2, where: { documentId: 'far' } }).length; // → 1
 * search(index, [1, 0], { k: 1, recall: 0.95 }).length; // → 1
 * search(index, [1, 0], { k: 1, recall: 95 }); // → throws InvalidOptionError
 * ```
 */
export function search<M extends object>(
  index: ShardexIndex<M>,
  query: VectorInput,
  options: SearchOptions<NoInfer<M>>,
): SearchResult[] {
  assertIndex(index);
  return searchIn(index, query, options);
}

/** As {@link search}, in a version or a part of one. */
export function searchIn<M extends object>(
  index: Searchable,
  query: VectorInput,
  options: SearchOptions<M>,
): SearchResult[] {
  return searchFor(index, query, soughtIn(index, options));
}

/** As {@link searchIn}, with checked options. */
export function searchFor(index: Searchable, query: VectorInput, sought: Sought): SearchResult[] {
  return resultsOf(index, outcomeOf(index, query, sought), sought);
}

/** What {@link searchExplained} returns. */
export interface ExplainedSearch {
  /** What {@link search} returns. */
  readonly results: SearchResult[];
  /** What it took. */
  readonly explanation: Explanation;
}

/**
 * As {@link search}, with what the search did.
 *
 * @throws as {@link search}.
 *
 * @example
 * ```ts
 * import { createIndex, searchExplained } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }, { documentId: 'b', vector: [2] }]);
 * const { results, explanation } = searchExplained(index, [1], { k: 1, slopFactor: 'all' });
 * results.length; // → 1
 * explanation.exact; // → true
 * explanation.rowsScanned; // → 2
 * ```
 */
export function searchExplained<M extends object>(
  index: ShardexIndex<M>,
  query: VectorInput,
  options: SearchOptions<NoInfer<M>>,
): ExplainedSearch {
  return explainedFor(index, query, checked(index, options));
}

/** As {@link searchExplained}, with checked options. */
export function explainedFor(index: ShardexIndex, query: VectorInput, sought: Sought): ExplainedSearch {
  const outcome = outcomeOf(index, query, sought);
  const { ranked, shards, rows, measured, exact, limit, filter, scanned } = outcome;
  return {
    results: resultsOf(index, outcome, sought),
    explanation: {
      shardsRanked: ranked,
      shardsScanned: shards,
      scanned: scanned(),
      rowsScanned: rows,
      rowsMeasured: measured,
      exact,
      expected: limit && expectationOf(limit, aimOf(sought, index.config)),
      filter,
    },
  };
}

/**
 * Searches for several queries, with the results of {@link search}.
 *
 * With `slopFactor` codes are read once for all queries, which saves time; with `recall` queries are searched for one after
 * another.
 *
 * @throws as {@link search}; nothing is searched for if any of the queries is unusable.
 *
 * @example
 * ```ts
 * import { createIndex, searchMany } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1 , metric: 'euclidean' }, [
 *   { documentId: 'a', vector: [1] },
 *   { documentId: 'b', vector: [2] },
 * ]);
 * searchMany(index, [[1], [3]], { k: 1 }).map(([hit]) => hit?.documentId); // → ['a', 'b']
 * ```
 */
export function searchMany<M extends object>(
  index: ShardexIndex<M>,
  queries: Iterable<VectorInput>,
  options: SearchOptions<NoInfer<M>>,
): SearchResult[][] {
  const taken = checked(index, options);
  const all: Query[] = [];
  // Copied one by one: a generator may yield one buffer again and again.
  for (const query of eachQuery(queries)) all.push(queryFor(index, query));
  return withEngine(index, (engine) => {
    const results: SearchResult[][] = [];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      const outcomes =
        (taken.offset ?? 0) > 0
          ? some.map((query) => runPage(index, engine, query, taken))
          : runMany(index, engine, some, taken);
      for (const outcome of outcomes) results.push(resultsOf(index, outcome, taken));
    }
    return results;
  });
}

/** What to expect: the recall of the scanned shards, less the share that estimates may lose. */
function expectationOf({ expected, samples }: Limit, asked = 1): Expectation {
  return { recall: expected - (recallOfShards(asked) - asked), sampleSize: samples };
}

/** Queries that are searched for together: the results of each are kept until all are done. */
const AT_ONCE = 256;

/** Lends an engine, unless the index is too small for one to pay. */
function withEngine<T>(
  { whole, config, postingCount }: Searchable,
  use: (engine: Engine | undefined) => T,
): T {
  const rows = whole?.postingCount ?? postingCount;
  return isLent(config.dimensions, rows) ? usingEngine(config, use) : use(undefined);
}

function queryFor({ config }: Searchable, vector: VectorInput, lent?: Float64Array): Query {
  return queryOf(vector, config.dimensions, config.metric, lent);
}

/**
 * Checks the index and the options of a search.
 *
 * @throws {@link InvalidIndexError}, {@link InvalidOptionError}
 */
export function checked<M extends object>(index: ShardexIndex, options: SearchOptions<M>): Sought {
  assertIndex(index);
  return soughtIn(index, options);
}

function soughtIn<M extends object>(index: Searchable, options: SearchOptions<M>): Sought {
  const all = takeSearchOptions(options);
  if (all.minScore === undefined) return all;
  const { minScore, ...taken } = all;
  return { ...taken, maxDistance: distanceAtScore(index.config.metric, minScore) };
}

/**
 * Iterates over given queries, once.
 *
 * @throws {@link InvalidOptionError} for what is no iterable.
 */
export function eachQuery(queries: Iterable<VectorInput>): Iterable<VectorInput> {
  return iterated(
    queries,
    (what) => new InvalidOptionError('queries', `queries must be an iterable of vectors, not ${what}.`),
  );
}

function outcomeOf(index: Searchable, vector: VectorInput, options: Sought): Outcome {
  return withEngine(index, (engine) =>
    runPage(index, engine, queryFor(index, vector, engine?.query), options),
  );
}

/** Results for the caller, which share nothing with the index. */
function resultsOf({ config }: Searchable, { found }: Outcome, { includeVector }: Sought): SearchResult[] {
  const { metric, dimensions } = config;
  return found.map(({ distance, columns, row }): SearchResult => {
    const documentId = columns.ids.at(row);
    const start = columns.starts[row];
    const length = columns.lengths[row];
    const score = scoreOf(metric, distance);
    const result =
      metric === 'euclidean'
        ? { documentId, start, length, score, distance }
        : { documentId, start, length, score, distance, similarity: similarityOf(metric, distance) };
    if (includeVector !== true) return result;
    return { ...result, vector: columns.vectors.slice(row * dimensions, (row + 1) * dimensions) };
  });
}
