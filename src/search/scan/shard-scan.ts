/*
 * The interface of scans, which look for the best rows of one shard after another. There are two, with the same results:
 * `ExactScan` measures every row, `CodeScan` bounds rows by their codes first and measures those that are left. `scanFor`
 * chooses.
 */
import type { ShardId } from '../../version/shard.js';

/** Counts of what a scan has done. */
export interface Tally {
  readonly shards: number;
  /** Live rows of these shards. */
  readonly rows: number;
  /** Rows whose distance was computed. */
  readonly measured: number;
}

/**
 * A scan of shards for one query, which offers rows to what keeps them, such as a `TopK`.
 *
 * What is kept depends neither on the order of the shards nor on the results so far when each of them was scanned (I10).
 */
export interface ShardScan {
  readonly tally: Tally;
  /** How many rows are neither ruled out nor measured yet. */
  readonly candidateCount: number;
  /** Scans a shard; candidates stay until {@link measure}. `centroidValue` is that of `RankedShards`, if known. */
  scan(id: ShardId, centroidValue?: number): void;
  /** Measures the most promising candidates, and keeps the others. */
  measureSome(): void;
  /** Measures all candidates that their bounds do not rule out, the most promising first. */
  measure(): void;
  /** Keeps the `most` best candidates by their bounds, and refuses worse ones from now on. */
  keepBest(most: number): void;
  /** The bound beyond which rows are dropped at once. */
  readonly limit: number;
  /** The least bound of a shard's rows, none of which is kept; `undefined` if rows have none. Not for proven bounds. */
  leastOf(id: ShardId): number | undefined;
  /** Puts the query into the engine again, after other queries used it; no candidate may be left then. */
  resume(): void;
}

/** Shards after which candidates are first measured; then after twice as many, and so on. */
const FIRST_PAUSE = 1;

/**
 * Scans shards in order, the nearest first, and measures candidates in between.
 *
 * The first shards hold most of the results. Measuring a few of their rows before the others are scanned gives a good
 * bound early, which rules out more of the others.
 */
export function scanInTurn(
  scan: ShardScan,
  shards: readonly ShardId[],
  centroidValues: readonly number[] = [],
): void {
  let pause = FIRST_PAUSE;
  shards.forEach((id, i) => {
    scan.scan(id, centroidValues[i]);
    if (i + 1 !== pause) return;
    scan.measureSome();
    pause *= 2;
  });
  scan.measure();
}
