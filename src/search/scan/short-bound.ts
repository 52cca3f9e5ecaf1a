/*
 * Rules rows out by products in 32 bits, which take a third of the time of exact ones in 64 bits. Their error is bounded:
 * a row that is too far by more than that is ruled out, and the others are measured.
 */
import type { ShardexConfig } from '../../config.js';
import { productError } from '../../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../../kernels/kernels.js';
import { codable } from '../memory/block-codes.js';
import type { Query } from '../memory/query.js';

/** More than 64-bit sums and the arithmetic here may lose. */
const ROUNDING = 2 ** -40;

/** More than squares may lose that underflow in 32 bits. */
const UNDERFLOW = 2 ** -100;

/** A bound on the distances of rows from one query; see `Kernels.distances` for the error of products. */
export class ShortBound {
  readonly #metric: ShardexConfig['metric'];
  /** The length of the query, and the error of a product with a row of length 1. */
  readonly #length: number;
  readonly #error: number;
  /** The value that a product is compared with; by cosine, times the length of the row. */
  #least = 0;

  constructor({ metric, dimensions }: ShardexConfig, { length }: Query) {
    this.#metric = metric;
    this.#length = length;
    this.#error = productError(metric === 'euclidean' ? SQUARED_L2 : DOT, dimensions) + ROUNDING;
  }

  /** Sets the distance beyond which rows are too far. */
  setWorst(worst: number): void {
    if (this.#metric === 'euclidean')
      this.#least = (worst * worst * (1 + ROUNDING) + UNDERFLOW) / (1 - this.#error);
    else if (this.#metric === 'cosine') this.#least = (1 - worst - this.#error) * this.#length;
    else this.#least = -worst - Math.abs(worst) * ROUNDING;
  }

  /** Whether a row with this product and squared length is certainly too far. */
  isBeyond(product: number, squaredNorm: number): boolean {
    if (!codable(squaredNorm)) return false;
    if (this.#metric === 'euclidean') return product > this.#least;
    const length = Math.sqrt(squaredNorm);
    if (this.#metric === 'cosine') return product < this.#least * length;
    return product + this.#error * this.#length * length + UNDERFLOW < this.#least;
  }
}
