// Bounds on the errors of the kernels, each proven: what lets 32 bits rule rows out without changing a result.
import type { CodeShape } from './code-shape.js';
import { DOT, type Product, ROUGH_LENGTH } from './kernels.js';
import { ROUNDS, powerWithin } from './rotation.js';

/* How far the results of the kernels can be from the truth; see `Kernels` for what each is relative to. */

/** Half the distance between 1 and the next 32-bit float: what one operation can lose. */
const HALF_ULP = 2 ** -24;

/** What products of many such losses add to their sum. */
const HIGHER_ORDER = 1.01;

/** See `Kernels.rotate`. */
export function rotationError(padded: number): number {
  // A round: the sign's scale and its product, one sum a level; sum, constant and product of mixing the halves.
  return ROUNDS * (Math.log2(powerWithin(padded)) + 5) * HALF_ULP * HIGHER_ORDER;
}

/**
 * What is added to a row's error, relative to its length and to the error: the rotation of the row and of the query,
 * the rounding of the residual, and that of the 64-bit sums from which the error was found as a small difference.
 */
export function codingError(padded: number): number {
  return 2 * rotationError(padded) + 16 * HALF_ULP;
}

/**
 * How far `offset + step·s` can be from q · v: half a step a nibble, and the rounding of the sum of all minima, which
 * is the offset. See `Kernels.tables`.
 */
export function tableError({ padded, nibbles }: CodeShape, offset: number, step: number): number {
  const rounding = (padded / 4 + 8) * HALF_ULP * HIGHER_ORDER;
  return nibbles * (step / 2) * 1.001 + Math.abs(offset) * rounding + nibbles * 2 ** -90;
}

/**
 * How far rounding can carry a value of `Kernels.scan`, relative to the sum of the absolute values of its terms:
 * `|base| + |r|² + f·(|a| + |b|·s) + slack·error`. The parameters are rounded too.
 */
export const SCAN_ROUNDING = 8 * HALF_ULP * HIGHER_ORDER;

/** See `Kernels.distances`. */
export function productError(product: Product, dimensions: number): number {
  // Four running sums, then two levels of sums of those; a difference counts twice, as it is squared.
  const sums = Math.ceil(dimensions / 4) + 2;
  return (sums + (product === DOT ? 1 : 3)) * HALF_ULP * HIGHER_ORDER;
}

/**
 * How far values of `Kernels.roughDistances` can be from those of `Kernels.distances`, for a query that is `apart` from the
 * centre (by `DOT`, as long as that), and rows that are `reach` from it at most, or shorter than {@link LEAST_ROUGH} and
 * taken for 0; the centre has this length.
 */
export function roughError(
  product: Product,
  padded: number,
  apart: number,
  reach: number,
  centreLength: number,
): number {
  const root = Math.sqrt(padded);
  // Components are rounded to half a unit of a vector of so many of them, the query's and the rows'.
  const off = (0.51 * root) / ROUGH_LENGTH;
  const times = product === DOT ? 1 : 2;
  const largest = Math.max(reach, LEAST_ROUGH);
  const taken = times * apart * (largest * off * (2 + off) + LEAST_ROUGH);
  // Of all sums in 32 bits, those of the distance that is compared with included.
  const terms = product === DOT ? apart * (centreLength + largest) : 4 * (apart + largest) ** 2;
  return taken + 4 * productError(product, padded) * terms + 2 ** -100;
}

/** Rows nearer to their centre than this have none but zeros in 16 bits. */
export const LEAST_ROUGH = 2 ** -60;
