/** The part of a posting's key that tells it from the others of its document. */
export function placeText(start: number, length: number): string {
  return `${start}:${length}`;
}

/**
 * What a draft has touched, changed or not: the documents it removed or replaced as a whole, and of the others the
 * postings it added. One place of a document is kept as a plain string, because most documents have just one.
 */
export class Touched {
  readonly #documents = new Map<string, 'whole' | { place: string } | Set<string>>();

  addPosting(documentId: string, start: number, length: number): void {
    const touched = this.#documents.get(documentId);
    if (touched === 'whole') return;
    const place = placeText(start, length);
    if (touched === undefined) this.#documents.set(documentId, { place });
    else if (touched instanceof Set) touched.add(place);
    else this.#documents.set(documentId, new Set([touched.place, place]));
  }

  addDocument(documentId: string): void {
    this.#documents.set(documentId, 'whole');
  }

  get isEmpty(): boolean {
    return this.#documents.size === 0;
  }

  has(documentId: string): boolean {
    return this.#documents.has(documentId);
  }

  documentIds(): Iterable<string> {
    return this.#documents.keys();
  }

  /**
   * Those of some others that touched a document that this one touched too, by document.
   * Time: O(documents of the smaller one, for each of the others).
   */
  sharedWith(others: Iterable<Touched>): ReadonlyMap<string, readonly Touched[]> {
    const shared = new Map<string, Touched[]>();
    for (const other of others) {
      const [few, many] = this.#documents.size < other.#documents.size ? [this, other] : [other, this];
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
}
