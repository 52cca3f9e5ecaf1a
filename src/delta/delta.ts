import { BRAND, type Brand, brand, brandOf, otherCopy } from '../brand.js';
import { detachable } from '../detached.js';
import { InvalidDeltaError, type PostingKey } from '../errors.js';
import type { CalibrationChange } from '../calibration/change.js';
import { type StoredPosting, postingOfRow } from '../version/posting.js';
import { type RowBlock, columnsOf } from '../version/row-block.js';
import type { Centroid, ShardId } from '../version/shard.js';
import type { Segment } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { isInstance } from '../given.js';
import { Lazy } from '../lazy.js';
import { show } from '../show.js';
import { type ChangedDocuments, type KeyChanges, type Ledger, keyChangesOf } from './ledger.js';

/** Which version is meant: forks count alike, so a number alone does not say. */
export interface VersionName {
  /** Its number. */
  readonly version: number;
  /** Its fingerprint; equal ones stand for equal states. */
  readonly fingerprint: string;
}

/** The documents of a {@link Delta}, each list sorted. */
export interface DocumentChanges {
  /** Not in the base. */
  readonly added: readonly string[];
  /** Not in the next version. */
  readonly removed: readonly string[];
  /** In both, with other postings. */
  readonly updated: readonly string[];
}

/** Where a row of the base is. */
export interface BasePlace {
  readonly shard: ShardId;
  readonly segment: number;
}

/** Consecutive live rows that a segment gets: written anew, from a block, or moved from elsewhere in the base. */
export interface Run {
  /** The first of its rows in the segment. */
  readonly at: number;
  readonly count: number;
  readonly from: RowBlock | BasePlace;
  /** The first row there. */
  readonly row: number;
}

/** How a segment of a shard comes about. */
export interface SegmentChange {
  /** The base's segment whose rows it goes on from, by its place in the shard; −1 for a block of its own. */
  readonly keeps: number;
  /** Rows that its block has room for. */
  readonly capacity: number;
  readonly visible: number;
  /** Rows that are live in the base's segment and dead in this one, ascending. */
  readonly buried: readonly number[];
  /** The live rows that are not the base's own, ascending; rows that are in no run are dead (I7). */
  readonly runs: readonly Run[];
  /** What it comes to, where that is at hand: then nothing needs to be copied. */
  readonly segment?: Segment;
}

/** A shard that is new, where it has a centroid, or has other rows. */
export interface ShardChange {
  readonly id: ShardId;
  readonly centroid: Centroid | undefined;
  readonly segments: readonly SegmentChange[];
}

/** A chunk of the centroid table: one of the base's, by its place, or a new one, by its shards. */
export type ChunkChange = number | readonly ShardId[];

/** The part of a delta that makes the next version out of the base. */
export interface Changes {
  readonly dimensions: number;
  readonly nextShardId: ShardId;
  /** Shards of the base that are gone or replaced, ascending. */
  readonly gone: readonly ShardId[];
  /** Ascending by id. */
  readonly shards: readonly ShardChange[];
  /** Missing where the base's table stays. */
  readonly chunks: readonly ChunkChange[] | undefined;
  /** The next version's count of changes, and its calibration, which a replica does not make itself. */
  readonly churn: number;
  readonly calibration: CalibrationChange;
  /** The shards that documents are in, where that is at hand: then it does not have to follow from the rows. */
  readonly documents?: Lazy<ChangedDocuments>;
}

/** The structural part of a delta. */
export let changesOf: (delta: Delta) => Changes;
/** What it says about postings and documents, for the library's own loops. */
export let ledgerOf: (delta: Delta) => Ledger;
let isDelta: (value: unknown) => boolean;

/**
 * What changed between two versions, as a value: enough to turn an equal of the first into an equal of the second
 * without routing or clustering anything. It holds neither of them, but while it is kept, so are the blocks in which
 * the rows it adds lie; one that was decoded holds just those rows. One that comes of comparing versions also keeps
 * the keys of the rows that it buries or moves, and until it is first read, encoded or applied, the maps of both versions that say
 * which shards each document is in, which it has not compared until then: ids and numbers, no vectors.
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
  readonly base: VersionName;
  /** The version that it leads to. */
  readonly next: VersionName;
  readonly #changes: Changes;
  readonly #ledger: Lazy<Ledger>;
  readonly #keys: Lazy<KeyChanges>;

  static {
    changesOf = (delta) => delta.#changes;
    ledgerOf = (delta) => delta.#ledger.value;
    // Not by `instanceof`, which proxies pass.
    isDelta = (value) => typeof value === 'object' && value !== null && #changes in value;
    detachable(this, isDelta, 'fresh');
  }

  /** @internal */
  constructor(base: VersionName, next: VersionName, changes: Changes, ledger: Lazy<Ledger>) {
    this.base = nameOf(base);
    this.next = nameOf(next);
    this.#changes = changes;
    this.#ledger = ledger;
    this.#keys = new Lazy(() => keyChangesOf(ledger.value, changes.shards));
    Object.freeze(this);
  }

  /** Keys of postings that are in the next version only, sorted. Time: O(n log n) once, for all the lists together. */
  get added(): readonly PostingKey[] {
    return this.#keys.value.added;
  }

  /** Keys of postings that are in the base only, sorted. Time: likewise. */
  get removed(): readonly PostingKey[] {
    return this.#keys.value.removed;
  }

  /** Keys of postings that have another vector, sorted. Time: likewise. */
  get updated(): readonly PostingKey[] {
    return this.#keys.value.updated;
  }

  /** The documents that those postings belong to. Time: likewise. */
  get documents(): DocumentChanges {
    return this.#keys.value.documents;
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

export function nameOf({ version, fingerprint }: VersionName): VersionName {
  return Object.freeze({ version, fingerprint });
}

export function sameVersion(a: VersionName, b: VersionName): boolean {
  return a.version === b.version && a.fingerprint === b.fingerprint;
}

export function isBlock(from: RowBlock | BasePlace): from is RowBlock {
  return 'capacity' in from;
}

/** The change from a version to itself. */
export function emptyDelta(index: ShardexIndex): Delta {
  const { nextShardId, config, churn } = index;
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
    },
    nothingChanged(),
  );
}

/** The ledger of a delta that leads back to where it starts. */
export function nothingChanged(): Lazy<Ledger> {
  const removed = { documentIds: [], starts: [], lengths: [] };
  return new Lazy(() => ({ updated: new Uint8Array(), removed, documents: { added: [], removed: [] } }));
}

/**
 * Refuses what is not a delta.
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
 * The postings that a delta adds or updates, with copies of their vectors, in no particular order: what a mirror of the
 * index elsewhere has to write; what it has to delete is in `removed`. Time: O(dimensions) for each one taken.
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

/** The rows that are written anew, in order. */
export function* writtenRows(shards: readonly ShardChange[]): Generator<[RowBlock, number]> {
  const runs: [RowBlock, number, number][] = [];
  eachWrittenRun(shards, (...run) => runs.push(run));
  for (const [block, first, count] of runs)
    for (let row = first; row < first + count; row++) yield [block, row];
}

/** Visits the same by runs: `count` rows of a block, from `first` on. */
export function eachWrittenRun(
  shards: readonly ShardChange[],
  visit: (block: RowBlock, first: number, count: number) => void,
): void {
  for (const { segments } of shards) {
    for (const { runs } of segments)
      for (const { from, row, count } of runs) if (isBlock(from)) visit(from, row, count);
  }
}
