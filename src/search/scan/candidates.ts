// The candidates of a search: rows in kernel memory that their bounds have not ruled out yet.
import { GROUP } from '../../kernels/code-shape.js';
import { NONE } from '../../kernels/kernels.js';
import type { Columns } from '../../version/row-block.js';
import { CANDIDATES, type Engine } from '../memory/engine.js';
import type { Slot } from '../memory/slots.js';
import { copyIn } from './row-copies.js';
import type { RowMeasurer } from './row-measurer.js';

/** Up to this many times the wanted number, all candidates are sorted: selecting first would take as long. */
const NEARLY = 1.25;

/**
 * Candidates, each a label and a value.
 *
 * A label names a row: labels of a piece of a block count up from a multiple of {@link GROUP}.
 */
export class Candidates {
  count = 0;
  /** The rounding error by which a value may be too large. */
  margin = 0;
  /** Rows with values beyond this do not become candidates. */
  limit = Infinity;
  readonly #engine: Engine;
  #labels = 0;
  #pieces = 0;
  readonly #columns: Columns[] = [];
  /** For each piece its first label, and the difference of label and row. */
  readonly #labelled: number[] = [];
  readonly #firsts: number[] = [];
  readonly #compared: boolean[] = [];
  readonly #copies: (Slot | undefined)[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The address of the next candidate. */
  get end(): number {
    return this.#engine.at.candidates + 8 * this.count;
  }

  /** The first label of the next piece. */
  get nextLabel(): number {
    return this.#labels;
  }

  hasRoom(rows: number): boolean {
    return this.count + rows <= CANDIDATES;
  }

  /**
   * Labels `rows` rows of a block, from `from` on; returns the first label.
   *
   * `isCompared` says that they count as measured already. `copies` is for copies of the block's rows.
   */
  label(columns: Columns, from: number, rows: number, isCompared = false, copies?: Slot): number {
    const label = this.#labels;
    const piece = this.#pieces++;
    this.#columns[piece] = columns;
    this.#compared[piece] = isCompared;
    this.#copies[piece] = copies;
    this.#labelled[piece] = label;
    this.#firsts[piece] = label - from;
    this.#labels += Math.ceil(rows / GROUP) * GROUP;
    return label;
  }

  /** Keeps the `most` best, and refuses worse ones from now on. */
  keepBest(most: number): void {
    if (this.count <= most) return;
    const { kernels, at } = this.#engine;
    this.limit = kernels.select(at.candidates, this.count, most);
    this.count = most;
  }

  /**
   * Sorts the best candidates behind the first `done`, at most `most` or a quarter more; returns how many.
   *
   * Those above the threshold are dropped.
   */
  order(done: number, most: number, threshold: number): number {
    const { kernels, at } = this.#engine;
    const address = at.candidates + 8 * done;
    const left = kernels.keep(address, this.count - done, threshold);
    this.count = done + left;
    const count = left <= NEARLY * most ? left : most;
    if (left > count) kernels.select(address, left, count);
    kernels.sort(address, count);
    return count;
  }

  /** Drops the first `count`. */
  drop(count: number): void {
    const { kernels, at } = this.#engine;
    const first = at.candidates / 4;
    kernels.u32.copyWithin(first, first + 2 * count, first + 2 * this.count);
    this.count -= count;
  }

  /** The least value, or Infinity if there are no candidates. Reorders the candidates. */
  least(): number {
    const { kernels, at } = this.#engine;
    return this.count === 0 ? Infinity : kernels.select(at.candidates, this.count, 1);
  }

  /** The value of a candidate. */
  valueOf(i: number): number {
    return this.#engine.kernels.f32[this.#engine.at.candidates / 4 + 2 * i + 1];
  }

  /** Names a candidate's row to the measurer, as the one at index `to`. */
  name(i: number, rank: number, measurer: RowMeasurer, to: number): void {
    const { kernels, at } = this.#engine;
    const label = kernels.u32[at.candidates / 4 + 2 * i];
    const owner = this.#ownerOf(label);
    const row = label - this.#firsts[owner];
    const copies = this.#copies[owner];
    const columns = this.#columns[owner];
    // Unless they were evicted meanwhile.
    const address =
      copies !== undefined && copies.at >= 0 ? copyIn(this.#engine, copies, columns, row) : NONE;
    measurer.name(to, columns, row, rank, this.#compared[owner], address);
  }

  /** The piece that a label belongs to. */
  #ownerOf(label: number): number {
    const labelled = this.#labelled;
    let first = 0;
    for (let end = this.#pieces; end - first > 1;) {
      const middle = (first + end) >>> 1;
      if (labelled[middle] <= label) first = middle;
      else end = middle;
    }
    return first;
  }

  /** Drops all. */
  clear(): void {
    this.count = 0;
    this.margin = 0;
    this.#labels = 0;
    this.#pieces = 0;
  }
}
