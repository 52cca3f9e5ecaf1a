// `evaluate`: how well searches find what people judged to be relevant.
import { fieldOf, isArray, iterated, takeOptions } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import { InvalidOptionError } from '../../errors.js';
import type { VectorInput } from '../../version/posting.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import type { SearchOptions } from '../options.js';
import { type SearchResult, searchMany } from '../search.js';

/** How {@link evaluate} searches: as many results as `k`, and otherwise as {@link search} does with the same options. */
export type EvaluateOptions<M extends object> = Pick<
  SearchOptions<M>,
  'k' | 'recall' | 'slopFactor' | 'where'
>;

/**
 * What is relevant to a query: the ids of documents, all alike; or by id how relevant each is, from 0 (not at all) on.
 */
export type Judgment = Iterable<string> | ReadonlyMap<string, number>;

/** The measures, on average or of one query; each from 0 to 1, higher is better. */
export interface Measures {
  /** The share of the relevant documents that are among the first k results. */
  readonly recall: number;
  /** 1 / the rank of the first relevant document, 0 where none is among the first k: on average the MRR. */
  readonly mrr: number;
  /** The normalised discounted cumulative gain of the first k: grade / log2(rank + 1), summed, against the best order. */
  readonly ndcg: number;
}

/** How one query went. */
export interface QueryEvaluation extends Measures {
  /** Its place among the queries, counted from 0. */
  readonly query: number;
  /** What was found, best first; of each document its best posting. */
  readonly results: readonly SearchResult[];
}

/** What {@link evaluate} found: a frozen value that `JSON.stringify` writes whole. */
export interface Evaluation extends Measures {
  /** How many results counted. */
  readonly k: number;
  /** How many queries there were, those that nothing is relevant to included. */
  readonly queries: number;
  /** The queries that something is relevant to, in their order; over these the measures are averaged. */
  readonly judged: readonly QueryEvaluation[];
}

/**
 * Measures how well an index answers queries of which somebody knows the right answers: recall, MRR and nDCG of the first k
 * documents.
 *
 * A document counts once, by its best posting. Queries that nothing is relevant to are left out of the averages. Unless a
 * `slopFactor` of `'all'` says otherwise, it searches as the index does by default, so what a recall below 1 misses is measured,
 * too.
 *
 * Time: as {@link searchMany}.
 *
 * @throws {@link InvalidOptionError} for judgments that are none, or not one for each query; and as {@link searchMany}.
 *
 * @example
 * ```ts
 * import { createIndex, evaluate } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [
 *   { documentId: 'cats', vector: [1, 0] },
 *   { documentId: 'lions', vector: [1, 0.2] },
 *   { documentId: 'trains', vector: [0, 1] },
 * ]);
 * const { recall, mrr, ndcg } = evaluate(index, [[1, 0], [0, 1]], [['lions'], ['trains', 'cats']], { k: 2 });
 * recall; // → 0.75
 * mrr; // → 0.75
 * ndcg; // → ≈ 0.622
 * ```
 */
export function evaluate<M extends object>(
  index: ShardexIndex<M>,
  queries: Iterable<VectorInput>,
  judgments: Iterable<Judgment>,
  options: EvaluateOptions<NoInfer<M>>,
): Evaluation {
  const taken = takeOptions(options, ['k', 'recall', 'slopFactor', 'where']);
  const grades = Array.from(
    iterated(judgments, (what) => wrong(`judgments must be an iterable, one for each query, not ${what}.`)),
    takeJudgment,
  );
  const found = searchMany(index, queries, { ...taken, distinct: 'document' });
  if (found.length !== grades.length)
    throw wrong(`There are ${grades.length} judgments for ${found.length} queries.`);
  const judged = found.flatMap((results, query) =>
    grades[query].size === 0
      ? []
      : [Object.freeze({ query, ...measured(results, grades[query], taken.k), results })],
  );
  return Object.freeze({
    k: taken.k,
    queries: found.length,
    ...meanOf(judged),
    judged: Object.freeze(judged),
  });
}

/** The measures of one list of results, given the grades above 0. */
function measured(
  results: readonly SearchResult[],
  grades: ReadonlyMap<string, number>,
  k: number,
): Measures {
  const gains = results.map(({ documentId }) => grades.get(documentId) ?? 0);
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, k);
  const first = gains.findIndex((gain) => gain > 0);
  return {
    recall: gains.filter((gain) => gain > 0).length / grades.size,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    ndcg: discounted(gains) / discounted(best),
  };
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
}

/** The averages; 0 of none. */
function meanOf(of: readonly Measures[]): Measures {
  const mean = (name: keyof Measures): number =>
    of.reduce((sum, measures) => sum + measures[name], 0) / Math.max(1, of.length);
  return { recall: mean('recall'), mrr: mean('mrr'), ndcg: mean('ndcg') };
}

/** The grades above 0, by document. */
function takeJudgment(judgment: unknown, query: number): ReadonlyMap<string, number> {
  const grades = new Map<string, number>();
  const each = iterated(judgment as Iterable<unknown>, (what) =>
    wrong(`Judgment ${query} must be the ids of documents, or a Map of ids to grades, not ${what}.`),
  );
  // By what it can do, as there are maps of other realms.
  const isGraded = typeof fieldOf(judgment, 'get') === 'function';
  for (const entry of each) {
    const [id, grade]: readonly unknown[] = isGraded && isArray(entry) ? entry : [entry, 1];
    if (typeof id !== 'string' || typeof grade !== 'number' || !(grade >= 0 && grade < Infinity))
      throw wrong(
        `Judgment ${query} must have ids, and grades that are finite numbers from 0 on, not ${show(id)} with ${show(grade)}.`,
      );
    if (grade > 0) grades.set(id, grade);
  }
  return grades;
}

function wrong(message: string): InvalidOptionError {
  return new InvalidOptionError('judgments', message);
}
