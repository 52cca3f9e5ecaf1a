// A version of the index: a frozen value. Everything else makes, reads or publishes these.
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

/** What a draft wrote down of its own doing: the shards that differ from those of the version it was made from. */
export interface ChangedShards {
  /** The fingerprint of that version. */
  readonly since: string;
  /** Shards that are new, changed or gone, ascending. */
  readonly ids: readonly ShardId[];
}

declare const METADATA: unique symbol;

/**
 * One version of the index: an immutable value. Nothing reachable from it ever changes (I1), so it can be kept,
 * searched and compared at any time, and whoever drops it needs to do nothing else (I8).
 *
 * It prints as a short summary, by `JSON.stringify` and by `console.log`.
 *
 * `a.shards.get(id) === b.shards.get(id)` holds for every shard that did not change between versions `a` and `b` (I4).
 *
 * `M` is the type of its documents' metadata. As `ShardexIndex` alone it stands for an index of any.
 */
export interface ShardexIndex<M extends object = object> {
  /**
   * Of which type the metadata of its documents are: for the compiler alone, nothing is there. Written as a method, so that an
   * index of some type passes for one of any, and one of any for one of some type, but not one of `Film` for one of `Book`.
   * @hidden
   */
  [METADATA]?(metadata: M): void;
  /** What it was configured with; the same object in all versions of a lineage. */
  readonly config: ShardexConfig;
  /** 0 for an empty new index; one more for each published change (I2). */
  readonly version: number;
  /**
   * 16 hexadecimal digits that stand for this state: a hash of the configuration and of all that was done since. The
   * same operations give the same one; versions with the same one are equal in every observable way.
   */
  readonly fingerprint: string;
  /** Live postings. */
  readonly postingCount: number;
  /** Documents: those with a posting, or a text, or metadata. */
  readonly documentCount: number;
  /** Shards, each with at least one posting. */
  readonly shardCount: number;
  /** Bytes of the row blocks that this version holds, whoever shares them. */
  readonly byteLength: number;
  /** The shards by id: a hash array mapped trie, of which a commit copies only the path to what it touched. */
  readonly shards: ImmutableMap<ShardId, Shard>;
  /**
   * Which shards hold each document. It follows from the shards, so whoever only searches can do without: a replica makes
   * it when it is first asked for, and keeps it up to date from then on.
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
   * The indexes of the fields that `indexed` names. They follow from the records; a replica makes them when they are first
   * asked for.
   * @internal
   */
  readonly fields: Lazy<FieldIndexes>;
  /**
   * About how many bytes these take.
   * @internal
   */
  readonly recordBytes: number;
  /**
   * All centroids, ready to be ranked.
   * @internal
   */
  readonly centroids: CentroidTable;
  /**
   * The id that the next new shard will get.
   * @internal
   */
  readonly nextShardId: ShardId;
  /**
   * What a search by recall goes by; see {@link Statistics.calibration}.
   * @internal
   */
  readonly calibration: Calibration | undefined;
  /**
   * How much has changed since the index was empty: of each commit the postings written, or removed where those are more.
   * @internal
   */
  readonly churn: number;
  /**
   * Pairs of a shard and a new one near it, whose centroid the rows of the first are yet to be compared with: what splits
   * have left to the next commits, the oldest first.
   * @internal
   */
  readonly owed: readonly ShardId[];
  /**
   * The shards in which it differs from the version that it was made from. Only this version has this object, so that it
   * lives just as long.
   * @internal
   */
  readonly changed: ChangedShards;
}

/** What all versions inherit: how they print. Immer drafts what has its mark, and what it makes of that inherits it too. */
const VERSION: object = { [immerable]: true };
printable(VERSION as ShardexIndex, 'ShardexIndex', (index) => {
  const { version, fingerprint, config, postingCount, documentCount, shardCount, byteLength } = index;
  return { version, fingerprint, config, postingCount, documentCount, shardCount, byteLength };
});
Object.freeze(VERSION);

/** A version of these fields, frozen. */
export function versionOf(fields: ShardexIndex): ShardexIndex {
  return Object.freeze(Object.assign(Object.create(VERSION) as object, fields));
}

/** Version 0: nothing in it. */
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

/** The same contents under another number, and with shard ids given out from another one on. */
export function renumbered(index: ShardexIndex, version: number, nextShardId: ShardId): ShardexIndex {
  if (index.version === version && index.nextShardId === nextShardId) return index;
  const fingerprint = digestOf(index.fingerprint, version, nextShardId);
  const changed = Object.freeze({ ...index.changed });
  return versionOf({ ...index, version, nextShardId, fingerprint, changed });
}

/**
 * Refuses what is not an index, before anything is done with it.
 *
 * @throws {@link InvalidIndexError}
 */
export function assertIndex(value: unknown): asserts value is ShardexIndex {
  if (isInstance(fieldOf(value, 'centroids'), CentroidTable)) return;
  throw new InvalidIndexError(adviceOn(value));
}

/** What to pass instead of what has an index. */
const INSTEAD: Readonly<Partial<Record<Brand['is'], string>>> = {
  cell: 'This is a cell: pass cell.read(), its current version.',
  draft: 'This is a draft: pass draft.preview(), its state so far.',
  commit: 'This is a commit: pass commit.index, the version that it led to.',
  pin: 'This is a pin: pass pin.index, the version that it keeps.',
};

/** What to do about what is given instead of an index. */
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

/** Whether two configurations say the same; versions that were made apart have an object each. */
export function sameConfig(a: ShardexConfig, b: ShardexConfig): boolean {
  return a === b || configText(a) === configText(b);
}

/** The shards of a document, ascending by id; none for an unknown document. */
export function shardsOfDocument(index: ShardexIndex, documentId: string): Shard[] {
  return shardsOf(entryOf(index.documents.value, documentId)).map((id) => index.shards.get(id) as Shard);
}
