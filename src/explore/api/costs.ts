/*
 * What is held by whom, and what it costs: old versions that live, counts of the current one, counters of the cell.
 */

import { type HeldVersion, type ReadableCell, type Statistics, statistics } from '../../index.js';

/** What a cell costs. */
export interface Costs {
  readonly statistics: Statistics;
  readonly held: readonly HeldVersion[];
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Reads it. Time: O(shards + living versions · blocks in which they differ). */
export function costsOf(cell: ReadableCell): Costs {
  return {
    statistics: statistics(cell.read()),
    held: cell.held(),
    metrics: Object.fromEntries(
      Object.entries(cell.metrics()).map(([name, value]): [string, unknown] => [
        name,
        value instanceof Error ? value.message : value,
      ]),
    ),
  };
}
