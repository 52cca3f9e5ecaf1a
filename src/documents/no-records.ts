// The map of no records. Apart from the types of records, so that whoever only decodes some does not load maps.
import { Map as ImmutableMap } from 'immutable';
import type { DocumentRecord, Records } from './record.js';

/** The records of an index that has none: the same map each time. */
export function noRecords(): Records {
  return ImmutableMap<string, DocumentRecord>();
}
