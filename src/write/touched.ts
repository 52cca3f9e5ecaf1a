// What a draft has touched, changed or not: what a conflict is decided by.
import { type Field, overlaps } from '../documents/fields.js';

/** The part of a posting's key that tells it from the others of its document. */
export function placeText(start: number, length: number): string {
  return `${start}:${length}`;
}

/**
 * What a draft has touched, changed or not: the documents whose postings it removed or replaced as a whole, of the others
 * the postings it added, and the fields of records that it set. One place of a document is kept as a plain string, because
 * most documents have just one.
 */
export class Touched {
  readonly #documents = new Map<string, 'whole' | { place: string } | Set<string>>();
  readonly #records = new Map<string, 'whole' | Field[]>();

  addPosting(documentId: string, start: number, length: number): void {
    const touched = this.#documents.get(documentId);
    if (touched === 'whole') return;
    const place = placeText(start, length);
    if (touched === undefined) this.#documents.set(documentId, { place });
    else if (touched instanceof Set) touched.add(place);
    else this.#documents.set(documentId, new Set([touched.place, place]));
  }

  /** All postings of a document. */
  addPostingsOf(documentId: string): void {
    this.#documents.set(documentId, 'whole');
  }

  /** Some fields of its record. */
  addFields(documentId: string, fields: readonly Field[]): void {
    const touched = this.#records.get(documentId);
    if (touched === 'whole' || fields.length === 0) return;
    const isNew = (field: Field): boolean => touched?.some((other) => isSame(other, field)) !== true;
    this.#records.set(documentId, [...(touched ?? []), ...fields.filter(isNew)]);
  }

  /** All of a document: its postings and its record. */
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

  /** Each document once. */
  *documentIds(): IterableIterator<string> {
    yield* this.#documents.keys();
    for (const documentId of this.#records.keys()) if (!this.#documents.has(documentId)) yield documentId;
  }

  /** The documents whose records it touched. */
  recordIds(): IterableIterator<string> {
    return this.#records.keys();
  }

  /**
   * Those of some others that touched a document that this one touched too, by document.
   * Time: O(documents of the smaller one, for each of the others).
   */
  sharedWith(others: Iterable<Touched>): ReadonlyMap<string, readonly Touched[]> {
    const shared = new Map<string, Touched[]>();
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

  /** Whether the draft touched this posting of a document, be it with all of the document. */
  covers(documentId: string, place: string): boolean {
    const touched = this.#documents.get(documentId);
    if (touched === undefined || touched === 'whole') return touched === 'whole';
    return touched instanceof Set ? touched.has(place) : touched.place === place;
  }

  /** Whether it touched this field of a record, or one that this is a part of, or that is a part of this. */
  coversField(documentId: string, field: Field): boolean {
    const touched = this.#records.get(documentId);
    return touched === 'whole' || touched?.some((other) => overlaps(other, field)) === true;
  }

  get #size(): number {
    return this.#documents.size + this.#records.size;
  }
}

function isSame(a: Field, b: Field): boolean {
  return a.length === b.length && overlaps(a, b);
}
