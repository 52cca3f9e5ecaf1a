// The records of a version by the numbers of their documents, to look at all of them fast.
import { eachDifference } from '../../collections/trie-difference.js';
import type { DocumentRecord, Records } from '../../documents/record.js';

/** Gives each id a number. */
interface Numbering {
  of(id: string): number;
}

/** Records by the numbers of their documents; those without one have none. */
export type RecordColumn = readonly (DocumentRecord | undefined)[];

/**
 * The column of the version that was looked at last. It is made into that of the next by what differs, and is kept by the
 * version's own records, so that it keeps nothing alive (I8).
 */
export class LastColumn {
  readonly #known = new WeakMap<Records, (DocumentRecord | undefined)[]>();
  #last: WeakRef<Records> | undefined;

  of(records: Records, numbers: Numbering): RecordColumn {
    let column = this.#known.get(records);
    if (column !== undefined) return column;
    const before = this.#last?.deref();
    const old = before && this.#known.get(before);
    if (before !== undefined && old !== undefined) {
      column = old;
      this.#known.delete(before);
      eachDifference(before, records, (id, _, after) => (old[numbers.of(id)] = after));
    } else {
      const made: (DocumentRecord | undefined)[] = [];
      records.forEach((record, id) => {
        const n = numbers.of(id);
        while (made.length <= n) made.push(undefined);
        made[n] = record;
      });
      column = made;
    }
    this.#known.set(records, column);
    this.#last = new WeakRef(records);
    return column;
  }
}
