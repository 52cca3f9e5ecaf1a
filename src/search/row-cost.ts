/*
 * What rows cost a search, by either way: measured outright, or estimated by codes, of which a few are measured. Which is
 * cheaper depends on how many rows there are, on how long they are, and on how many results are wanted.
 *
 * In microseconds of one thread, from a grid of 16 to 1,536 dimensions × 32 to 1,000 rows in clusters, by each metric
 * (Node 20, x86-64). What counts is the ratio of the two, which other machines share by and large.
 */

/** Measuring a row: something for the row, and for each dimension. */
const MEASURED = { row: 0.02, dimension: 0.00085 };

/** Estimating rows: making the tables of the query, then something for each row. */
const TABLES = { query: 9, dimension: 0.035 };
const ESTIMATED = { row: 0.025, dimension: 0.00012 };

/** Rows that are measured after all, for each result that is wanted. */
const MEASURED_AFTER_ALL = 1.5;

/** How many rows a search has to have before it, for estimates of them to cost less than measuring them all. */
export function leastEstimated(dimensions: number, k: number): number {
  const measured = MEASURED.row + MEASURED.dimension * dimensions;
  const saved = measured - ESTIMATED.row - ESTIMATED.dimension * dimensions;
  if (saved <= 0) return Infinity;
  const once = TABLES.query + TABLES.dimension * dimensions + MEASURED_AFTER_ALL * k * measured;
  return Math.ceil(once / saved);
}
