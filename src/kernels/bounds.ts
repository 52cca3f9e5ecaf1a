/*
 * Proven bounds on the errors of the kernels, by which products in 32 bits can rule rows out without changing a result. See
 * `Kernels` for what each error is relative to.
 */
import type { CodeShape } from './code-shape.js';
import { DOT, type Product, ROUGH_LENGTH } from './kernels.js';
import { ROUNDS, powerWithin } from './rotation.js';

/** The unit roundoff of 32-bit floats: the greatest relative error of one operation. */
const HALF_ULP = 2 ** -24;

/** Covers the products of such errors, which add little to their sum. */
const HIGHER_ORDER = 1.01;

/** The error of `Kernels.rotate`. */
export function rotationError(padded: number): number {
  // A round: the sign's scale and its product, one sum a level; sum, constant and product of mixing the halves.
  return ROUNDS * (Math.log2(powerWithin(padded)) + 5) * HALF_ULP * HIGHER_ORDER;
}

/**
 * What `Kernels.encode` adds to a row's error, relative to the error and to the row's length.
 *
 * It covers the rotations of row and query, the rounding of the residual, and that of the 64-bit sums whose small
 * difference the error is.
 */
export function codingError(padded: number): number {
  return 2 * rotationError(padded) + 16 * HALF_ULP;
}

/**
 * The error of `Kernels.tables`: how far `offset + step·s` can be from q · v.
 *
 * It is half a step a nibble, and the rounding of the offset, which is the sum of all minima.
 */
export function tableError({ padded, nibbles }: CodeShape, offset: number, step: number): number {
  const rounding = (padded / 4 + 8) * HALF_ULP * HIGHER_ORDER;
  return nibbles * (step / 2) * 1.001 + Math.abs(offset) * rounding + nibbles * 2 ** -90;
}

/**
 * The rounding error of `Kernels.scan`, relative to the sum of the absolute values of its terms.
 *
 * These are `|base| + |r|² + f·(|a| + |b|·s) + slack·error`; the parameters are rounded too.
 */
export const SCAN_ROUNDING = 8 * HALF_ULP * HIGHER_ORDER;

/** The error of `Kernels.distances`. */
export function productError(product: Product, dimensions: number): number {
  // Four running sums, then two levels of sums of those; a difference counts twice, as it is squared.
  const sums = Math.ceil(dimensions / 4) + 2;
  return (sums + (product === DOT ? 1 : 3)) * HALF_ULP * HIGHER_ORDER;
}

/**
 * How far values of `Kernels.roughDistances` can be from those of `Kernels.distances`.
 *
 * The query is at most `farthest` from a centre (by `DOT`, at most as long), rows are at most `reach` from it. Rows nearer
 * than {@link LEAST_ROUGH} count as 0. Centres are at most `centreLength` long.
 */
export function roughError(
  product: Product,
  padded: number,
  farthest: number,
  reach: number,
  centreLength: number,
): number {
  const root = Math.sqrt(padded);
  // Each component of query and rows is rounded by half a unit.
  const off = (0.51 * root) / ROUGH_LENGTH;
  const times = product === DOT ? 1 : 2;
  const largest = Math.max(reach, LEAST_ROUGH);
  const taken = times * farthest * (largest * off * (2 + off) + LEAST_ROUGH);
  // The sums in 32 bits, those of `Kernels.distances` included.
  const terms = product === DOT ? farthest * (centreLength + largest) : 4 * (farthest + largest) ** 2;
  return taken + 4 * productError(product, padded) * terms + 2 ** -100;
}

/** Rows nearer to their centre than this are zero in 16 bits. */
export const LEAST_ROUGH = 2 ** -60;
