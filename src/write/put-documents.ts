// Stages whole documents, and puts them into a draft in one batch: each replaces all that the document had.
import { type Steps } from '../collections/steps.js';
import type { ShardexConfig } from '../config.js';
import { assertWithin } from '../documents/extent.js';
import { type DocumentRecord, recordLike, recordOf } from '../documents/record.js';
import { type DocumentInput, takeDocument } from '../documents/take-document.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { type Posting, assertDocumentId, eachPosting, keyOfRow } from '../version/posting.js';
import { RowList, columnsOf } from '../version/row-block.js';
import { addRows } from './add.js';
import type { DraftState } from './draft-state.js';
import { removeWhere } from './remove.js';
import { extentAt } from './replay.js';
import { Staging } from './staging.js';
import { type WriteSet, extentText } from './write-set.js';

/** A document to put: its record, and the first staged row from which on rows of its id are its postings. */
interface Put {
  readonly record: DocumentRecord | undefined;
  readonly from: number;
}

/** Rows read, and documents changed, in one step. */
const ROWS_PER_STEP = 256;
const DOCUMENTS_PER_STEP = 64;

/** Stages postings and whole documents one by one. Checks all that can be checked without a draft. */
export class DocumentStaging {
  /** Postings and documents staged so far. */
  count = 0;
  readonly rows: RowList;
  readonly puts = new Map<string, Put>();
  readonly #staging: Staging;

  /** `known` is how many postings there will be, if that is known. */
  constructor(config: ShardexConfig, known?: number) {
    this.#staging = new Staging(config, known);
    this.rows = this.#staging.list;
  }

  /** Stages a posting; `position` is its index among all that are given, for errors. Time: O(dimensions). */
  add(posting: Posting, position = this.rows.length): void {
    this.#staging.add(posting, position);
    this.count++;
  }

  /**
   * Stages a document, in place of what was staged of it before.
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, {@link InvalidMetadataError}, {@link InvalidOptionError}
   */
  put(documentId: string, document: DocumentInput<object>): void {
    assertDocumentId(documentId);
    const { text, metadata, postings = [] } = takeDocument(document);
    const taken = metadata === undefined ? undefined : takeMetadata(metadata, undefined, documentId);
    const from = this.rows.length;
    for (const posting of eachPosting(postings))
      this.#staging.add(posting, this.rows.length - from, documentId);
    this.puts.set(documentId, { record: recordOf(text, taken), from });
    this.count++;
  }
}

/**
 * Refuses staged postings that reach beyond the text that their document has or gets.
 *
 * @throws {@link InvalidPostingError}
 */
export function assertWithinTexts(
  state: DraftState,
  { rows, puts }: Pick<DocumentStaging, 'rows' | 'puts'>,
): void {
  if (state.hasNoRecords && puts.size === 0) return;
  for (let i = 0; i < rows.length; i++) {
    const key = keyOfRow(columnsOf(rows.blocks[i]), rows.rows[i]);
    const put = puts.get(key.documentId);
    const record = put === undefined ? state.record(key.documentId) : put.record;
    assertWithin(record?.text, key.documentId, key, i - (put?.from ?? 0));
  }
}

/** Puts staged documents into a draft, and adds staged postings. Returns how many rows were written. */
export function* putDocuments(state: DraftState, { rows, puts }: DocumentStaging): Steps<number> {
  if (puts.size === 0) return yield* addRows(state, rows);
  const current = new RowList();
  const kept = new Map<string, Set<string>>([...puts.keys()].map((documentId) => [documentId, new Set()]));
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_PER_STEP === 0) yield;
    const columns = columnsOf(rows.blocks[i]);
    const documentId = columns.ids.at(rows.rows[i]);
    // A posting that was staged before the document was put is no longer part of it.
    if (i < (puts.get(documentId)?.from ?? 0)) continue;
    kept.get(documentId)?.add(extentAt(columns, rows.rows[i]));
    current.push(rows.blocks[i], rows.rows[i]);
  }
  let pause = DOCUMENTS_PER_STEP;
  for (const [documentId, { record }] of puts) {
    const before = state.record(documentId);
    const metadata = record?.metadata && takeMetadata(record.metadata, before?.metadata, documentId);
    state.setRecord(documentId, recordLike(before, record?.text, metadata));
    if (--pause > 0) continue;
    yield;
    pause = DOCUMENTS_PER_STEP;
  }
  yield* removeWhere(
    state,
    puts.keys(),
    (documentId, start, length) => kept.get(documentId)?.has(extentText(start, length)) !== true,
  );
  return yield* addRows(state, current);
}

/** Adds to a write set what {@link putDocuments} touches. */
export function* noteStaged(writeSet: WriteSet, { rows, puts }: DocumentStaging): Steps<void> {
  for (const documentId of puts.keys()) writeSet.addDocument(documentId);
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_PER_STEP === 0) yield;
    const { documentId, start, length } = keyOfRow(columnsOf(rows.blocks[i]), rows.rows[i]);
    writeSet.addPosting(documentId, start, length);
  }
}
