/*
 * The cost model by which a search chooses how to scan: measure all rows, or estimate them by codes, or prove bounds by
 * codes, and then measure the rows that are left. Which is cheapest depends on the rows, their dimensions, how many results
 * are wanted, and with proven bounds on the data.
 *
 * Costs are microseconds of one thread, fitted by bench/fit-row-cost.mjs to searches of 32 to 3,000 clustered rows of 16 to
 * 1,536 dimensions, by each metric: the mean of four runs (Node 20, x86-64, nothing else running; fit again when the kernels
 * change). Only ratios count: they are similar on other machines, and hardly depend on the metric.
 */

/** The cost of a row: a fixed part, and a part for each dimension. */
interface RowCost {
  readonly row: number;
  readonly dimension: number;
}

/** Measuring all rows, most of which are ruled out in 32 bits: where they fit the processor's cache, and where not. */
const MEASURED: RowCost = { row: 0.003, dimension: 0.000113 };
const MEASURED_FAR: RowCost = { row: 0.003, dimension: 0.00017 };

/** Components of an index that fit the cache: 2 MiB. */
const MOST_NEAR = 2 ** 19;

/**
 * Components of an index from which on rows that are all compared are compared in 16 bits, not in 32.
 *
 * That takes a third of the instructions and half the memory a component, but more for each chunk and each segment. Exact
 * searches of 300 to 10,000 rows of 32 to 384 dimensions, with and without structure, by turns: up to 2^17 components they
 * took 0.9 to 1.5 times as long as in 32 bits, at 2^17.5 0.8 to 1 times, and less the more there are.
 */
const LEAST_ROUGH = 2 ** 17;

/** The extra cost of each result. */
const RESULT: RowCost = { row: 0.215, dimension: 0.0003 };

/** Making the tables of the query; estimating a row; measuring one that is left. */
const TABLES = { query: 1.2, dimension: 0.0065 };
const ESTIMATED: RowCost = { row: 0.0047, dimension: 0.0000265 };
const MEASURED_AFTER_ALL: RowCost = { row: 0.248, dimension: 0.000355 };

/** What estimating one of the first rows costs more: no result limits yet which of them are kept. */
const FIRST = { rows: 512, row: 0.0083 };

/** Proving bounds: making tables for each shard, bounding a row, measuring one that is left. */
const SHARD_TABLES = { query: 1.7, dimension: 0.0082 };
const PROVEN: RowCost = { row: 0.0158, dimension: 0.000036 };
const MEASURED_WITH_BOUND: RowCost = { row: 0.175, dimension: 0.00031 };

/**
 * Rows that estimates leave to be measured of some hundreds, and how many more for each result: halfway, by ratios, between
 * those of clustered data and those of data without any structure, which are three times as many.
 */
const AFTER_ALL = { rows: 13, result: 3 };

/** Rows that proven bounds leave to be measured, for each result, on clustered data; on other data it may be all rows. */
const WITH_BOUND = 4.75;

function costOf({ row, dimension }: RowCost, dimensions: number): number {
  return row + dimension * dimensions;
}

/** Whether rows that are all compared are compared in 16 bits in an index of `total` rows. */
export function isRough(dimensions: number, total: number): boolean {
  return total * dimensions >= LEAST_ROUGH;
}

/**
 * The least number of rows for which estimating costs less than measuring all.
 *
 * `total` is how many the index has: those of a small one stay in the processor's cache.
 */
export function leastEstimated(dimensions: number, k: number, total = 0): number {
  const once = onceFor(dimensions, k);
  const saved = savedBy(ESTIMATED, dimensions, total);
  const few = rowsFor(once, saved - FIRST.row);
  return few <= FIRST.rows ? few : rowsFor(once + FIRST.row * FIRST.rows, saved);
}

/** The least number of rows for which proving bounds costs less than measuring all, as {@link leastEstimated}. */
export function leastProven(dimensions: number, k: number, total = 0): number {
  const results = k * (WITH_BOUND * costOf(MEASURED_WITH_BOUND, dimensions) - costOf(RESULT, dimensions));
  const once = SHARD_TABLES.query + SHARD_TABLES.dimension * dimensions + results;
  return rowsFor(once, savedBy(PROVEN, dimensions, total));
}

/**
 * How many of `rows` rows may be left for measuring these, out of order, to cost no more than measuring all in order.
 *
 * The bounds are made already, so their cost does not count.
 */
export function mostLeft(dimensions: number, rows: number): number {
  return (rows * costOf(MEASURED_FAR, dimensions)) / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** How many of `rows` rows may be left for proven bounds to be worth their own cost, too. */
export function mostWorthIt(dimensions: number, rows: number): number {
  const bounds = SHARD_TABLES.query + SHARD_TABLES.dimension * dimensions + rows * costOf(PROVEN, dimensions);
  return mostLeft(dimensions, rows) - bounds / costOf(MEASURED_WITH_BOUND, dimensions);
}

/** How many rows that lie side by side are measured in the time that estimating `rows` rows takes. */
export function measuredInTimeOf(dimensions: number, k: number, rows: number): number {
  const first = FIRST.row * Math.min(rows, FIRST.rows);
  const estimated = onceFor(dimensions, k) + first + rows * costOf(ESTIMATED, dimensions);
  return Math.max(0, estimated / costOf(MEASURED, dimensions));
}

/** What estimating costs once for a query with `k` results, beyond what measuring does. */
function onceFor(dimensions: number, k: number): number {
  const tables = TABLES.query + TABLES.dimension * dimensions;
  const measured = (AFTER_ALL.rows + AFTER_ALL.result * k) * costOf(MEASURED_AFTER_ALL, dimensions);
  return tables + measured - k * costOf(RESULT, dimensions);
}

/** What looking at a row by codes saves in an index of `total` rows. */
function savedBy(way: RowCost, dimensions: number, total: number): number {
  const measured = total * dimensions > MOST_NEAR ? MEASURED_FAR : MEASURED;
  return costOf(measured, dimensions) - costOf(way, dimensions);
}

/** How many rows save as much as `once` costs. */
function rowsFor(once: number, saved: number): number {
  return saved > 0 ? Math.ceil(once / saved) : Infinity;
}

/**
 * Components of an index from which on an engine pays.
 *
 * It would save a smaller one some microseconds, but takes two megabytes as long as the index lives; an application may
 * have thousands of small indexes.
 */
const LEAST_LENT = 8192;

/** Whether an engine pays for an index of `rows` rows. */
export function isLent(dimensions: number, rows: number): boolean {
  return rows * dimensions >= LEAST_LENT;
}
