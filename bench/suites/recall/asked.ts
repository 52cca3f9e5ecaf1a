import { type ShardexIndex, searchExplained } from '../../../dist/index.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import { type Truth, foundOf } from './truth.js';

/** What came of asking for a recall. */
export interface Answer {
  readonly k: number;
  readonly asked: number;
  /** The recall that was found, as a mean over all queries. */
  readonly got: number;
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
  let got = 0;
  let scanned = 0;
  truth.forEach((true_, q) => {
    const { results, explanation } = searchExplained(index, rowOf(queries, q), { k, recall: asked });
    const distances = results.map(({ distance }) => distance);
    got += foundOf(distances, true_, k) / k / queries.rows;
    scanned += explanation.rowsScanned / queries.rows;
  });
  return { k, asked, got, scanned };
}
