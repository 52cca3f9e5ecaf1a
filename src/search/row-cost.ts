/*
 * What rows cost a search, by each way: measured outright; estimated by codes, of which a few are measured after all; or
 * ruled out by bounds that are proven, likewise. Which is cheapest depends on how many rows there are, on how long they
 * are, on how many results are wanted, and with proven bounds on the data.
 *
 * In microseconds of one thread, fitted by scripts/fit-row-cost.mjs to searches of 32 to 1,000 rows of 16 to 1,536
 * dimensions, in clusters, by each metric (Node 20, x86-64; repeat it when the kernels change). What counts is the ratio
 * of the ways, which other machines share by and large, and which hardly depends on the metric.
 */

/** Something for each row, and for each of its dimensions. */
interface RowCost {
  readonly row: number;
  readonly dimension: number;
}

/** Measuring a row where all of a shard are. */
const MEASURED: RowCost = { row: 0.01, dimension: 0.0003 };

/** Making the tables of the query, beyond what any search takes; then estimating a row; one of those that are measured after all. */
const TABLES = { query: 2.5, dimension: 0.011 };
const ESTIMATED: RowCost = { row: 0.0125, dimension: 0.00003 };
const MEASURED_AFTER_ALL: RowCost = { row: 0.22, dimension: 0.00047 };

/** The same where bounds are proven: tables are made for each shard. */
const SHARD_TABLES = { query: 2.3, dimension: 0.011 };
const PROVEN: RowCost = { row: 0.0155, dimension: 0.000065 };
const MEASURED_WITH_BOUND: RowCost = { row: 0.19, dimension: 0.0003 };

/** Rows that are measured after all, for each result that is wanted. */
const AFTER_ALL = 2;

/** The same where bounds are proven, of rows in clusters; of others more, up to all of them. */
const WITH_BOUND = 4;

function costOf({ row, dimension }: RowCost, dimensions: number): number {
  return row + dimension * dimensions;
}

/** How many rows a search has to have before it, for estimates of them to cost less than measuring them all. */
export function leastEstimated(dimensions: number, k: number): number {
  const once =
    TABLES.query + TABLES.dimension * dimensions + AFTER_ALL * k * costOf(MEASURED_AFTER_ALL, dimensions);
  return rowsFor(once, ESTIMATED, dimensions);
}

/** The same for bounds that are proven. */
export function leastProven(dimensions: number, k: number): number {
  const once =
    SHARD_TABLES.query +
    SHARD_TABLES.dimension * dimensions +
    WITH_BOUND * k * costOf(MEASURED_WITH_BOUND, dimensions);
  return rowsFor(once, PROVEN, dimensions);
}

/**
 * How many of some rows proven bounds may leave in the running, for measuring those to cost no more than measuring all in
 * turn, once the bounds are there.
 */
export function mostLeft(dimensions: number, rows: number): number {
  return (rows * costOf(MEASURED, dimensions)) / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** The same if the bounds of a shard's rows are to be worth what they cost, too. */
export function mostWorthIt(dimensions: number, rows: number): number {
  const bounds = SHARD_TABLES.query + SHARD_TABLES.dimension * dimensions + rows * costOf(PROVEN, dimensions);
  return mostLeft(dimensions, rows) - bounds / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** How many rows make up for what has to be done once. */
function rowsFor(once: number, estimated: RowCost, dimensions: number): number {
  const saved = costOf(MEASURED, dimensions) - costOf(estimated, dimensions);
  return saved > 0 ? Math.ceil(once / saved) : Infinity;
}

/** So many components take longer to measure than it takes to lend an engine; fewer are measured where they lie. */
const LEAST_LENT = 32_768;

/** Whether a search of so many rows is helped by an engine at all. */
export function isLent(dimensions: number, rows: number): boolean {
  return rows * dimensions >= LEAST_LENT;
}
