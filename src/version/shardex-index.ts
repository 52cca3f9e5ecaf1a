// A version of the index: a frozen value. Everything else makes, reads or publishes versions.
import { immerable } from 'immer';
import { Map as ImmutableMap } from 'immutable';
import { type Brand, brandOf, otherCopy } from '../checks/brand.js';
import { type ShardexConfig, configText } from '../config.js';
import { type FieldIndexes, noFields } from '../documents/field-indexes.js';
import { noRecords } from '../documents/no-records.js';
import type { Records } from '../documents/record.js';
import { InvalidIndexError } from '../errors.js';
import { printable } from '../checks/printable.js';
import { fieldOf, isInstance } from '../checks/given.js';
import { Lazy } from '../collections/lazy.js';
import { show } from '../checks/show.js';
import type { Calibration } from '../calibration/calibration.js';
import { CentroidTable } from './centroid-table.js';
import { type Documents, entryOf, noDocuments, shardsOf } from './documents.js';
import { digestOf } from '../collections/digest.js';
import type { Shard, ShardId } from './shard.js';

/** The shards in which a version differs from the one that it was made from. */
export interface ChangedShards {
  /** The fingerprint of the version that it was made from. */
  readonly since: string;
  /** Shards that are new, changed or gone, ascending. */
  readonly ids: readonly ShardId[];
}

declare const METADATA: unique symbol;

/**
 * One version of the index: an immutable value.
 *
 * Nothing reachable from it ever changes (I1), so it can be kept, searched and compared at any time. To release it, drop the
 * reference (I8).
 *
 * It prints as a short summary, by `JSON.stringify` and by `console.log`.
 *
 * `a.shards.get(id) === b.shards.get(id)` holds for every shard that did not change between versions `a` and `b` (I4).
 *
 * `M` is the type of its documents' metadata. As `ShardexIndex` alone it stands for an index of any.
 */
export interface ShardexIndex<M extends object = object> {
  /**
   * The type of its documents' metadata, for the compiler alone. Written as a method, so that an index of some type is
   * assignable to one of any and the other way round, but not one of `Film` to one of `Book`.
   * @hidden
   */
  [METADATA]?(metadata: M): void;
  /** Its configuration; the same object in all versions of a lineage. */
  readonly config: ShardexConfig;
  /** 0 for an empty new index; one more for each published change (I2). */
  readonly version: number;
  /**
   * A hash of the configuration and of all operations since, as 16 hexadecimal digits.
   *
   * The same operations give the same fingerprint. Versions with the same fingerprint are equal in every observable way.
   */
  readonly fingerprint: string;
  /** Live postings. */
  readonly postingCount: number;
  /** Documents: those with a posting, or a text, or metadata. */
  readonly documentCount: number;
  /** Shards, each with at least one posting. */
  readonly shardCount: number;
  /** Bytes of the row blocks of this version, whether or not other versions share them. */
  readonly byteLength: number;
  /** The shards by id: a hash array mapped trie, of which a commit copies only the path to what it touched. */
  readonly shards: ImmutableMap<ShardId, Shard>;
  /**
   * Which shards hold each document. It follows from the shards: a replica, which may only search, makes it on first use, and
   * keeps it up to date from then on.
   * @internal
   */
  readonly documents: Lazy<Documents>;
  /**
   * How many documents have a posting.
   * @internal
   */
  readonly placedCount: number;
  /**
   * The text and metadata of documents that have any.
   * @internal
   */
  readonly records: Records;
  /**
   * The indexes of the fields that `indexed` names. They follow from the records; a replica makes them on first use.
   * @internal
   */
  readonly fields: Lazy<FieldIndexes>;
  /**
   * About how many bytes the records take.
   * @internal
   */
  readonly recordBytes: number;
  /**
   * All centroids, ready to be ranked.
   * @internal
   */
  readonly centroids: CentroidTable;
  /**
   * The id of the next new shard.
   * @internal
   */
  readonly nextShardId: ShardId;
  /**
   * The sample that searches by recall go by; see {@link Statistics.calibration}.
   * @internal
   */
  readonly calibration: Calibration | undefined;
  /**
   * How many changes the index has seen: for each commit the postings written or removed, whichever are more.
   * @internal
   */
  readonly churn: number;
  /**
   * Pairs of a shard and a new one near it, whose centroid the rows of the first must still be compared with: work that
   * splits have left to later commits, the oldest first.
   * @internal
   */
  readonly owed: readonly ShardId[];
  /**
   * The shards in which it differs from the version that it was made from. No other version has this object, so it lives as
   * long as this version.
   * @internal
   */
  readonly changed: ChangedShards;
}

