// Searches by recall beside the best fixed number of shards.
import type { ShardexIndex } from '../../../dist/index.js';
import type { Matrix } from '../../data-sets/matrix.js';
import { type Answer, answerTo } from './asked.js';
import { fixedSettings } from './fixed.js';
import { truthOf } from './exact.js';

/** An answer beside the best fixed setting. */
export interface Cell extends Answer {
  /** What was measured, in a few words, without what was asked for. */
  readonly where: string;
  /** Vectors in the index. */
  readonly rows: number;
  /** Rows that the least fixed number of shards scans which finds as much. */
  readonly fixed: number;
}

/** Asks an index for each recall: a line of cells for each `k`, handed out as soon as it is measured. */
export function* linesOf(
  index: ShardexIndex,
  queries: Matrix,
  ks: readonly number[],
  recalls: readonly number[],
  where: (k: number) => string,
): Generator<Cell[]> {
  const truth = truthOf(index, queries, Math.max(...ks));
  const fixed = fixedSettings(index, queries, truth, ks);
  for (const k of ks) {
    yield recalls.map((asked) => {
      const answer = answerTo(index, queries, truth, k, asked);
      return { ...answer, where: where(k), rows: index.postingCount, fixed: fixed.rowsFor(k, answer.got) };
    });
  }
}
