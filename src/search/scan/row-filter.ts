/*
 * Which rows a search may return, beside being alive. `RowMeasurer` asks, after a row's distance and before it is
 * kept, as a callback may cost more than a distance: `measure` for candidates (in its loop, as a call more takes 5 % of
 * a search with a filter), `#offer` where all rows are measured. A set of rows that is known beforehand could also be
 * left out with the dead bits of a segment, before any row is estimated: see `ExactScan.measureShard` and `CodeScan`.
 */
import type { PostingKey } from '../../errors.js';

/** Whether a posting may be returned. */
export type RowFilter = (posting: PostingKey) => boolean;
