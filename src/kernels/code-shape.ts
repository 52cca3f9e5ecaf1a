/** How finely each rotated dimension is coded: 1 bit (its sign), 2 bits or 4. */
export type Bits = 1 | 2 | 4;

/** Rows that lie together, because they are scanned together. */
export const GROUP = 32;

/** The largest entry of a look-up table: two of them can be added in a byte. */
export const TABLE_TOP = 127;

/**
 * How codes lie in memory: in groups of {@link GROUP} rows, each of which has
 *
 * - for each nibble 16 bytes, of which byte i holds row i (low nibble) and row i + 16 (high nibble);
 * - 32 scales (f32), then 32 errors (f32), then 32 squared lengths (f32) where it is `biased`.
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
  /** Whether rows have their squared lengths, which Euclidean distances need. */
  readonly biased: 0 | 1;
  /** Bytes of a group. */
  readonly groupBytes: number;
  /** Bytes of a query's look-up tables. */
  readonly tableBytes: number;
}

/** The shape of codes of `bits` bits a dimension. */
export function codeShape(dimensions: number, bits: Bits, biased: boolean): CodeShape {
  const padded = Math.ceil(dimensions / 8) * 8;
  const nibbles = (padded * bits) / 4;
  return Object.freeze({
    dimensions,
    padded,
    bits,
    nibbles,
    biased: biased ? 1 : 0,
    groupBytes: groupBytes(nibbles, biased ? 1 : 0),
    tableBytes: 16 * nibbles,
  });
}

/** Bytes of a group of {@link GROUP} rows. */
export function groupBytes(nibbles: number, biased: 0 | 1): number {
  return 16 * nibbles + 4 * GROUP * (2 + biased);
}

/** Bytes of the codes of so many rows. */
export function codeBytes({ groupBytes }: CodeShape, rows: number): number {
  return Math.ceil(rows / GROUP) * groupBytes;
}

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

/** All levels, ascending: what the codes 0, 1, … stand for. */
export function ascendingLevels({ levels }: Grid): Float32Array {
  const positive = [...levels];
  return Float32Array.from([...positive.map((level) => -level).reverse(), ...positive]);
}
