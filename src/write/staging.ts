// Staging: checks and copies postings before any is added, so that a bad one adds none.
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

/** Blocks grow with the batch up to this size; after that each is a large piece. */
const SMALL_BLOCK = 1 << 20;

/** Rows of the first block if it is not known how many will come. */
const LEAST_ROWS = 16;

/** Checks postings one by one, and copies them into blocks that no version sees. */
export class Staging {
  readonly list = new RowList();
  readonly #config: ShardexConfig;
  readonly #known: number | undefined;
  #block: RowBlock | undefined;
  #row = 0;

  /** `known` is how many postings there will be, if that is known. */
  constructor(config: ShardexConfig, known?: number) {
    this.#config = config;
    this.#known = known;
  }

  /**
   * Stages a posting; `position` is its index among all given, or among those of `owner`. Time: O(dimensions).
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
 * Stages a batch. So any iterable is read only once, and a bad posting leaves the draft as it was.
 * Time: O(postings · dimensions).
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

/** Returns how many rows the next block has, by how many are staged and how many are known to come. */
function nextCapacity(staged: number, known: number | undefined, dimensions: number): number {
  const rowBytes = 4 * dimensions + ROW_OVERHEAD;
  if (known !== undefined && known > staged) {
    const pieces = Math.max(1, Math.floor((known * rowBytes) / LARGE_PIECE));
    return Math.min(known - staged, Math.ceil(known / pieces));
  }
  const asManyAgain = Math.max(LEAST_ROWS, staged);
  return asManyAgain * rowBytes <= SMALL_BLOCK ? asManyAgain : Math.ceil(LARGE_PIECE / rowBytes);
}

/** Copies rows that may belong to a version: adding a row writes to it (I1). */
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

/** Refuses staged postings that name another document than the one being replaced. */
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
