// The shape of RaBitQ codes: bits, row constants, memory layout, and the grids that components are rounded to.

/** Bits of the code of a rotated component. */
export type Bits = 2 | 4;

/** Rows of a group, which are stored and scanned together. */
export const GROUP = 32;

/** The largest entry of a look-up table: the sum of two fits a byte. */
export const TABLE_TOP = 127;

/** Row constants for estimates: scale and bias, in one word. */
export const LEAN = 1;
/** Row constants for bounds on dot products: scale and error. */
export const PLAIN = 2;
/** Row constants for bounds on Euclidean distances: scale, error and bias. */
export const BIASED = 3;
/** Which constants a row has beside its code, as the number of words that they take. */
export type RowConstants = typeof LEAN | typeof PLAIN | typeof BIASED;

/**
 * The memory layout of codes: groups of {@link GROUP} rows, each of which has
 *
 * - for each nibble 16 bytes, of which byte i holds row i (low nibble) and row i + 16 (high nibble);
 * - `constants` times 32 words: with {@link LEAN} the upper halves of scale and bias (f32) in one, else the scales (f32), the
 *   errors (f32), and with {@link BIASED} the biases (f32).
 *
 * A nibble holds 2 dimensions or 1, the first in its lowest bits; a larger number is a larger component.
 */
export interface CodeShape {
  /** Components of a vector. */
  readonly dimensions: number;
  /** Dimensions, rounded up to a multiple of 8. */
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

/** Bytes of the codes of `rows` rows. */
export function codeBytes({ groupBytes }: CodeShape, rows: number): number {
  return Math.ceil(rows / GROUP) * groupBytes;
}

/** Constants of a {@link LEAN} row whose code says nothing: a scale of NaN, and no bias. */
export const UNKNOWN = 0x7fc0_0000;

/** A grid of 2^bits values, symmetric about 0: its positive levels, and the thresholds between those. */
export interface Grid {
  readonly levels: Float32Array;
  readonly thresholds: Float32Array;
}

/**
 * The grid with the least mean squared error for normally distributed components (a Lloyd–Max quantizer).
 *
 * Levels are in units of a row's root mean square. Rotated components are nearly normal, whatever the data.
 */
export function gridOf(bits: Bits): Grid {
  if (bits === 2) return { levels: Float32Array.of(0.4528, 1.5104), thresholds: Float32Array.of(0.9816) };
  return {
    levels: Float32Array.of(0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.069, 2.7326),
    thresholds: Float32Array.of(0.2582, 0.5224, 0.7996, 1.0993, 1.4371, 1.8435, 2.4008),
  };
}

/**
 * The typical error of codes of many dimensions, relative to a row's scale and the root of the dimensions.
 *
 * A grid loses a share of the square of normally distributed components; the error is relative to what it keeps.
 */
export function typicalError(bits: Bits): number {
  const lost = bits === 2 ? 0.1175 : 0.0095;
  return Math.sqrt(lost * (1 - lost));
}

/** All levels, ascending: the values of the codes 0, 1, …. */
export function ascendingLevels({ levels }: Grid): Float32Array {
  const positive = [...levels];
  return Float32Array.from([...positive.map((level) => -level).reverse(), ...positive]);
}
