// `evaluationTable`: evaluations side by side, as text for a terminal.
import { InvalidOptionError } from '../../errors.js';
import { assertEvaluation } from './compare-evaluations.js';
import type { Evaluation } from './evaluate.js';

/**
 * Writes evaluations as a table, one row for each name, for a terminal or a log. For CI use `JSON.stringify`.
 *
 * @throws {@link InvalidOptionError} for what is no evaluation, and where they are not of the same k.
 *
 * @example
 * ```ts
 * import { createIndex, evaluate, evaluationTable } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'cats', vector: [1, 0] }]);
 * const table = evaluationTable({ now: evaluate(index, [[1, 0]], [['cats', 'lions']], { k: 10 }) });
 * table.split('\n')[0]; // → '     recall@10   MRR@10  nDCG@10  queries'
 * table.split('\n')[1]; // → 'now     0.5000   1.0000   0.6131        1'
 * ```
 */
export function evaluationTable(evaluations: Readonly<Record<string, Evaluation>>): string {
  const rows = Object.entries(evaluations);
  for (const [name, evaluation] of rows) assertEvaluation(name, evaluation);
  const sizes = new Set(rows.map(([, { k }]) => k));
  if (sizes.size > 1)
    throw new InvalidOptionError('evaluations', 'Evaluations of different k have no common table.');
  const [k = 0] = sizes;
  const cells = [
    ['', `recall@${k}`, `MRR@${k}`, `nDCG@${k}`, 'queries'],
    ...rows.map(([name, { recall, mrr, ndcg, judged }]) => [
      name,
      ...[recall, mrr, ndcg].map((measure) => measure.toFixed(4)),
      String(judged.length),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(7, ...cells.map((row) => row[column].length)));
  widths[0] = Math.max(...cells.map(([name]) => name.length));
  return cells
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}
