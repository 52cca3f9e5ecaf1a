// The draft that recipes get: checks arguments, and changes the draft state.
import { BRAND, type Brand, brand } from '../checks/brand.js';
import { detachable, findable } from '../checks/detached.js';
import { elsewhere } from '../checks/elsewhere.js';
import { changedFields } from '../documents/fields.js';
import { type MetadataRecipe, editedMetadata } from '../documents/edit-metadata.js';
import { type DocumentRecord, type FrozenMetadata, type Metadata, recordLike } from '../documents/record.js';
import type { Filter } from '../documents/filter/filter.js';
import {
  type DocumentInput,
  type NamedDocument,
  assertText,
  eachDocument,
  takeNamed,
} from '../documents/take-document.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { WriterClosedError } from '../errors.js';
import { type Steps, runSteps } from '../collections/steps.js';
import { type Posting, assertDocumentId, eachPosting, eachDocumentId } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import { type KeyInput, eachKey } from '../version/posting-key.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { idsWhere } from '../inspect/find.js';
import { addRows } from './add.js';
import { DraftState } from './draft-state.js';
import {
  type NamedMetadata,
  type WhereRecipe,
  assertUnchanged,
  editedEach,
  metadataWhere,
} from './edited-where.js';
import { rebalance } from './rebalance.js';
import { removePostings, removeWhere } from './remove.js';
import { DocumentStaging, assertWithinTexts, noteStaged, putDocuments } from './put-documents.js';
import { extentAt } from './replay.js';
import { assertAllOf, stagePostings } from './staging.js';
import { assertPostingsWithin } from './within-text.js';
import { WriteSet, extentText } from './write-set.js';

/** The write set of a draft, which grows with it. */
export let writeSetOf: <M extends object>(draft: IndexDraft<M>) => WriteSet;
/** Closes a draft: every later use throws an error that says it was `how`. */
export let closeDraft: <M extends object>(draft: IndexDraft<M>, how: string) => void;
/**
 * Changes a draft by an operation that pauses. Until it has ended, every other use of the draft throws, as its state is
 * incomplete. An operation that fails, or is not run to its end, leaves the draft unusable.
 */
export let changeInSteps: <T>(draft: IndexDraft, step: (state: DraftState) => Steps<T>) => Steps<T>;
/** Sets checked metadata as edits do: only the fields that differ come into the write set. */
export let setEdited: (draft: IndexDraft<Metadata>, edited: readonly NamedMetadata[]) => void;

/** How a draft is closed while an operation on it pauses, and after one has failed. */
const PAUSED = 'left in the middle of a change that is still under way';
const INCOMPLETE = 'left incomplete by an error';

/**
 * The next version while it is being made. It is private to its holder, and sees its own writes. A call that throws leaves
 * the draft as it was before that call.
 */
export class IndexDraft<M extends object = object> {
  /** The state so far, or how the draft was closed: a closed draft must not keep its rows alive (I8). */
  #state: DraftState | string;
  readonly #writeSet = new WriteSet();

