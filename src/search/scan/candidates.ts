// Candidates in kernel memory, which wait to be measured in the order of their bounds.
import { GROUP } from '../../kernels/code-shape.js';
import type { Columns } from '../../version/row-block.js';
import { CANDIDATES, type Engine } from '../memory/engine.js';
import type { RowMeasurer } from './row-measurer.js';

/**
 * Candidates that wait in kernel memory to be measured. Each has a label, which says what row it is: those of a piece of
 * a block are counted up from a multiple of {@link GROUP}.
 */
export class Candidates {
  count = 0;
  /** What the value of one may be too large by. */
  margin = 0;
  /** Values beyond this do not wait. */
  limit = Infinity;
  readonly #engine: Engine;
  #labels = 0;
  readonly #columns: Columns[] = [];
  /** By piece its first label, and what a label is more than the row that it is given to. */
  readonly #labelled: number[] = [];
  readonly #firsts: number[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Where the next one goes in kernel memory. */
  get end(): number {
    return this.#engine.at.candidates + 8 * this.count;
  }

  hasRoom(rows: number): boolean {
    return this.count + rows <= CANDIDATES;
  }

  /** Gives labels to the `rows` rows from `from` on of a block, and returns the first. */
  label(columns: Columns, from: number, rows: number): number {
    const label = this.#labels;
    this.#columns.push(columns);
    this.#labelled.push(label);
    this.#firsts.push(label - from);
    this.#labels += Math.ceil(rows / GROUP) * GROUP;
    return label;
  }

  /** Keeps the `most` best, and lets nothing wait any more that is worse than those. */
  keepBest(most: number): void {
    if (this.count <= most) return;
    const { kernels, at } = this.#engine;
    this.limit = kernels.select(at.candidates, this.count, most);
    this.count = most;
  }

  /**
   * Of those behind the first `done` lets go the ones above a threshold, and puts the best of the others, at most `most`,
   * in order. Returns how many.
   */
  order(done: number, most: number, threshold: number): number {
    const { kernels, at } = this.#engine;
    const address = at.candidates + 8 * done;
    const left = kernels.keep(address, this.count - done, threshold);
    this.count = done + left;
    const count = Math.min(most, left);
    if (left > count) kernels.select(address, left, count);
    kernels.sort(address, count);
    return count;
  }

  /** Lets the first `count` go. */
  drop(count: number): void {
    const { kernels, at } = this.#engine;
    const first = at.candidates / 4;
    kernels.u32.copyWithin(first, first + 2 * count, first + 2 * this.count);
    this.count -= count;
  }

  /** The value of one. */
  valueOf(i: number): number {
    return this.#engine.kernels.f32[this.#engine.at.candidates / 4 + 2 * i + 1];
  }

  /** Names the row of one to be measured. */
  name(i: number, rank: number, measurer: RowMeasurer, address: number): void {
    const label = this.#engine.kernels.u32[this.#engine.at.candidates / 4 + 2 * i];
    const owner = this.#ownerOf(label);
    measurer.name(address, this.#columns[owner], label - this.#firsts[owner], rank);
  }

  /** The piece that a label belongs to. */
  #ownerOf(label: number): number {
    let first = 0;
    for (let end = this.#labelled.length; end - first > 1;) {
      const middle = (first + end) >>> 1;
      if (this.#labelled[middle] <= label) first = middle;
      else end = middle;
    }
    return first;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.count = 0;
    this.margin = 0;
    this.#labels = 0;
    this.#columns.length = 0;
    this.#labelled.length = 0;
    this.#firsts.length = 0;
  }
}
