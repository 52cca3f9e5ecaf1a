/*
 * The ranks of the shards of a posting's neighbours, packed into a short string. A string is immutable, takes two bytes a
 * number, and can be put into deltas and messages as it is.
 */

/** Numbers of neighbours that ranks are noted for. Limits for other numbers are interpolated by the logarithm. */
export const LEVELS = [1, 10, 100, 1000] as const;

/**
 * At the two upper levels, an entry stands for the share of neighbours between two edges, nearest shard first. Shares are
 * narrow where high recalls are decided. At the lower levels every neighbour has an entry.
 */
const EDGES = [
  0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98,
  0.985, 0.99, 0.995, 1,
] as const;

/**
 * Neighbours that are noted for each level. For the nearest neighbour these are three: they are hardly farther than the nearest
 * alone, and a sample of a thousand gives its recall to within two hundredths instead of three.
 */
export const NOTED = [3, 10, 100, 1000] as const;

const WIDTHS: readonly (readonly number[])[] = NOTED.map((noted) =>
  noted <= 10
    ? Array.from({ length: noted }, () => 1 / noted)
    : EDGES.slice(1).map((edge, i) => edge - EDGES[i]),
);

/** The index of the first entry of each level, and behind it the number of all entries. */
const STARTS: readonly number[] = WIDTHS.reduce(
  (starts, widths) => [...starts, starts[starts.length - 1] + widths.length],
  [0],
);

/** The length of the string: two characters an entry. */
export const PACKED_LENGTH = 2 * STARTS[LEVELS.length];

/** Fills the levels that a look did not reach. No rank has this code. */
const UNKNOWN = '\uffff';

/** The string for ranks that are not known yet. */
export const NO_RANKS = '\0'.repeat(PACKED_LENGTH);

/** Returns the share of neighbours that each entry of a level stands for; their sum is 1. */
export function widthsOf(level: number): readonly number[] {
  return WIDTHS[level];
}

/**
 * Packs the ranks of the shards that a posting's neighbours are in.
 *
 * The nearest 3 neighbours come first, then the rest of the nearest 10, of the nearest 100, and of the nearest 1,000
 * ({@link NOTED}); within these the order does not matter. Ranks start at 0. `beyondOf` says how much farther the shard of a
 * rank is than the nearest one, in units of a gap. Levels from `levels` on are unknown.
 */
export function packRanks(
  ranks: ArrayLike<number>,
  beyondOf: (rank: number) => number,
  levels: number = LEVELS.length,
): string {
  const codes: number[] = [];
  const all = Int32Array.from(ranks);
  NOTED.slice(0, levels).forEach((noted, l) => {
    // JavaScript engines sort typed arrays by native code, which need not be compiled first.
    const best = all.slice(0, noted).sort();
    let done = 0;
    for (const width of WIDTHS[l]) {
      const rank = best[Math.min(best.length - 1, Math.floor((done + width / 2) * best.length))];
      codes.push(logCode(rank), floatCode(beyondOf(rank)));
      done += width;
    }
  });
  return String.fromCharCode(...codes).padEnd(PACKED_LENGTH, UNKNOWN);
}

/** Whether the look reached a level. */
export function isKnown(packed: string, level: number): boolean {
  return packed[2 * STARTS[level]] !== UNKNOWN;
}

/** Calls `visit` with each entry of a level in ascending order: the logarithm of its rank from 1, and the distance. */
export function eachEntry(
  packed: string,
  level: number,
  visit: (logRank: number, beyond: number, i: number) => void,
): void {
  for (let at = STARTS[level], i = 0; at < STARTS[level + 1]; at++, i++)
    visit(packed.charCodeAt(2 * at) / LOG_UNIT, floatFrom(packed.charCodeAt(2 * at + 1)), i);
}

/** The level of ten neighbours. */
const TEN = LEVELS.indexOf(10);

/** Returns the last entry of the ten nearest neighbours: the logarithm of its rank from 1, and the distance. */
export function hardestOf(packed: string): { readonly logRank: number; readonly beyond: number } {
  const at = STARTS[TEN + 1] - 1;
  return { logRank: packed.charCodeAt(2 * at) / LOG_UNIT, beyond: floatFrom(packed.charCodeAt(2 * at + 1)) };
}

/** Whether {@link packRanks} could have made a value: a string that ascends at every level. */
export function isPacked(ranks: unknown): ranks is string {
  if (typeof ranks !== 'string' || ranks.length !== PACKED_LENGTH) return false;
  for (let level = 0; level < LEVELS.length; level++) {
    for (let at = STARTS[level] + 1; at < STARTS[level + 1]; at++)
      if (ranks.charCodeAt(2 * at) < ranks.charCodeAt(2 * (at - 1))) return false;
  }
  return true;
}

/** Units of the logarithm of a rank; ranks up to nine million fit. */
const LOG_UNIT = 4096;
const MOST_CODE = 0xfffe;

// Rounded up, so that a limit made of a rank always includes it.
function logCode(rank: number): number {
  return Math.min(MOST_CODE, Math.ceil(Math.log(rank + 1) * LOG_UNIT));
}

/* Distances are floats with five bits of exponent and eleven of mantissa, without a sign, rounded up. */
const MANTISSA = 2048;
const LEAST_EXPONENT = -15;

function floatCode(value: number): number {
  if (!(value > 0)) return 0;
  const exponent = Math.max(LEAST_EXPONENT, Math.floor(Math.log2(value)));
  const mantissa = Math.ceil((value / 2 ** exponent - 1) * MANTISSA);
  const code = (exponent - LEAST_EXPONENT) * MANTISSA + mantissa;
  return Math.min(0xffff, Math.max(1, code));
}

function floatFrom(code: number): number {
  if (code === 0) return 0;
  return (1 + (code % MANTISSA) / MANTISSA) * 2 ** (Math.floor(code / MANTISSA) + LEAST_EXPONENT);
}
