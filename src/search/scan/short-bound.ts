/*
 * Rules rows out by products in 32 bits. These take a third of the time of exact ones in 64 bits, and how far they can be
 * off is known: a row that is too far by more than that is too far, and the others are measured.
 */
import type { ShardexConfig } from '../../config.js';
import { productError } from '../../kernels/bounds.js';
import { DOT, SQUARED_L2 } from '../../kernels/kernels.js';
import { codable } from '../memory/block-codes.js';
import type { Query } from '../memory/query.js';

/** What 64-bit sums and the arithmetic here may lose, many times over. */
const ROUNDING = 2 ** -40;

/** What squares may lose that are too small for 32 bits. */
const UNDERFLOW = 2 ** -100;

/** For one query; see `Kernels.distances` for what its products may be off. */
export class ShortBound {
  readonly #metric: ShardexConfig['metric'];
  /** The length of the query, and the error of a product with a row of length 1. */
  readonly #length: number;
  readonly #error: number;
  /** What a product is compared with: it, or it times the length of the row. */
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

  /** Whether a row of this squared length, with this product, is too far for certain. */
  isBeyond(product: number, squaredNorm: number): boolean {
    if (!codable(squaredNorm)) return false;
    if (this.#metric === 'euclidean') return product > this.#least;
    const length = Math.sqrt(squaredNorm);
    if (this.#metric === 'cosine') return product < this.#least * length;
    return product + this.#error * this.#length * length + UNDERFLOW < this.#least;
  }
}
