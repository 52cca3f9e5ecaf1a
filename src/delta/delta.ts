/*
 * The public `Delta`: two version ids around the structural changes (`changes.ts`) and the ledger of keys
 * (`ledger.ts`). Made by `between.ts`, `compose.ts` and `decode.ts`.
 */

import { BRAND, type Brand, brand, brandOf, otherCopy } from '../checks/brand.js';
import { detachable } from '../checks/detached.js';
import { printable } from '../checks/printable.js';
import type { DocumentRecord, Metadata } from '../documents/record.js';
import { InvalidDeltaError, type PostingKey } from '../errors.js';
import { type StoredPosting, postingOfRow } from '../version/posting.js';
import { columnsOf } from '../version/row-block.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { isInstance } from '../checks/given.js';
import { Lazy } from '../collections/lazy.js';
import { show } from '../checks/show.js';
import { type Changes, writtenRows } from './changes.js';
import { type DocumentChanges, type KeyChanges, type Ledger, keyChangesOf } from './ledger.js';

/** A document whose text or metadata differ between two versions. */
export interface ChangedDocumentRecord<M extends object = Metadata> {
  /** The document's id. */
  readonly documentId: string;
  /** Its text and metadata in the base; missing if it has neither there. */
  readonly before?: DocumentRecord<M>;
  /** Its text and metadata in the next version; missing if it has neither there. */
  readonly after?: DocumentRecord<M>;
}

/** The identity of a version. The number alone does not suffice, as forks count alike. */
export interface VersionId {
  /** Its number. */
  readonly version: number;
  /** Its fingerprint; equal fingerprints mean equal states. */
  readonly fingerprint: string;
}

/** Reads the structural part of a delta. A friend accessor; see docs/internals/design.md. */
export let changesOf: (delta: Delta) => Changes;
/** Reads the ledger of a delta. */
export let ledgerOf: (delta: Delta) => Ledger;
let isDelta: (value: unknown) => boolean;

/**
 * The change between two versions, as a value.
 *
 * Applied to an equal copy of the first version, it gives an equal copy of the second, without routing or clustering. It
 * holds neither version. It prints as the counts of added, removed and updated postings, which takes as long as `added`.
 *
 * Memory: a delta keeps the row blocks of what it adds; a decoded one keeps only its rows. A delta of two versions
 * also keeps the keys of the rows that it buries or moves, the records that it replaces and, until it is first read,
 * encoded or applied, both documents maps and the next version's records (no vectors).
 *
 * @example
 * ```ts
 * import { createIndex, updateWithDelta } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
 * const { delta } = updateWithDelta(index, (draft) => {
 *   draft.addPosting({ documentId: 'b', start: 7, vector: [2] });
 *   draft.removeDocument('a');
 * });
 * delta.added; // → [{ documentId: 'b', start: 7, length: 0 }]
 * delta.documents.removed; // → ['a']
 * ```
 */
export class Delta {
  /** The version that it applies to. */
  readonly base: VersionId;
  /** The version that it leads to. */
  readonly next: VersionId;
  readonly #changes: Changes;
  readonly #ledger: Lazy<Ledger>;
  readonly #keys: Lazy<KeyChanges>;

  static {
    changesOf = (delta) => delta.#changes;
    ledgerOf = (delta) => delta.#ledger.value;
    // Not by `instanceof`, which proxies pass.
    isDelta = (value) => typeof value === 'object' && value !== null && #changes in value;
    // How many of each, for which all are listed once; see `added`.
    printable<Delta>(this.prototype, 'Delta', ({ base, next, added, removed, updated }) => {
      return { base, next, added: added.length, removed: removed.length, updated: updated.length };
    });
    detachable(this, isDelta, 'fresh');
  }

  /** @internal */
  constructor(base: VersionId, next: VersionId, changes: Changes, ledger: Lazy<Ledger>) {
    this.base = versionIdOf(base);
    this.next = versionIdOf(next);
    this.#changes = changes;
    this.#ledger = ledger;
    this.#keys = new Lazy(() => keyChangesOf(ledger.value, changes.shards, changes.records));
    Object.freeze(this);
  }

  /**
   * Keys of postings that are in the next version only, sorted. Time: O(n log n) once, for all lists together.
   */
  get added(): readonly PostingKey[] {
    return this.#keys.value.added;
  }

