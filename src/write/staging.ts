// Copies and checks postings before any of them is added, so that a bad one adds none.
import type { ShardexConfig } from '../config.js';
import { InvalidPostingError } from '../errors.js';
import { LARGE_PIECE } from '../collections/allocation.js';
import {
  type DocumentPosting,
  type Posting,
  eachPosting,
  takePosting,
  writeVector,
} from '../version/posting.js';
import { ROW_OVERHEAD, RowBlock, RowList, columnsOf, copyRow, writeKey } from '../version/row-block.js';

/** Blocks grow with the batch up to this size, and are large pieces then. */
const SMALL_BLOCK = 1 << 20;

/** Rows of the first block where nobody knows how many will come. */
const LEAST_ROWS = 16;

/** Takes in postings one by one: checks them, and copies them into blocks of their own, which no version sees. */
export class Staging {
  readonly list = new RowList();
  readonly #config: ShardexConfig;
  readonly #known: number | undefined;
  #block: RowBlock | undefined;
  #row = 0;

  /** `known` is how many there will be, if anybody knows. */
  constructor(config: ShardexConfig, known?: number) {
    this.#config = config;
    this.#known = known;
  }

  /**
   * Takes in one that has this place among all that are given, or among those of its `owner`. Time: O(dimensions).
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}
   */
  add(posting: DocumentPosting, position: number, owner?: string): void {
    const { dimensions } = this.#config;
    if (this.#block === undefined || this.#row === this.#block.capacity) {
      const capacity = nextCapacity(this.list.length, this.#known, dimensions);
      this.#block = new RowBlock(capacity, dimensions, false);
      this.#row = 0;
    }
    const row = this.#row;
    const columns = columnsOf(this.#block);
    const { documentId, start, length, vector } = takePosting(posting, position, owner);
    writeVector(vector, dimensions, columns.vectors, row * dimensions, position);
    writeKey(columns, row, documentId, start, length);
    this.list.push(this.#block, row);
    this.#row++;
  }
}

/**
 * Stages a batch: so it is read once, whatever iterable it is, and one bad posting leaves the draft as it was. Time: O(postings · dimensions).
 *
 * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, and what the iterable itself throws.
 */
export function stagePostings(config: ShardexConfig, postings: Iterable<Posting>): RowList {
  const each = eachPosting(postings);
  const staging = new Staging(config, Array.isArray(each) ? each.length : undefined);
  let position = 0;
  for (const posting of each) staging.add(posting, position++);
  return staging.list;
}

/** Rows of the next block after so many staged ones, of as many as are known to come. */
function nextCapacity(staged: number, known: number | undefined, dimensions: number): number {
  const rowBytes = 4 * dimensions + ROW_OVERHEAD;
  if (known !== undefined && known > staged) {
    const pieces = Math.max(1, Math.floor((known * rowBytes) / LARGE_PIECE));
    return Math.min(known - staged, Math.ceil(known / pieces));
  }
  const asManyAgain = Math.max(LEAST_ROWS, staged);
  return asManyAgain * rowBytes <= SMALL_BLOCK ? asManyAgain : Math.ceil(LARGE_PIECE / rowBytes);
}

/** Private copies of rows, since adding writes to what it adds, and these may belong to a version (I1). */
export function stageRows(rows: RowList, dimensions: number): RowList {
  const copies = new RowList();
  if (rows.length === 0) return copies;
  const block = new RowBlock(rows.length, dimensions, false);
  for (let i = 0; i < rows.length; i++) {
    copyRow(columnsOf(rows.blocks[i]), rows.rows[i], columnsOf(block), i);
    copies.push(block, i);
  }
  return copies;
}

/** Refuses staged postings of other documents than the one that is being replaced. */
export function assertAllOf(documentId: string, staged: RowList): void {
  for (let i = 0; i < staged.length; i++) {
    const named = columnsOf(staged.blocks[i]).ids.at(staged.rows[i]);
    if (named === documentId) continue;
    throw new InvalidPostingError(
      `Posting ${i} names document ${JSON.stringify(named)}, but ${JSON.stringify(documentId)} is being replaced.`,
      i,
    );
  }
}
