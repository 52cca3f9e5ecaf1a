/*
 * Which rows a search may return by a callback, beside being alive. `RowMeasurer` asks, after a row's distance and before
 * it is kept, as a callback may cost more than a distance: `measure` for candidates (in its loop, as a call more takes 5 %
 * of a search with a filter), `#offer` where all rows are measured. A filter that is a value is none of this: its rows are
 * known beforehand, and all others are dead to the scan, see `filters/matching-rows.ts`.
 */
import type { Records } from '../../documents/record.js';
import type { PostingKey } from '../../errors.js';
import type { PostingFilter } from '../options.js';

/** Whether a posting may be returned. */
export type RowFilter = (posting: PostingKey) => boolean;

/** A callback that is given the metadata of each posting's document, too. */
export function rowFilter(filter: PostingFilter | undefined, records: Records): RowFilter | undefined {
  return filter && ((posting) => filter(posting, records.get(posting.documentId)?.metadata));
}