/** The prototype of all versions: how they print. Its mark lets Immer make drafts of versions, which inherit it too. */
const VERSION: object = { [immerable]: true };
printable(VERSION as ShardexIndex, 'ShardexIndex', (index) => {
  const { version, fingerprint, config, postingCount, documentCount, shardCount, byteLength } = index;
  return { version, fingerprint, config, postingCount, documentCount, shardCount, byteLength };
});
Object.freeze(VERSION);

/** Makes a frozen version of these fields. */
export function versionOf(fields: ShardexIndex): ShardexIndex {
  return Object.freeze(Object.assign(Object.create(VERSION) as object, fields));
}

/** Version 0, which is empty. */
export function emptyIndex(config: ShardexConfig): ShardexIndex {
  return versionOf({
    config,
    version: 0,
    fingerprint: digestOf(configText(config)),
    postingCount: 0,
    documentCount: 0,
    shardCount: 0,
    byteLength: 0,
    shards: ImmutableMap<ShardId, Shard>(),
    documents: Lazy.of(noDocuments()),
    placedCount: 0,
    records: noRecords(),
    fields: noFields(config.indexed),
    recordBytes: 0,
    centroids: new CentroidTable([]),
    nextShardId: 0,
    calibration: undefined,
    churn: 0,
    owed: Object.freeze([]),
    changed: Object.freeze({ since: '', ids: Object.freeze([]) }),
  });
}

/** Makes a version of the same contents with another number and another next shard id. */
export function renumbered(index: ShardexIndex, version: number, nextShardId: ShardId): ShardexIndex {
  if (index.version === version && index.nextShardId === nextShardId) return index;
  const fingerprint = digestOf(index.fingerprint, version, nextShardId);
  const changed = Object.freeze({ ...index.changed });
  return versionOf({ ...index, version, nextShardId, fingerprint, changed });
}

/**
 * Checks that a value is an index.
 *
 * @throws {@link InvalidIndexError}
 */
export function assertIndex(value: unknown): asserts value is ShardexIndex {
  if (isInstance(fieldOf(value, 'centroids'), CentroidTable)) return;
  throw new InvalidIndexError(adviceOn(value));
}

/** Advice on values that have an index. */
const INSTEAD: Readonly<Partial<Record<Brand['is'], string>>> = {
  cell: 'This is a cell: pass cell.read(), its current version.',
  draft: 'This is a draft: pass draft.preview(), its state so far.',
  commit: 'This is a commit: pass commit.index, the version that it led to.',
  pin: 'This is a pin: pass pin.index, the version that it keeps.',
};

/** Advice on a value that is not an index. */
function adviceOn(value: unknown): string {
  const expected = `Expected a ShardexIndex, as createIndex() and cell.read() return, not ${show(value)}.`;
  const kind = brandOf(value)?.is;
  const instead = kind === undefined ? undefined : INSTEAD[kind];
  if (instead !== undefined) return `${expected} ${instead}`;
  const others = brandOf(fieldOf(value, 'centroids'));
  if (others !== undefined)
    return otherCopy(others, 'version', 'hand it over as encodeDelta(diff(createIndex(options), index))');
  return fieldOf(value, 'dimensions') === undefined
    ? expected
    : `${expected} These are options: pass createIndex({ dimensions: … }), an index that is made with them.`;
}

/** Whether two configurations are equal; lineages have an object each. */
export function sameConfig(a: ShardexConfig, b: ShardexConfig): boolean {
  return a === b || configText(a) === configText(b);
}

/** The shards of a document, ascending by id; none for an unknown document. */
export function shardsOfDocument(index: ShardexIndex, documentId: string): Shard[] {
  return shardsOf(entryOf(index.documents.value, documentId)).map((id) => index.shards.get(id) as Shard);
}
