// `compareEvaluations`: whether one evaluation is better than another, by how much, and at what.
import { fieldOf, isArray } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import { InvalidOptionError } from '../../errors.js';
import { type SearchComparison, comparedResults } from '../compare.js';
import type { Evaluation, Measures } from './evaluate.js';

/** A measure before and after. */
export interface MeasureChange {
  /** Its average before. */
  readonly before: number;
  /** Its average after. */
  readonly after: number;
  /** After less before. */
  readonly change: number;
  /**
   * The standard error of the change, by how it differs between queries. A change of less than about twice this may be chance.
   */
  readonly standardError: number;
}

/** How one query changed. */
export interface QueryChange extends SearchComparison {
  /** Its place among the queries, counted from 0. */
  readonly query: number;
  /** Its nDCG after less that before. */
  readonly change: number;
}

/** How two evaluations differ. */
export interface EvaluationComparison {
  /** How many results counted. */
  readonly k: number;
  /** Queries that were judged in both. */
  readonly judged: number;
  /** The recall. */
  readonly recall: MeasureChange;
  /** The mean reciprocal rank. */
  readonly mrr: MeasureChange;
  /** The normalised discounted cumulative gain. */
  readonly ndcg: MeasureChange;
  /** Queries whose nDCG is higher after. */
  readonly better: number;
  /** Queries whose nDCG is lower after. */
  readonly worse: number;
  /** Each query, what changed for the worse first. */
  readonly changes: readonly QueryChange[];
}

/**
 * Compares two evaluations of the same queries and judgments, query by query: of two versions, or of two indexes of another model,
 * whose queries have other vectors.
 *
 * Time: O(queries · k).
 *
 * @throws {@link InvalidOptionError} for what is no evaluation, or where k or the queries that were judged are not the same.
 *
 * @example
 * ```ts
 * import { compareEvaluations, createIndex, evaluate, update } from 'shardex';
 *
 * const before = createIndex({ dimensions: 2 }, [{ documentId: 'cats', vector: [0, 1] }, { documentId: 'trains', vector: [1, 0] }]);
 * const after = update(before, (draft) => { draft.addPosting({ documentId: 'cats', vector: [1, 0] }); });
 * const [a, b] = [before, after].map((index) => evaluate(index, [[1, 0]], [['cats']], { k: 1 }));
 * const { ndcg, better, changes } = compareEvaluations(a, b);
 * ndcg.change; // → 1
 * better; // → 1
 * changes[0]?.entered.map(({ result }) => result.documentId); // → ['cats']
 * ```
 */
export function compareEvaluations(before: Evaluation, after: Evaluation): EvaluationComparison {
  assertEvaluation('before', before);
  assertEvaluation('after', after);
  const queriesOf = ({ k, judged }: Evaluation): string => [k, ...judged.map(({ query }) => query)].join();
  if (queriesOf(before) !== queriesOf(after))
    throw new InvalidOptionError(
      'after',
      'Only evaluations of the same judgments, with the same k, can be compared.',
    );
  const changes = before.judged.map((was, i): QueryChange => {
    const is = after.judged[i];
    const change = is.ndcg - was.ndcg;
    return {
      query: was.query,
      change,
      ...comparedResults(was.results, is.results, ({ documentId }) => documentId),
    };
  });
  const changeOf = (measure: keyof Measures): MeasureChange => {
    const change = after[measure] - before[measure];
    const squares = before.judged.map((was, i) => (after.judged[i][measure] - was[measure] - change) ** 2);
    const sum = squares.reduce((total, square) => total + square, 0);
    const n = squares.length;
    const standardError = n < 2 ? 0 : Math.sqrt(sum / (n - 1) / n);
    return { before: before[measure], after: after[measure], change, standardError };
  };
  return Object.freeze({
    k: before.k,
    judged: before.judged.length,
    recall: changeOf('recall'),
    mrr: changeOf('mrr'),
    ndcg: changeOf('ndcg'),
    better: changes.filter(({ change }) => change > 0).length,
    worse: changes.filter(({ change }) => change < 0).length,
    changes: Object.freeze(changes.sort((a, b) => a.change - b.change)),
  });
}

/**
 * Refuses what `evaluate` has not made.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertEvaluation(name: string, given: unknown): asserts given is Evaluation {
  if (isArray(fieldOf(given, 'judged')) && typeof fieldOf(given, 'k') === 'number') return;
  throw new InvalidOptionError(name, `${name} must be what evaluate() returns, not ${show(given)}.`);
}
