// The draft that recipes get: checks what they ask for, and has it done.
import { BRAND, type Brand, brand } from '../checks/brand.js';
import { detachable, findable } from '../checks/detached.js';
import { elsewhere } from '../checks/elsewhere.js';
import { InvalidPostingError, WriterClosedError } from '../errors.js';
import { type Steps, runSteps } from '../collections/steps.js';
import { type Posting, assertDocumentId, eachDocumentId, keyOfRow } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import { type KeyInput, eachKey } from '../version/posting-key.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { addRows } from './add.js';
import { DraftState } from './draft-state.js';
import { settle } from './rebalance.js';
import { removePlaces, removeWhere } from './remove.js';
import { stagePostings } from './staging.js';
import { Touched, placeText } from './touched.js';

/** What a draft has touched so far. */
export let touchedBy: (draft: IndexDraft) => Touched;
/** Ends a draft: every later use throws, saying that it was `how`. */
export let closeDraft: (draft: IndexDraft, how: string) => void;
/**
 * Changes a draft by a step that pauses. Until it has come to its end every other use of the draft throws, since what
 * it has made is incomplete; a step that fails, or is not brought to its end, leaves the draft unusable.
 */
export let changeInSteps: <T>(draft: IndexDraft, step: (state: DraftState) => Steps<T>) => Steps<T>;

/** How a draft is closed while a step of it pauses. */
const PAUSED = 'left in the middle of a change that is still under way';
const INCOMPLETE = 'left incomplete by an error';

/**
 * The next version while it is being made: private to whoever holds it, and it sees its own writes. A call that
 * throws leaves the draft as it was before that call.
 */
export class IndexDraft {
  /** What it has made so far, or how it was closed: a closed draft that somebody keeps must not keep its rows (I8). */
  #state: DraftState | string;
  readonly #touched = new Touched();

  static {
    detachable(this, (value) => #touched in value, 'fresh');
    elsewhere(this, 'A draft', {
      updatePosting: 'addPosting(posting), which replaces the one with the same key',
      search: 'search(draft.preview(), query, options)',
      postings: 'postings(draft.preview(), documentId)',
      getPosting: 'getPosting(draft.preview(), key)',
    });
    touchedBy = (draft) => draft.#touched;
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
  constructor(base: ShardexIndex) {
    this.#state = new DraftState(base);
    findable(this);
  }

  /** @internal */
  get [BRAND](): Brand {
    return DRAFT;
  }

  /**
   * Adds a posting, or replaces the one with the same key. Adding one that is there already changes nothing.
   * Time: O(shards · dimensions) to find the nearest shard, O(dimensions) to store; the one with the same key is looked for
   * in all shards that hold its document, where that is long only twice in a draft.
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, {@link WriterClosedError}
   */
  addPosting(posting: Posting): void {
    this.addPostings([posting]);
  }

  /**
   * Adds many postings at once: all of them or, if one is unusable or the iterable throws, none. Faster than one by
   * one, since what overflows is split only once. Of several with the same key the last one stays. Returns how many
   * were written, that is, were not there already.
   *
   * @throws {@link InvalidPostingError}, {@link InvalidVectorError}, {@link WriterClosedError}
   */
  addPostings(postings: Iterable<Posting>): number {
    const staged = stagePostings(this.#open().config, postings);
    // Opened again, because the iterable may have closed this draft.
    const written = this.#whole(this.#open(), (state) => runSteps(addRows(state, staged)));
    for (let i = 0; i < staged.length; i++) {
      const { documentId, start, length } = keyOfRow(columnsOf(staged.blocks[i]), staged.rows[i]);
      this.#touched.addPosting(documentId, start, length);
    }
    return written;
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
   * Removes the postings with these keys and returns how many of them were there. Of a commit meanwhile it conflicts
   * only with one that touched those postings, or removed or replaced a whole document of theirs.
   *
   * Time: O(rows of the shards that hold their documents), of a document in many shards only for the first two calls on
   * a draft, then O(rows of the shards that hold the postings).
   *
   * @throws {@link InvalidPostingError} for an unusable key, in which case none is removed; {@link WriterClosedError}
   */
  removePostings(keys: Iterable<KeyInput>): number {
    this.#open();
    const places = new Map<string, Set<string>>();
    const taken = [...eachKey(keys)];
    for (const { documentId, start, length } of taken) {
      const ofDocument = places.get(documentId) ?? new Set();
      places.set(documentId, ofDocument.add(placeText(start, length)));
    }
    const removed = this.#whole(this.#open(), (state) => runSteps(removePlaces(state, places)));
    for (const { documentId, start, length } of taken) this.#touched.addPosting(documentId, start, length);
    return removed;
  }

  /**
   * Removes all postings of a document and returns how many there were; 0 for an unknown one. Touches only the shards
   * that hold it.
   *
   * @throws {@link InvalidPostingError} for an empty id; {@link WriterClosedError}
   */
  removeDocument(documentId: string): number {
    return this.removeDocuments([documentId]);
  }

  /**
   * Removes all postings of several documents and returns how many there were in all.
   *
   * @throws {@link InvalidPostingError} for an empty id, in which case none is removed; {@link WriterClosedError}
   */
  removeDocuments(documentIds: Iterable<string>): number {
    this.#open();
    const ids = new Set(eachDocumentId(documentIds));
    const removed = this.#whole(this.#open(), (state) => runSteps(removeWhere(state, ids, () => true)));
    for (const id of ids) this.#touched.addDocument(id);
    return removed;
  }

  /**
   * Makes a document consist of just these postings, each of which must name it; rows that stay the same are kept.
   *
   * @throws {@link InvalidPostingError} where a posting is unusable or names another document, with nothing replaced;
   * {@link InvalidVectorError}, {@link WriterClosedError}
   */
  replaceDocument(documentId: string, postings: Iterable<Posting>): void {
    const { config } = this.#open();
    assertDocumentId(documentId);
    const staged = stagePostings(config, postings);
    const opened = this.#open();
    const keep = new Set<string>();
    for (let i = 0; i < staged.length; i++) {
      const columns = columnsOf(staged.blocks[i]);
      const row = staged.rows[i];
      const named = columns.ids.at(row);
      if (named !== documentId) {
        throw new InvalidPostingError(
          `Posting ${i} names document ${JSON.stringify(named)}, but ${JSON.stringify(documentId)} is being replaced.`,
          i,
        );
      }
      keep.add(placeText(columns.starts[row], columns.lengths[row]));
    }
    this.#whole(opened, (state) => {
      runSteps(removeWhere(state, [documentId], (_, start, length) => !keep.has(placeText(start, length))));
      runSteps(addRows(state, staged));
    });
    this.#touched.addDocument(documentId);
  }

  /**
   * Whether the document has any posting, as this draft sees it.
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
  preview(): ShardexIndex {
    return this.#whole(this.#open(), (state) => {
      runSteps(settle(state));
      return state.finish();
    });
  }

  /**
   * Runs a step whose input has been checked. If it fails all the same, as when memory runs out, the draft is closed,
   * because it could be half changed; nothing of it can be published then.
   */
  #whole<T>(state: DraftState, step: (state: DraftState) => T): T {
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
