/*
 * The scan of a search: looks for the best rows of one shard after another. There are two, with the same results:
 * `ExactScan` measures every row, `CodeScan` estimates rows by their codes first and measures those that are left.
 * `scanFor` chooses.
 */
import type { ShardId } from '../../version/shard.js';

/** What a scan has done so far. */
export interface Tally {
  readonly shards: number;
  /** Live rows of these shards. */
  readonly rows: number;
  /** Rows whose distance was computed. */
  readonly measured: number;
}

/**
 * A scan of shards for one query; what it finds goes to a `TopK`.
 *
 * What is kept depends neither on the order of the shards nor on what was known when each of them was scanned (I10).
 */
export interface ShardScan {
  readonly tally: Tally;
  /** How many rows their bounds have not ruled out, and that are not measured yet. */
  readonly candidateCount: number;
  /** Scans a shard; candidates may wait until {@link measure}. `centroidValue` is that of `RankedShards.values`, if known. */
  scan(id: ShardId, centroidValue?: number): void;
  /** Measures the most promising candidates; the others go on waiting. */
  measureSome(): void;
  /** Measures candidates, the most promising first, until the rest is out of the running. */
  measure(): void;
  /** Drops all candidates but the `most` best by their bounds, and those still to come that are worse. */
  keepBest(most: number): void;
  /** Takes hold of the engine again, after other queries had it; no candidate may be left then. */
  resume(): void;
}

/** Shards after which candidates are measured for the first time; then after twice as many, and so on. */
const FIRST_PAUSE = 1;

/**
 * Scans shards in order, which should be the most promising first, and measures in between.
 *
 * The first shards hold most of what is looked for. Measuring a few of their rows before the others are estimated
 * gives a good bound early, and leaves less to measure.
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
