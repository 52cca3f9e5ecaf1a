/*
 * Which rows a search may return, beside being alive. This file alone knows how a caller says so; rows are
 * asked in `RowMeasurer`, after their distance and before they are kept, as a callback may cost more than a distance. A
 * set of rows that is known beforehand could also be left out with the dead bits of a segment, before any row is
 * estimated: see `ExactScan.measureShard` and `CodeScan`.
 */
import type { PostingKey } from '../../errors.js';
import { keyOfRow } from '../../version/posting.js';
import type { Columns } from '../../version/row-block.js';

/** Whether a row may be returned. */
export type RowFilter = (columns: Columns, row: number) => boolean;

/** A filter of rows from one of postings. */
export function rowFilter(filter: ((posting: PostingKey) => boolean) | undefined): RowFilter | undefined {
  return filter && ((columns, row) => filter(keyOfRow(columns, row)));
}