  static {
    detachable(this, (value) => #writeSet in value, 'fresh');
    elsewhere(this, 'A draft', {
      updatePosting: 'addPosting(posting), which replaces the one with the same key',
      search: 'search(draft.preview(), query, options)',
      postings: 'postings(draft.preview(), documentId)',
      getPosting: 'getPosting(draft.preview(), key)',
    });
    writeSetOf = (draft) => draft.#writeSet;
    setEdited = (draft, edited) => {
      for (const [documentId, metadata] of edited) draft.#changeMetadata(documentId, () => metadata);
    };
    closeDraft = (draft, how) => {
      if (typeof draft.#state !== 'string' || draft.#state === PAUSED) draft.#state = how;
    };
    changeInSteps = function* (draft, step) {
      const state = draft.#open();
      draft.#state = PAUSED;
      try {
        const result = yield* step(state);
        // Unless it was closed in a pause.
        if (draft.#state === PAUSED) draft.#state = state;
        return result;
      } catch (error) {
        closeDraft(draft, INCOMPLETE);
        throw error;
      }
    };
  }

  /** @internal */
  constructor(base: ShardexIndex<M>) {
    this.#state = new DraftState(base);
    findable(this);
  }

  /** @internal */
  get [BRAND](): Brand {
    return DRAFT;
  }

  /**
   * Adds a posting, or replaces the one with the same key. Adding one that is there already changes nothing.
   * Time: O(shards · dimensions) to find the nearest shard, O(dimensions) to store, and a scan of the shards that hold its
   * document for the same key; of a long document, only for the first two calls on a draft.
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, {@link WriterClosedError}
   */
  addPosting(posting: Posting): void {
    this.addPostings([posting]);
  }

  /**
   * Adds many postings at once: all of them or, if one is unusable or the iterable throws, none. Faster than one by one,
   * since a shard that overflows is split only once. Of several with the same key the last one stays. Returns how many
   * were written; those that were there already are not.
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, {@link WriterClosedError}
   */
  addPostings(postings: Iterable<Posting>): number {
    const { config } = this.#open();
    const each = eachPosting(postings);
    const staging = new DocumentStaging(config, Array.isArray(each) ? each.length : undefined);
    for (const posting of each) staging.add(posting);
    return this.#putStaged(staging);
  }

  /**
   * Removes one posting; returns whether it was there. The others of its document stay. Time: as `removePostings`.
   *
   * @throws {@link InvalidPostingError} for an unusable key; {@link WriterClosedError}
   */
  removePosting(key: KeyInput): boolean {
    return this.removePostings([key]) === 1;
  }

  /**
   * Removes the postings with these keys and returns how many of them were there. It conflicts only with commits that
   * touched the same postings, or removed or replaced a whole document of theirs.
   *
   * Time: O(rows of the shards that hold their documents), of a document in many shards only for the first two calls on
   * a draft, then O(rows of the shards that hold the postings).
   *
   * @throws {@link InvalidPostingError} for an unusable key, in which case none is removed; {@link WriterClosedError}
   */
  removePostings(keys: Iterable<KeyInput>): number {
    this.#open();
    const extents = new Map<string, Set<string>>();
    const taken = [...eachKey(keys)];
    for (const { documentId, start, length } of taken) {
      const ofDocument = extents.get(documentId) ?? new Set();
      extents.set(documentId, ofDocument.add(extentText(start, length)));
    }
    const removed = this.#run(this.#open(), (state) => runSteps(removePostings(state, extents)));
    for (const { documentId, start, length } of taken) this.#writeSet.addPosting(documentId, start, length);
    return removed;
  }

  /**
   * Removes a document, with its postings, text and metadata, and returns how many postings there were; 0 for an unknown
   * one. Touches only the shards that hold it.
   *
   * @throws {@link InvalidPostingError} for an empty id; {@link WriterClosedError}
   */
  removeDocument(documentId: string): number {
    return this.removeDocuments([documentId]);
  }

  /**
   * Removes several documents, with all they have, and returns how many postings there were in all.
   *
   * @throws {@link InvalidPostingError} for an empty id, in which case none is removed; {@link WriterClosedError}
   */
  removeDocuments(documentIds: Iterable<string>): number {
    this.#open();
    const ids = new Set(eachDocumentId(documentIds));
    const removed = this.#run(this.#open(), (state) => {
      for (const id of ids) state.setRecord(id, undefined);
      return runSteps(removeWhere(state, ids, () => true));
    });
    for (const id of ids) this.#writeSet.addDocument(id);
    return removed;
  }

  /**
   * Gives a document just these postings, each of which must name it; rows that stay the same are kept, and so are
   * its text and metadata.
   *
   * @throws {@link InvalidPostingError} where a posting is unusable or names another document, with nothing replaced;
   * {@link InvalidVectorError}, {@link WriterClosedError}
   */
  replaceDocument(documentId: string, postings: Iterable<Posting>): void {
    const { config } = this.#open();
    assertDocumentId(documentId);
    const rows = stagePostings(config, postings);
    assertAllOf(documentId, rows);
    const opened = this.#open();
    assertWithinTexts(opened, { rows, puts: new Map() });
    const keep = new Set<string>();
    for (let i = 0; i < rows.length; i++) keep.add(extentAt(columnsOf(rows.blocks[i]), rows.rows[i]));
    this.#run(opened, (state) => {
      runSteps(removeWhere(state, [documentId], (_, start, length) => !keep.has(extentText(start, length))));
      runSteps(addRows(state, rows));
    });
    this.#writeSet.addPostingsOf(documentId);
  }

  /**
   * Makes a document consist of just this text, these metadata and these postings; it loses what is left out. What it has
   * already, bit for bit, is kept and changes nothing. To change a part of it, see `setText`, `editMetadata`
   * and `replaceDocument`.
   *
   * @throws {@link InvalidMetadataError}, {@link InvalidPostingError} also for a posting that names another document or
   * reaches beyond the text, {@link InvalidVectorError}, {@link InvalidOptionError} for an unknown field or a text that is
   * no string, {@link WriterClosedError}; nothing is put then.
   */
  putDocument(documentId: string, document: DocumentInput<M>): void {
    const staging = new DocumentStaging(this.#open().config);
    staging.put(documentId, document);
    this.#putStaged(staging);
  }

  /**
   * Puts many documents at once, each as `putDocument` does: all of them or, if one is unusable, none. Faster than one by
   * one, since a shard that overflows is split only once. Of several with the same id the last one stays. Returns how many
   * postings were written; those that were there already are not.
   *
   * @throws as `putDocument`.
   */
  putDocuments(documents: Iterable<NamedDocument<M>>): number {
    const staging = new DocumentStaging(this.#open().config);
    for (const document of eachDocument(documents)) {
      const { documentId, ...rest } = takeNamed(document);
      staging.put(documentId, rest);
    }
    return this.#putStaged(staging);
  }

  /**
   * Gives a document another text, or none by `undefined`. Touches no shard.
   * Time: O(text), and O(rows of the shards that hold the document), as none of its postings may reach beyond the text.
   *
   * @throws {@link InvalidPostingError} where a posting reaches beyond the text, or for an empty id; {@link
   * InvalidOptionError} for a text that is no string; {@link WriterClosedError}
   */
  setText(documentId: string, text: string | undefined): void {
    const state = this.#open();
    assertDocumentId(documentId);
    assertText(text);
    const before = state.record(documentId);
    if (text !== undefined && text !== before?.text) assertPostingsWithin(state, documentId, text);
    state.setRecord(documentId, recordLike(before, text, before?.metadata));
    this.#writeSet.addFields(documentId, [['text']]);
  }

  /**
   * Gives a document other metadata, or none by `undefined`. They are copied and frozen; what equals what was there before
   * stays the same object. Touches no shard. Time: O(metadata + log documents).
   *
   * @throws {@link InvalidMetadataError} for what JSON cannot express, {@link InvalidPostingError} for an empty id; {@link
   * WriterClosedError}
   */
  setMetadata(documentId: string, metadata: M | FrozenMetadata<M> | undefined): void {
    this.#open();
    assertDocumentId(documentId);
    this.#changeMetadata(documentId, () => metadata);
    this.#writeSet.addFields(documentId, [['metadata']]);
  }

  /**
   * Changes the metadata of a document by changing an Immer draft of them. The draft is revoked when the recipe returns.
   * Touches no shard. Time: O(what was changed + log documents).
   *
   * @throws {@link InvalidMetadataError} where the document has no metadata, or is given what JSON cannot express; {@link
   * AsyncRecipeError}, {@link InvalidOptionError}, {@link InvalidPostingError} for an empty id; {@link WriterClosedError}, and
   * what the recipe throws. Nothing is changed then.
   */
  editMetadata(documentId: string, recipe: MetadataRecipe<M>): void {
    this.#open();
    assertDocumentId(documentId);
    this.#changeMetadata(documentId, (before) =>
      editedMetadata(before, recipe as MetadataRecipe<object>, documentId),
    );
  }

  /**
   * Removes the documents that pass a filter in this draft, with all they have; returns how many. If others make documents
   * pass it meanwhile, that is no conflict. Time: that of `count`, and that of removing them.
   *
   * @throws {@link InvalidFilterError}, {@link WriterClosedError}
   */
  removeWhere(filter: Filter<M>): number {
    const ids = idsWhere(this.preview(), filter);
    this.removeDocuments(ids);
    return ids.length;
  }

  /**
   * Changes the metadata of all documents that pass a filter and have any, each by an Immer draft, as `editMetadata` does;
   * returns how many these were. Touches no shard. Time: that of `count`, and that of editing them.
   *
   * @throws {@link InvalidFilterError}, and as `editMetadata`; nothing is changed then.
   */
  editWhere(filter: Filter<M>, recipe: WhereRecipe<M>): number {
    const before = metadataWhere(this.preview(), filter);
    const edited = editedEach(before, recipe);
    const state = this.#open();
    assertUnchanged(before, (documentId) => state.record(documentId)?.metadata);
    for (const [documentId, metadata] of edited) this.#setMetadata(state, documentId, metadata);
    return edited.length;
  }

  /**
   * The text and metadata of a document as this draft sees them; `undefined` for one that has neither.
   *
   * @throws {@link InvalidPostingError} for an empty id; {@link WriterClosedError}
   */
  getDocument(documentId: string): DocumentRecord<M> | undefined {
    const state = this.#open();
    assertDocumentId(documentId);
    return state.record(documentId) as DocumentRecord<M> | undefined;
  }

  /**
   * Whether the document has a posting, a text or metadata, as this draft sees it.
   *
   * @throws {@link InvalidPostingError} for an empty id; {@link WriterClosedError}
   */
  has(documentId: string): boolean {
    const state = this.#open();
    assertDocumentId(documentId);
    return state.hasDocument(documentId);
  }

  /**
   * The state so far, as a version that can be searched and kept; later changes of the draft do not show in it.
   * Returns the base itself while nothing has changed.
   *
   * @throws {@link WriterClosedError}
   */
  preview(): ShardexIndex<M> {
    return this.#run(this.#open(), (state) => {
      runSteps(rebalance(state));
      return state.finish();
    });
  }

  #changeMetadata(documentId: string, change: (before: Metadata | undefined) => unknown): void {
    const before = this.#open().record(documentId);
    const given = change(before?.metadata);
    const taken = given === undefined ? undefined : takeMetadata(given, before?.metadata, documentId);
    // Opened again, because a recipe or a getter may have closed this draft or changed the document.
    const state = this.#open();
    assertUnchanged([[documentId, before]], (id) => state.record(id));
    this.#setMetadata(state, documentId, taken);
  }

  /** Sets checked metadata. */
  #setMetadata(state: DraftState, documentId: string, metadata: Metadata | undefined): void {
    const before = state.record(documentId);
    const after = recordLike(before, before?.text, metadata);
    state.setRecord(documentId, after);
    this.#writeSet.addFields(documentId, changedFields(before, after));
  }

  /** Adds staged postings and documents. Returns how many rows were written. */
  #putStaged(staging: DocumentStaging): number {
    // Opened again, because an iterable may have closed this draft.
    const opened = this.#open();
    assertWithinTexts(opened, staging);
    const written = this.#run(opened, (state) => runSteps(putDocuments(state, staging)));
    runSteps(noteStaged(this.#writeSet, staging));
    return written;
  }

  /**
   * Runs an operation whose input has been checked. If it still fails, as when memory runs out, the draft may be half
   * changed, so it is closed and cannot be published.
   */
  #run<T>(state: DraftState, step: (state: DraftState) => T): T {
    try {
      return step(state);
    } catch (error) {
      closeDraft(this, INCOMPLETE);
      throw error;
    }
  }

  #open(): DraftState {
    if (typeof this.#state !== 'string') return this.#state;
    throw new WriterClosedError(`This draft was ${this.#state}; take a new one from the current version.`);
  }
}

const DRAFT = brand('draft');
