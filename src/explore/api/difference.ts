/*
 * What differs between two versions: postings by their keys, and records before and after.
 */

import { type DocumentRecord, type PostingKey, type ShardexIndex, diff, recordChanges } from '../../index.js';

/** How many of each kind differ. */
export interface DifferenceCounts {
  readonly added: number;
  readonly removed: number;
  readonly updated: number;
  readonly records: number;
}

/** A text and metadata; a long text is cut. */
export interface ShownRecord {
  readonly text?: string;
  /** UTF-16 code units of the whole text. */
  readonly textLength?: number;
  readonly metadata?: unknown;
}

/** A record before and after. */
export interface RecordDifference {
  readonly documentId: string;
  readonly before?: ShownRecord;
  readonly after?: ShownRecord;
}

/** What differs, the first of each kind. */
export interface Difference {
  readonly from: number;
  readonly to: number;
  readonly counts: DifferenceCounts;
  readonly added: readonly PostingKey[];
  readonly removed: readonly PostingKey[];
  readonly updated: readonly PostingKey[];
  readonly records: readonly RecordDifference[];
}

/** UTF-16 code units of a text that are shown. */
const SHOWN_TEXT = 2000;

/** Compares two versions. Time: O(rows of the shards that differ). @throws as `diff`. */
export function differenceOf(from: ShardexIndex, to: ShardexIndex, limit: number): Difference {
  const delta = diff(from, to);
  const { added, removed, updated } = delta;
  const records = recordChanges(from, delta);
  return {
    from: from.version,
    to: to.version,
    counts: {
      added: added.length,
      removed: removed.length,
      updated: updated.length,
      records: records.length,
    },
    added: added.slice(0, limit),
    removed: removed.slice(0, limit),
    updated: updated.slice(0, limit),
    records: records.slice(0, limit).map(({ documentId, before, after }) => ({
      documentId,
      ...(before && { before: shownRecord(before) }),
      ...(after && { after: shownRecord(after) }),
    })),
  };
}

/** A record as the page shows it. */
export function shownRecord({ text, metadata }: DocumentRecord<object>): ShownRecord {
  return {
    ...(text !== undefined && { text: text.slice(0, SHOWN_TEXT), textLength: text.length }),
    ...(metadata !== undefined && { metadata }),
  };
}
