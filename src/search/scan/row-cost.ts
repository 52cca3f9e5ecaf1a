/*
 * What rows cost a search, by each way: measured outright; estimated by codes, of which a few are measured after all; or
 * ruled out by bounds that are proven, likewise. Which is cheapest depends on how many rows there are, on how long they
 * are, on how many results are wanted, and with proven bounds on the data.
 *
 * In microseconds of one thread, fitted by bench/fit-row-cost.mjs to searches of 32 to 1,000 rows of 16 to 1,536
 * dimensions, in clusters, by each metric (Node 20, x86-64; repeat it when the kernels change). What counts is the ratio
 * of the ways, which other machines share by and large, and which hardly depends on the metric.
 */

/** Something for each row, and for each of its dimensions. */
interface RowCost {
  readonly row: number;
  readonly dimension: number;
}

/** Measuring all rows, of which 32 bits rule most out; and more for each result that is wanted. */
const MEASURED: RowCost = { row: 0.0104, dimension: 0.000191 };
const RESULT: RowCost = { row: 0.31, dimension: 0.00056 };

/** Making the tables of the query, beyond what any search takes; then estimating a row; one of those that are measured after all. */
const TABLES = { query: 3.85, dimension: 0.008 };
const ESTIMATED: RowCost = { row: 0.0124, dimension: 0.000033 };
const MEASURED_AFTER_ALL: RowCost = { row: 0.246, dimension: 0.00038 };

/** Proving bounds: making tables for each shard, bounding a row, measuring one that is left. */
const SHARD_TABLES = { query: 4.3, dimension: 0.0086 };
const PROVEN: RowCost = { row: 0.0163, dimension: 0.000059 };
const MEASURED_WITH_BOUND: RowCost = { row: 0.2, dimension: 0.000306 };

/** Rows that are measured after all, for each result that is wanted. */
const AFTER_ALL = 2.1;

/** Rows measured for each result where bounds are proven, of clustered data; of other data up to all. */
const WITH_BOUND = 3.5;

function costOf({ row, dimension }: RowCost, dimensions: number): number {
  return row + dimension * dimensions;
}

/** How many rows a search has to have before it, for estimates of them to cost less than measuring them all. */
export function leastEstimated(dimensions: number, k: number): number {
  const results = k * (AFTER_ALL * costOf(MEASURED_AFTER_ALL, dimensions) - costOf(RESULT, dimensions));
  return rowsFor(TABLES.query + TABLES.dimension * dimensions + results, ESTIMATED, dimensions);
}

/** How many rows a search needs before proving bounds costs less than measuring them all. */
export function leastProven(dimensions: number, k: number): number {
  const results = k * (WITH_BOUND * costOf(MEASURED_WITH_BOUND, dimensions) - costOf(RESULT, dimensions));
  return rowsFor(SHARD_TABLES.query + SHARD_TABLES.dimension * dimensions + results, PROVEN, dimensions);
}

/**
 * How many of some rows proven bounds may leave in the running, for measuring those to cost no more than measuring all in
 * turn, once the bounds are there.
 */
export function mostLeft(dimensions: number, rows: number): number {
  return (rows * costOf(MEASURED, dimensions)) / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** How many rows proven bounds may leave if they are to be worth their own cost, too. */
export function mostWorthIt(dimensions: number, rows: number): number {
  const bounds = SHARD_TABLES.query + SHARD_TABLES.dimension * dimensions + rows * costOf(PROVEN, dimensions);
  return mostLeft(dimensions, rows) - bounds / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** How many rows that lie side by side are measured in the time of a search that estimates `rows` rows. */
export function measuredInTimeOf(dimensions: number, k: number, rows: number): number {
  const results = k * (AFTER_ALL * costOf(MEASURED_AFTER_ALL, dimensions) - costOf(RESULT, dimensions));
  const estimated =
    TABLES.query + TABLES.dimension * dimensions + results + rows * costOf(ESTIMATED, dimensions);
  return Math.max(0, estimated / costOf(MEASURED, dimensions));
}

/** How many rows make up for what has to be done once. */
function rowsFor(once: number, estimated: RowCost, dimensions: number): number {
  const saved = costOf(MEASURED, dimensions) - costOf(estimated, dimensions);
  return saved > 0 ? Math.ceil(once / saved) : Infinity;
}

/**
 * Fewer components than this are measured where they lie: an engine would save some microseconds, and takes two megabytes
 * for as long as the index is there. Whoever has thousands of small indexes would pay for that.
 */
const LEAST_LENT = 8192;

/** Whether a search of so many rows is helped by an engine at all. */
export function isLent(dimensions: number, rows: number): boolean {
  return rows * dimensions >= LEAST_LENT;
}
