// The records of a version by the numbers of their documents, to look at all of them fast.
import { eachDifference } from '../collections/trie-difference.js';
import type { DocumentRecord, Records } from './record.js';
import type { ChangedRecord } from './records-draft.js';

/** Gives each id a number. */
interface Numbering {
  of(id: string): number;
}

/** Records by the numbers of their documents; those without one have none. */
type Column = (DocumentRecord | undefined)[];

/**
 * The column of the version that was looked at last. It is made into that of the next by what differs, and is kept by the
 * version's own records, so that it keeps nothing alive (I8).
 */
export class RecordColumn {
  readonly #known = new WeakMap<Records, Column>();
  #last: WeakRef<Records> | undefined;

  /** The column of a version. Time: O(records that differ from the last version's); O(records) for a first one. */
  of(records: Records, numbers: Numbering): readonly (DocumentRecord | undefined)[] {
    const known = this.#known.get(records);
    if (known !== undefined) return known;
    const before = this.#last?.deref();
    const column = before && this.#known.get(before);
    if (before === undefined || column === undefined) {
      const made: Column = [];
      records.forEach((record, id) => {
        put(made, numbers.of(id), record);
      });
      return this.#keep(records, made);
    }
    this.#known.delete(before);
    eachDifference(before, records, (id, _, after) => {
      put(column, numbers.of(id), after);
    });
    return this.#keep(records, column);
  }

  /** Takes note of a commit, so that the column of its version is there: where that of the version before is. */
  follow(before: Records, records: Records, changed: readonly ChangedRecord[], numbers: Numbering): void {
    const column = before.size === 0 ? [] : this.#known.get(before);
    if (column === undefined) return;
    this.#known.delete(before);
    for (const { documentId, after } of changed) put(column, numbers.of(documentId), after);
    this.#keep(records, column);
  }

  #keep(records: Records, column: Column): Column {
    this.#known.set(records, column);
    this.#last = new WeakRef(records);
    return column;
  }
}

function put(column: Column, n: number, record: DocumentRecord | undefined): void {
  // Without holes, which make looking at it slow.
  while (column.length <= n) column.push(undefined);
  column[n] = record;
}
