import type { ShardexConfig } from '../../config.js';
import type { ChunkChange } from '../../delta/changes.js';
import type { VersionName } from '../../delta/delta.js';
import type { CalibrationChange } from '../../calibration/change.js';
import type { DocumentEntry } from '../../version/documents.js';
import type { IdPart } from '../../version/id-column.js';
import type { Posting } from '../../version/posting.js';
import type { ShardId } from '../../version/shard.js';
import type { DeadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import type { CommitOptions } from '../../cell/index-writer.js';
import type { PackedError } from '../port/packed-error.js';

/** Both sides must speak the same one. */
export const PROTOCOL = 7;

/** The channel of what is for all conversations on a port. */
export const EVERYONE = '*';

/** Stands for a row block in one conversation; never given twice. */
export type Handle = number;

/** The numbers and names of a version: what is small enough to be sent along with every difference. */
export type VersionHeader = Omit<
  ShardexIndex,
  'config' | 'shards' | 'documents' | 'centroids' | 'changed' | 'calibration'
>;

/** A segment: the first `visible` rows of a block, less the dead ones. */
export interface SentSegment {
  readonly handle: Handle;
  readonly visible: number;
  readonly dead: DeadBits | undefined;
}

/** A shard that is new, where it has a centroid, or has other rows. */
export interface SentShard {
  readonly id: ShardId;
  readonly centroid: Float32Array | undefined;
  /** A number is the place of a segment that the base's shard of that id has just so. */
  readonly segments: readonly (SentSegment | number)[];
}

/** Shards on their way; see packShards. */
export interface PackedShards {
  readonly numbers: Float64Array;
  readonly centroids: readonly Float32Array[];
}

/** A block that the other side may not have; its memory is missing where it is not shared. */
export interface SentBlock {
  readonly handle: Handle;
  /** How often it has been sent, with this time. */
  readonly generation: number;
  readonly capacity: number;
  readonly memory: ArrayBufferLike | undefined;
}

/** Columns of rows, where memory is not shared. */
export interface RowCopies {
  readonly vectors: Float32Array;
  readonly squaredNorms: Float64Array;
  readonly separations: Float64Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Rows that are new to the other side: runs of them, each in one block. */
export interface SentRows {
  /** For each run the handle of the block, the first row, and how many there are. */
  readonly runs: readonly number[];
  /** The documents of all these rows, run by run, as columns of ids take them. */
  readonly ids: readonly IdPart[];
  /** For each run, where memory is not shared; else empty. */
  readonly copies: readonly RowCopies[];
}

/** Documents that are in other shards than before; likewise where they are now, `undefined` where nowhere. */
export interface SentDocuments {
  readonly documentIds: readonly string[];
  readonly entries: readonly (DocumentEntry | undefined)[];
}

/** What turns one version into another, where the rows lie in memory that both sides see. */
export interface Difference {
  /** The version that it starts from; the empty one where it is missing, and then there is a configuration. */
  readonly base: VersionName | undefined;
  readonly config: ShardexConfig | undefined;
  readonly header: VersionHeader;
  /** In terms of the base's. */
  readonly calibration: CalibrationChange;
  /** Shards of the base that are gone or replaced. */
  readonly gone: readonly ShardId[];
  readonly shards: PackedShards;
  /** The table of centroids; missing where the base's stays. */
  readonly chunks: readonly ChunkChange[] | undefined;
  /** Missing where it starts from the empty version, or the sender does not know: the rows say where documents are. */
  readonly documents: SentDocuments | undefined;
  readonly blocks: readonly SentBlock[];
  readonly rows: SentRows;
}

/** What a follower has of a block: its handle, how often it was sent, and how many of its rows are known. */
export type KnownBlock = readonly [handle: Handle, generation: number, rows: number];

/** What a follower says. */
export type FromReplica =
  | {
      /** Send me the current version, and what comes after it. These blocks I keep until you have answered. */
      readonly kind: 'follow';
      readonly protocol: number;
      readonly name: string;
      readonly shares: boolean;
      readonly round: number;
      readonly known: readonly KnownBlock[];
    }
  | { readonly kind: 'reached'; readonly round: number; readonly version: number }
  | {
      /** I have these blocks no more. What has been sent once more since is not meant. */
      readonly kind: 'forgot';
      readonly blocks: readonly (readonly [handle: Handle, generation: number])[];
    }
  | { readonly kind: 'leave' };

/** What it is told. Messages of an earlier round than its latest `follow` are out of date. */
export type ToReplica =
  | {
      readonly kind: 'version';
      readonly round: number;
      readonly difference: Difference;
      /** With a first version, where memory is shared: the number of the newest version on its way to this follower. */
      readonly counter: BigInt64Array | undefined;
      readonly shares: boolean;
    }
  | { readonly kind: 'reminder'; readonly round: number; readonly version: number }
  | { readonly kind: 'end'; readonly error: PackedError | undefined };

/** What is asked of a writer elsewhere; `call` is repeated in the answer. */
export type WriterCall =
  | { readonly kind: 'write'; readonly call: number; readonly method: 'open' | 'discard' }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'addPostings';
      readonly postings: readonly Posting[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'removeDocuments';
      readonly documentIds: readonly string[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'replaceDocument';
      readonly documentId: string;
      readonly postings: readonly Posting[];
    }
  | { readonly kind: 'write'; readonly call: number; readonly method: 'has'; readonly documentId: string }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'commitChanges';
      readonly options: CommitOptions;
    };

/** What it answers. */
export type WriterAnswer =
  | { readonly kind: 'wrote'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly call: number; readonly error: PackedError }
  | { readonly kind: 'end'; readonly error: PackedError | undefined };

export type ToOwner = FromReplica | WriterCall;
export type ToClient = ToReplica | WriterAnswer;
