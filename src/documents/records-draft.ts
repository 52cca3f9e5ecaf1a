// The records of a version while it is being made.
import type { Digest } from '../collections/digest.js';
import { type DocumentRecord, type Records, bytesOfRecord, jsonOf } from './record.js';

/** A record that differs between two versions; `undefined` stands for none. */
export interface ChangedRecord {
  readonly documentId: string;
  readonly before: DocumentRecord | undefined;
  readonly after: DocumentRecord | undefined;
}

/** What a draft of records has come to. */
export interface FinishedRecords {
  /** The very map that it was made from where nothing was changed. */
  readonly records: Records;
  readonly bytes: number;
  /** Of each record that was changed what it was, and what it is. */
  readonly changed: readonly ChangedRecord[];
}

/** Stands before a record in a digest. */
const RECORD = 0x7265636f;

/** A draft of the records: a transient copy of their map, and what the changed ones were before. */
export class RecordsDraft {
  #records: Records;
  #bytes: number;
  readonly #before = new Map<string, DocumentRecord | undefined>();

  /** `bytes` is what {@link bytesOfRecord} says of all of them together. */
  constructor(base: Records, bytes: number) {
    this.#records = base;
    this.#bytes = bytes;
  }

  /** Whether no document has a record. */
  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** Whether any record was set or taken out since the last {@link finish}. */
  get isChanged(): boolean {
    return this.#before.size > 0;
  }

  get(documentId: string): DocumentRecord | undefined {
    return this.#records.get(documentId);
  }

  /**
   * Puts a record in place of the one of its document, or takes that out; a frozen one, which shares with that what equals
   * it. The digest, if any, takes note of what is new in it. Time: O(log records + what is new).
   */
  set(documentId: string, after: DocumentRecord | undefined, digest?: Digest): void {
    const before = this.get(documentId);
    if (before === after) return;
    // Made once: it is what an edit of small metadata takes longest for.
    const json = jsonOf(after?.metadata);
    if (digest !== undefined) noteRecord(digest, documentId, before, after, json);
    if (!this.#before.has(documentId)) this.#before.set(documentId, before);
    this.#bytes += 2 * ((after?.text?.length ?? 0) + json.length) - bytesOfRecord(before);
    const records = this.#records.asMutable();
    this.#records = after === undefined ? records.delete(documentId) : records.set(documentId, after);
  }

  /** The records as they are by now; the draft can go on from there. Time: O(changed records). */
  finish(): FinishedRecords {
    this.#records = this.#records.asImmutable();
    const changed: ChangedRecord[] = [];
    for (const [documentId, before] of this.#before) {
      const after = this.get(documentId);
      if (after !== before) changed.push({ documentId, before, after });
    }
    this.#before.clear();
    return { records: this.#records, bytes: this.#bytes, changed };
  }
}

function noteRecord(
  digest: Digest,
  documentId: string,
  before: DocumentRecord | undefined,
  after: DocumentRecord | undefined,
  json: string,
): void {
  digest.add(RECORD);
  digest.addText(documentId);
  const [text, metadata] = [after?.text, after?.metadata];
  digest.add((text === undefined ? 0 : 1) + (metadata === undefined ? 0 : 2));
  if (text !== before?.text) digest.addText(text ?? '');
  if (metadata !== before?.metadata) digest.addText(json);
}
