// What a search by recall found, against the truth.
import { deviation, mean } from 'd3-array';
import { type ShardexIndex, searchExplained } from '../../../dist/index.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import { type Truth, foundOf } from './truth.js';

/** What came of asking for a recall. */
export interface Answer {
  readonly k: number;
  readonly asked: number;
  /** The recall that was found, as a mean over all queries. */
  readonly got: number;
  /** The standard error of that. */
  readonly error: number;
  /** Rows scanned for a query, as a mean. */
  readonly scanned: number;
}

/** Searches once for each query. */
export function answerTo(
  index: ShardexIndex,
  queries: Matrix,
  truth: readonly Truth[],
  k: number,
  asked: number,
): Answer {
  let scanned = 0;
  const shares = truth.map((true_, q) => {
    const { results, explanation } = searchExplained(index, rowOf(queries, q), { k, recall: asked });
    scanned += explanation.rowsScanned / truth.length;
    const distances = results.map(({ distance }) => distance);
    return foundOf(distances, true_, k) / k;
  });
  const error = (deviation(shares) ?? 0) / Math.sqrt(truth.length);
  return { k, asked, got: mean(shares) ?? 0, error, scanned };
}
