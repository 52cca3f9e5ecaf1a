// The write set of a draft: what it has touched, changed or not. Conflicts are decided by it.
import { type Field, overlaps } from '../documents/fields.js';

/** Writes the extent of a posting, by which it differs from the others of its document. */
export function extentText(start: number, length: number): string {
  return `${start}:${length}`;
}

/**
 * The postings and record fields that a draft has written or removed, even where that changed nothing. A document that was
 * removed or replaced counts as a whole. A single extent of a document is kept as a plain string: most have just one.
 */
export class WriteSet {
  readonly #documents = new Map<string, 'whole' | { extent: string } | Set<string>>();
  readonly #records = new Map<string, 'whole' | Field[]>();

  addPosting(documentId: string, start: number, length: number): void {
    const extents = this.#documents.get(documentId);
    if (extents === 'whole') return;
    const extent = extentText(start, length);
    if (extents === undefined) this.#documents.set(documentId, { extent });
    else if (extents instanceof Set) extents.add(extent);
    else this.#documents.set(documentId, new Set([extents.extent, extent]));
  }

  /** Adds all postings of a document. */
  addPostingsOf(documentId: string): void {
    this.#documents.set(documentId, 'whole');
  }

  /** Adds fields of a document's record. */
  addFields(documentId: string, fields: readonly Field[]): void {
    const known = this.#records.get(documentId);
    if (known === 'whole' || fields.length === 0) return;
    const isNew = (field: Field): boolean => known?.some((other) => isSame(other, field)) !== true;
    this.#records.set(documentId, [...(known ?? []), ...fields.filter(isNew)]);
  }

  /** Adds all of a document: its postings and its record. */
  addDocument(documentId: string): void {
    this.addPostingsOf(documentId);
    this.#records.set(documentId, 'whole');
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  has(documentId: string): boolean {
    return this.#documents.has(documentId) || this.#records.has(documentId);
  }

  /** The documents in the set, each once. */
  *documentIds(): IterableIterator<string> {
    yield* this.#documents.keys();
    for (const documentId of this.#records.keys()) if (!this.#documents.has(documentId)) yield documentId;
  }

  /** The documents whose records are in the set. */
  recordIds(): IterableIterator<string> {
    return this.#records.keys();
  }

  /**
   * For each document of this set, the others that have it too; documents that none of them has are left out.
   * Time: O(documents of the smaller set), for each of the others.
   */
  sharedWith(others: Iterable<WriteSet>): ReadonlyMap<string, readonly WriteSet[]> {
    const shared = new Map<string, WriteSet[]>();
    for (const other of others) {
      const [few, many] = this.#size < other.#size ? [this, other] : [other, this];
      for (const documentId of few.documentIds()) {
        if (!many.has(documentId)) continue;
        const list = shared.get(documentId);
        if (list === undefined) shared.set(documentId, [other]);
        else list.push(other);
      }
    }
    return shared;
  }

  /** Whether the set has this posting, by itself or with the whole document. */
  covers(documentId: string, extent: string): boolean {
    const extents = this.#documents.get(documentId);
    if (extents === undefined || extents === 'whole') return extents === 'whole';
    return extents instanceof Set ? extents.has(extent) : extents.extent === extent;
  }

  /** Whether the set has this field of a record, a part of it, or a field that it is part of. */
  coversField(documentId: string, field: Field): boolean {
    const fields = this.#records.get(documentId);
    return fields === 'whole' || fields?.some((other) => overlaps(other, field)) === true;
  }

  get #size(): number {
    return this.#documents.size + this.#records.size;
  }
}

function isSame(a: Field, b: Field): boolean {
  return a.length === b.length && overlaps(a, b);
}
