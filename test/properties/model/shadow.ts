import {
  InvalidMetadataError,
  InvalidVectorError,
  type IndexDraft,
  type KeyInput,
  type Posting,
} from 'shardex';
import { expect } from 'vitest';
import type { NaiveTwin } from '../../support/naive-twin.js';
import { byKey, differences, fullKeyOf, keyOf, sameVector } from './difference.js';
import { differingFields, recordsDiffer } from './fields.js';
import { type Operation, bulk, textOf } from './operation.js';
import type { ModelVersion } from './system.js';

/** What the model knows of a draft: its base, what it holds now, and which documents it named. */
export class Shadow {
  readonly base: ModelVersion;
  readonly twin: NaiveTwin;
  /** The documents that were touched: as a whole, or the keys in them that were added or removed, changed or not. */
  readonly touched = {
    postings: new Map<string, 'whole' | Set<string>>(),
    fields: new Map<string, 'whole' | Set<string>>(),
  };
  /** Whether any operation changed anything, even if a later one undid it. */
  changed = false;

  constructor(base: ModelVersion) {
    this.base = base;
    this.twin = base.twin.clone();
  }

  /** Whether the draft now holds anything else than its base. */
  get differs(): boolean {
    return differences(this.base.twin, this.twin).size > 0 || recordsDiffer(this.base.twin, this.twin);
  }

  /** Does the same to the draft and to the twin, and expects the draft to answer as the twin would. */
  apply(operation: Operation, draft: IndexDraft): void {
    const before = this.twin.clone();
    this.#apply(operation, draft);
    if (differences(before, this.twin).size > 0 || recordsDiffer(before, this.twin)) this.changed = true;
  }

  #apply(operation: Operation, draft: IndexDraft): void {
    switch (operation.kind) {
      case 'add':
        draft.addPosting(operation.posting);
        this.#add([operation.posting]);
        break;
      case 'batch':
        expect(draft.addPostings(operation.postings)).toBe(this.#add(operation.postings));
        break;
      case 'bulk': {
        const postings = bulk(operation.seed, operation.count);
        expect(draft.addPostings(postings)).toBe(this.#add(postings));
        break;
      }
      case 'remove': {
        let removed = 0;
        for (const id of operation.documentIds) {
          removed += this.twin.removeDocument(id);
          this.#touchAll(id);
        }
        expect(draft.removeDocuments(operation.documentIds)).toBe(removed);
        break;
      }
      case 'take out': {
        const there = new Set(operation.keys.filter((key) => this.twin.removePosting(key)).map(fullKeyOf));
        expect(draft.removePostings(operation.keys)).toBe(there.size);
        for (const key of operation.keys) this.#touch(key);
        break;
      }
      case 'replace':
        draft.replaceDocument(operation.documentId, operation.postings);
        this.twin.replaceDocument(operation.documentId, operation.postings);
        this.touched.postings.set(operation.documentId, 'whole');
        break;
      case 'put': {
        const { documentId, record, postings } = operation;
        const text = textOf(record.text);
        draft.putDocument(documentId, { text, metadata: record.metadata, postings });
        this.twin.replaceDocument(documentId, postings);
        this.twin.setRecord(documentId, { text, metadata: record.metadata });
        this.#touchAll(documentId);
        break;
      }
      case 'text': {
        const { documentId } = operation;
        const text = textOf(operation.text);
        draft.setText(documentId, text);
        this.twin.setRecord(documentId, { ...this.twin.record(documentId), text });
        this.#touchField(documentId, 'text');
        break;
      }
      case 'metadata': {
        const { documentId, metadata } = operation;
        draft.setMetadata(documentId, metadata);
        this.twin.setRecord(documentId, { ...this.twin.record(documentId), metadata });
        this.#touchField(documentId, 'metadata');
        break;
      }
      case 'edit':
        this.#edit(operation, draft);
        break;
      case 'refused': {
        const unusable = { documentId: 'a', vector: [Number.NaN, 0] };
        expect(() => draft.addPostings([...operation.postings, unusable])).toThrow(InvalidVectorError);
        break;
      }
    }
  }

  /** Adds to the twin; returns how many postings that changed, of several with one key the last one only. */
  #add(postings: readonly Posting[]): number {
    const newest = new Map(postings.map((posting) => [fullKeyOf(posting), posting]));
    const there = byKey(this.twin);
    let written = 0;
    for (const [key, posting] of newest) {
      const old = there.get(key);
      if (old === undefined || !sameVector(old.vector, posting.vector)) written++;
      this.twin.add(posting);
      this.#touch(posting);
    }
    return written;
  }

  #edit({ documentId, name, value }: Operation & { readonly kind: 'edit' }, draft: IndexDraft): void {
    const record = this.twin.record(documentId);
    const edit = (fields: Record<string, unknown>): void => {
      if (value === undefined) Reflect.deleteProperty(fields, name);
      else fields[name] = value;
    };
    if (record.metadata === undefined) {
      expect(() => {
        draft.editMetadata(documentId, edit as (fields: object) => void);
      }).toThrow(InvalidMetadataError);
      return;
    }
    draft.editMetadata(documentId, edit as (fields: object) => void);
    const metadata = { ...record.metadata };
    edit(metadata);
    this.twin.setRecord(documentId, { ...record, metadata });
    for (const field of differingFields(record, { ...record, metadata })) this.#touchField(documentId, field);
  }

  #touchAll(documentId: string): void {
    this.touched.postings.set(documentId, 'whole');
    this.touched.fields.set(documentId, 'whole');
  }

  #touchField(documentId: string, field: string): void {
    const touched = this.touched.fields.get(documentId) ?? new Set();
    if (touched !== 'whole') this.touched.fields.set(documentId, touched.add(field));
  }

  #touch({ documentId, start = 0, length = 0 }: KeyInput): void {
    const touched = this.touched.postings.get(documentId) ?? new Set();
    if (touched !== 'whole') this.touched.postings.set(documentId, touched.add(keyOf({ start, length })));
  }
}
