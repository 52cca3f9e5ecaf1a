/** How finely each rotated dimension is coded: 1 bit (its sign), 2 bits or 4. */
export type Bits = 1 | 2 | 4;

/** Rows that lie together, because they are scanned together. */
export const GROUP = 32;

/** The largest entry of a look-up table: two of them can be added in a byte. */
export const TABLE_TOP = 127;

/** What rows have beside their codes, as the number of constants that this takes: what estimates need, and no more. */
export const LEAN = 1;
/** What bounds of products need. */
export const PLAIN = 2;
/** What bounds of Euclidean distances need. */
export const BIASED = 3;
export type RowConstants = typeof LEAN | typeof PLAIN | typeof BIASED;

/**
 * How codes lie in memory: in groups of {@link GROUP} rows, each of which has
 *
 * - for each nibble 16 bytes, of which byte i holds row i (low nibble) and row i + 16 (high nibble);
 * - `constants` of 32 numbers, each of 32 bits: with {@link LEAN} the upper halves of a scale and a bias (f32) in one, else
 *   the scales (f32), the errors (f32), and with {@link BIASED} the biases (f32).
 *
 * A nibble holds 4, 2 or 1 dimensions, the first in its lowest bits; a larger number is a larger component.
 */
export interface CodeShape {
  /** Components of a vector. */
  readonly dimensions: number;
  /** The same, rounded up to a multiple of 8. */
  readonly padded: number;
  readonly bits: Bits;
  /** Nibbles of a row. */
  readonly nibbles: number;
  readonly constants: RowConstants;
  /** Bytes of a group. */
  readonly groupBytes: number;
  /** Bytes of a query's look-up tables. */
  readonly tableBytes: number;
}

/** The shape of codes of `bits` bits a dimension. */
export function codeShape(dimensions: number, bits: Bits, constants: RowConstants): CodeShape {
  const padded = Math.ceil(dimensions / 8) * 8;
  const nibbles = (padded * bits) / 4;
  return Object.freeze({
    dimensions,
    padded,
    bits,
    nibbles,
    constants,
    groupBytes: groupBytes(nibbles, constants),
    tableBytes: 16 * nibbles,
  });
}

/** Bytes of a group of {@link GROUP} rows. */
export function groupBytes(nibbles: number, constants: RowConstants): number {
  return 16 * nibbles + 4 * GROUP * constants;
}

/** Bytes of the codes of so many rows. */
export function codeBytes({ groupBytes }: CodeShape, rows: number): number {
  return Math.ceil(rows / GROUP) * groupBytes;
}

/** What a {@link LEAN} row has of which nothing is known: a scale that is no number, and no bias. */
export const UNKNOWN = 0x7fc0_0000;

/** A grid of 2^bits values, symmetric about 0: its positive levels, and the thresholds between those. */
export interface Grid {
  readonly levels: Float32Array;
  readonly thresholds: Float32Array;
}

/**
 * The grids with the least mean squared error for normally distributed components (Lloyd and Max), in units of the
 * root mean square of a row: rotated components are nearly normal, whatever the data.
 */
export function gridOf(bits: Bits): Grid {
  switch (bits) {
    case 1:
      return { levels: Float32Array.of(1), thresholds: Float32Array.of() };
    case 2:
      return { levels: Float32Array.of(0.4528, 1.5104), thresholds: Float32Array.of(0.9816) };
    case 4:
      return {
        levels: Float32Array.of(0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.069, 2.7326),
        thresholds: Float32Array.of(0.2582, 0.5224, 0.7996, 1.0993, 1.4371, 1.8435, 2.4008),
      };
  }
}

/**
 * The error of the codes of a row of many dimensions, by its scale and the root of their number: what a grid loses of
 * normally distributed components that have a square of 1 on the average is 1 less the square of what it keeps.
 */
export function typicalError(bits: Bits): number {
  const lost = { 1: 1 - 2 / Math.PI, 2: 0.1175, 4: 0.0095 }[bits];
  // One bit has levels of 1, whatever they stand for.
  return bits === 1 ? Math.sqrt(lost) : Math.sqrt(lost * (1 - lost));
}

/** All levels, ascending: what the codes 0, 1, … stand for. */
export function ascendingLevels({ levels }: Grid): Float32Array {
  const positive = [...levels];
  return Float32Array.from([...positive.map((level) => -level).reverse(), ...positive]);
}
