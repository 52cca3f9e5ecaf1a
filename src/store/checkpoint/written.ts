// What of a version lies in chunks already, so that its next checkpoint need not put it again.
import { type WrittenRecords, noWrittenRecords } from './record-buckets.js';
import { WrittenRows } from './written-rows.js';

/** What lies in the chunks of a log. */
export interface Written {
  readonly rows: WrittenRows;
  readonly records: WrittenRecords;
}

/** Where nothing is known to lie. */
export function nothingWritten(): Written {
  return { rows: new WrittenRows(), records: noWrittenRecords() };
}
