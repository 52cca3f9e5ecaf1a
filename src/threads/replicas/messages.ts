/*
 * The protocol of replicas and remote writers. A replica says `follow` and gets a first `version`, then one for each
 * commit; it answers `reached`, and `forgot` when blocks are collected. Rows stay in shared memory; what is sent are
 * differences.
 *
 * A handle is a number that stands for a row block in one conversation. Each side has a table of handles:
 * `SentBlocks` at the owner, `ReceivedBlocks` in the replica. A parcel is the blocks and rows that travel along with
 * a difference because the other side may not have them. A round counts a replica's requests for a fresh start;
 * messages of earlier rounds are void.
 */

import type { ShardexConfig } from '../../config.js';
import type { Metadata } from '../../documents/record.js';
import type { NamedDocument } from '../../documents/take-document.js';
import type { PostingKey } from '../../errors.js';
import type { ChangedShard, RootChanges } from '../../delta/changes.js';
import type { VersionId } from '../../delta/delta.js';
import type { ChangedDocuments } from '../../version/documents.js';
import type { IdPart } from '../../collections/id-column.js';
import type { Posting } from '../../version/posting.js';
import type { DeadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import type { CommitOptions } from '../../cell/index-writer.js';
import type { PackedError } from '../port/packed-error.js';

/** Version of the protocol; both sides must have the same. */
export const PROTOCOL = 10;

/** Channel of messages for all conversations on a port. */
export const EVERYONE = '*';

/** A number that stands for a row block in one conversation; never given twice. */
export type Handle = number;

/** The small fields of a version, which travel with every difference. */
export type VersionHeader = Omit<
  ShardexIndex,
  'config' | 'shards' | 'documents' | 'records' | 'fields' | 'centroids' | 'changed' | 'calibration'
>;

/** A segment: the first `visible` rows of a block, less the dead ones. */
export interface SentSegment {
  readonly handle: Handle;
  readonly visible: number;
  readonly dead: DeadBits | undefined;
}

/** A changed shard. A number is the index of an identical segment in the base's shard of that id. */
export type SentShard = ChangedShard<Float32Array, SentSegment | number>;

/** Packed shards; see `packShards`. */
export interface PackedShards {
  readonly numbers: Float64Array;
  readonly centroids: readonly Float32Array[];
}

/** A block that the other side may not have. `memory` is missing if it is not shared. */
export interface SentBlock {
  readonly handle: Handle;
  /** Number of times that it has been sent, this one included. */
  readonly generation: number;
  readonly capacity: number;
  readonly memory: ArrayBufferLike | undefined;
}

/** Copied columns of rows, for when memory is not shared. */
export interface RowCopies {
  readonly vectors: Float32Array;
  readonly squaredNorms: Float64Array;
  readonly separations: Float64Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Rows that are new to the other side, in runs within one block. */
export interface SentRows {
  /** For each run: handle of the block, first row, count. */
  readonly runs: readonly number[];
  /** Documents of all these rows, run by run, in the form that id columns take. */
  readonly ids: readonly IdPart[];
  /** Copies for each run if memory is not shared; else empty. */
  readonly copies: readonly RowCopies[];
}

/** Records that changed: of each its document, text and metadata as JSON; of one that is gone neither. */
export interface SentRecords {
  readonly documentIds: readonly string[];
  readonly texts: readonly (string | undefined)[];
  /** Empty for none. */
  readonly metadata: readonly string[];
}

/** The difference of two versions whose rows lie in memory that both sides see. */
export interface Difference extends RootChanges {
  /** The version that it starts from. If missing, that is the empty version, and `config` is there. */
  readonly base: VersionId | undefined;
  readonly config: ShardexConfig | undefined;
  readonly header: VersionHeader;
  readonly shards: PackedShards;
  /**
   * Documents that changed shards. Missing if it starts from the empty version or the sender does not know them: the
   * rows then say where documents are.
   */
  readonly documents: Pick<ChangedDocuments, 'documentIds' | 'after'> | undefined;
  readonly records: SentRecords;
  readonly blocks: readonly SentBlock[];
  readonly rows: SentRows;
}

/** A block that a replica has: its handle, its generation, and the number of its rows that are known. */
export type KnownBlock = readonly [handle: Handle, generation: number, rows: number];

/** Messages from a replica. */
export type FromReplica =
  | {
      /** Asks for the current version and all after it. The known blocks are held until the answer comes. */
      readonly kind: 'follow';
      readonly protocol: number;
      readonly name: string;
      readonly shares: boolean;
      readonly round: number;
      readonly known: readonly KnownBlock[];
    }
  | { readonly kind: 'reached'; readonly round: number; readonly version: number }
  | {
      /** Reports collected blocks. Blocks that were sent again since, in a later generation, are not meant. */
      readonly kind: 'forgot';
      readonly blocks: readonly (readonly [handle: Handle, generation: number])[];
    }
  | { readonly kind: 'leave' };

/** Messages to a replica. Those of an earlier round than its latest `follow` are out of date. */
export type ToReplica =
  | {
      readonly kind: 'version';
      readonly round: number;
      readonly difference: Difference;
      /**
       * With a first version, if memory is shared: the number of the newest version that was sent to this replica.
       */
      readonly counter: BigInt64Array | undefined;
      readonly shares: boolean;
    }
  | { readonly kind: 'reminder'; readonly round: number; readonly version: number }
  | { readonly kind: 'end'; readonly error: PackedError | undefined };

/** Metadata that were edited in another thread. */
export interface MetadataEdit {
  readonly documentId: string;
  /** As JSON. */
  readonly before: string;
  readonly after: Metadata;
}

/** Calls of a remote writer; the answer repeats `call`. */
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
      readonly method: 'removePostings';
      readonly keys: readonly PostingKey[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'replaceDocument';
      readonly documentId: string;
      readonly postings: readonly Posting[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'putDocuments';
      readonly documents: readonly NamedDocument[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'setText';
      readonly documentId: string;
      readonly text: string | undefined;
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'setMetadata';
      readonly documentId: string;
      readonly metadata: Metadata | undefined;
    }
  | {
      /** Sets metadata as edits of those that are there; none where any of these are others than the ones that were edited. */
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'editMetadata';
      readonly edits: readonly MetadataEdit[];
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'removeWhere' | 'metadataWhere';
      readonly where: object;
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'has' | 'getDocument';
      readonly documentId: string;
    }
  | {
      readonly kind: 'write';
      readonly call: number;
      readonly method: 'commitChanges';
      readonly options: CommitOptions;
    };

/** Answers to those calls. */
export type WriterAnswer =
  | { readonly kind: 'wrote'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly call: number; readonly error: PackedError }
  | { readonly kind: 'end'; readonly error: PackedError | undefined };

export type ToOwner = FromReplica | WriterCall;
export type ToClient = ToReplica | WriterAnswer;