  /** Keys of postings that are in the base only, sorted. Time: as `added`. */
  get removed(): readonly PostingKey[] {
    return this.#keys.value.removed;
  }

  /** Keys of postings that have another vector, sorted. Time: as `added`. */
  get updated(): readonly PostingKey[] {
    return this.#keys.value.updated;
  }

  /** Documents of those postings. Time: as `added`. */
  get documents(): DocumentChanges {
    return this.#keys.value.documents;
  }

  /**
   * Records that differ, sorted by document.
   *
   * `before` is there if the delta was made in this process; for a decoded delta use {@link recordChanges}. Time: O(records
   * that differ).
   */
  get records(): readonly ChangedDocumentRecord[] {
    return Object.freeze(
      this.#changes.records.map(({ documentId, before, after }) =>
        changedDocumentRecord(documentId, before, after),
      ),
    );
  }

  /** Whether both versions are the same one. */
  get isEmpty(): boolean {
    return sameVersion(this.base, this.next);
  }

  /** @internal */
  get [BRAND](): Brand {
    return DELTA;
  }
}

const DELTA = brand('delta');

export function versionIdOf({ version, fingerprint }: VersionId): VersionId {
  return Object.freeze({ version, fingerprint });
}

export function sameVersion(a: VersionId, b: VersionId): boolean {
  return a.version === b.version && a.fingerprint === b.fingerprint;
}

/** Makes the delta from a version to itself. */
export function emptyDelta(index: ShardexIndex): Delta {
  const { nextShardId, config, churn, owed } = index;
  return new Delta(
    index,
    index,
    {
      dimensions: config.dimensions,
      nextShardId,
      gone: [],
      shards: [],
      chunks: undefined,
      churn,
      calibration: 'same',
      owed,
      records: [],
    },
    nothingChanged(),
  );
}

/** A changed record as callers get it. */
export function changedDocumentRecord(
  documentId: string,
  before: DocumentRecord | undefined,
  after: DocumentRecord | undefined,
): ChangedDocumentRecord {
  const sides = { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  return Object.freeze({ documentId, ...sides });
}

/** Makes the ledger of a delta that changes nothing. */
export function nothingChanged(): Lazy<Ledger> {
  const removed = { documentIds: [], starts: [], lengths: [] };
  return Lazy.of({ updated: new Uint8Array(), removed, documents: { added: [], removed: [] } });
}

/**
 * Refuses a value that is not a delta.
 *
 * @throws {@link InvalidDeltaError}
 */
export function assertDelta(value: unknown): asserts value is Delta {
  if (isDelta(value)) return;
  const expected = `Expected a Delta, as updateWithDelta(), diff() and decodeDelta() return, not ${show(value)}.`;
  const mark = brandOf(value);
  if (mark?.is === 'commit') throw new InvalidDeltaError(`${expected} This is a commit: pass commit.delta.`);
  if (isInstance(value, Delta))
    throw new InvalidDeltaError('This is a proxy around a Delta, or a copy of one; pass the delta itself.');
  if (mark?.is === 'delta')
    throw new InvalidDeltaError(otherCopy(mark, 'delta', 'hand it over as bytes, by encodeDelta()'));
  throw new InvalidDeltaError(
    ArrayBuffer.isView(value) ? `${expected} These are bytes: pass decodeDelta(bytes).` : expected,
  );
}

/**
 * Yields the postings that a delta adds or updates, with copies of their vectors, in no particular order.
 *
 * To mirror the index elsewhere, write these and delete those in `removed`. Time: O(dimensions) for each one taken.
 *
 * @throws {@link InvalidDeltaError}
 *
 * @example
 * ```ts
 * import { createIndex, updateWithDelta, writtenPostings } from 'shardex';
 *
 * const { delta } = updateWithDelta(createIndex({ dimensions: 2 }), (draft) => {
 *   draft.addPosting({ documentId: 'a', vector: [1, 2] });
 * });
 * [...writtenPostings(delta)].map(({ documentId, vector }) => [documentId, [...vector]]); // → [['a', [1, 2]]]
 * ```
 */
export function* writtenPostings(delta: Delta): IterableIterator<StoredPosting> {
  assertDelta(delta);
  const { dimensions, shards } = changesOf(delta);
  for (const [block, row] of writtenRows(shards)) yield postingOfRow(columnsOf(block), row, dimensions);
}
