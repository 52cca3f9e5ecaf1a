import { type ShardexConfig, show } from '../config.js';
import { InvalidPostingError } from '../errors.js';
import { type Posting, keyOfInput, writeVector } from '../version/posting.js';
import { RowBlock, RowList, columnsOf, copyRow, writeKey } from '../version/row-block.js';

const MOST_BLOCK = 4096;

/**
 * Checks postings and copies them into blocks of their own, which no version sees: so a batch is read once, whatever
 * iterable it is, and one bad posting leaves the draft as it was. Time: O(postings · dimensions).
 *
 * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, and what the iterable itself throws.
 */
export function stagePostings(config: ShardexConfig, postings: Iterable<Posting>): RowList {
  const given: unknown = postings;
  if (given === null || typeof given !== 'object' || !(Symbol.iterator in given)) {
    throw new InvalidPostingError(`Postings must be an iterable, such as an array, not ${show(given)}.`);
  }
  const { dimensions } = config;
  const list = new RowList();
  const expected = Array.isArray(given) ? Math.min(MOST_BLOCK, Math.max(1, given.length)) : 16;
  let block = new RowBlock(expected, dimensions, false);
  let columns = columnsOf(block);
  let row = 0;
  for (const posting of postings) {
    if (row === block.capacity) {
      block = new RowBlock(Math.min(MOST_BLOCK, 2 * block.capacity), dimensions, false);
      columns = columnsOf(block);
      row = 0;
    }
    const { documentId, start, length } = keyOfInput(posting, list.length);
    writeVector(posting.vector, dimensions, columns.vectors, row * dimensions, list.length);
    writeKey(columns, row, documentId, start, length);
    list.push(block, row);
    row++;
  }
  return list;
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
