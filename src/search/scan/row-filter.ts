/*
 * Adapts a filter function of the caller to rows. `RowMeasurer` calls it after a row's distance and before the row is kept,
 * as a callback may cost more than a distance. (`RowMeasurer.measure` has it inline: one more call takes 5 % of a search
 * with a filter.) A filter that is a value, `where`, does not pass here: see `filters/matching-rows.ts`.
 */
import type { Records } from '../../documents/record.js';
import type { PostingKey } from '../../errors.js';
import type { PostingFilter } from '../options.js';

/** Whether a posting may be a result. */
export type RowFilter = (posting: PostingKey) => boolean;

/** Makes a row filter of a callback that is also given the metadata of the posting's document. */
export function rowFilter(filter: PostingFilter | undefined, records: Records): RowFilter | undefined {
  return filter && ((posting) => filter(posting, records.get(posting.documentId)?.metadata));
}
