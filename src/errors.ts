/*
 * The errors of the library. Each is a {@link ShardexError} with a stable `code`: match on the code or the class, never on
 * the words of the message, which say what was wrong and what to do.
 */

import type { JsonValue } from './documents/record.js';

/** The stable codes of the errors that only the store raises; their classes are in `shardex/store`. */
export type StoreErrorCode =
  | 'LOG_CORRUPT'
  | 'LOG_TRIMMED'
  | 'LOG_FORMAT'
  | 'LOG_FULL'
  | 'LOG_BUSY'
  | 'LOG_FAILED'
  | 'LOG_CLOSED'
  | 'LOG_UNANSWERED'
  | 'LOG_FORKED'
  | 'NO_SQLITE'
  | 'COMMIT_UNKNOWN'
  | 'OPTIONS_MISMATCH'
  | 'NO_BRANCH';

/** The stable codes of {@link ShardexError}. */
export type ShardexErrorCode =
  | StoreErrorCode
  | 'INVALID_CONFIG'
  | 'INVALID_VECTOR'
  | 'INVALID_POSTING'
  | 'INVALID_METADATA'
  | 'INVALID_OPTION'
  | 'INVALID_INDEX'
  | 'INVALID_FILTER'
  | 'WRITER_CLOSED'
  | 'COMMIT_CONFLICT'
  | 'ASYNC_RECIPE'
  | 'RESOURCE_EXHAUSTED'
  | 'DELTA_MISMATCH'
  | 'INVALID_DELTA'
  | 'MERGE_CONFLICT'
  | 'VERSION_NOT_KEPT'
  | 'CELL_CLOSED'
  | 'PIN_RELEASED'
  | 'PORT_CLOSED'
  | 'WORKER_FAILED'
  | 'POOL_CLOSED';

/** What identifies a posting: two postings with equal keys are the same posting. */
export interface PostingKey {
  /** The document's id, as it was given. */
  readonly documentId: string;
  /** Where in the document the posting starts, in the caller's unit. */
  readonly start: number;
  /** How far it reaches, in the same unit. */
  readonly length: number;
}

/** The base of all errors of this library. */
export class ShardexError extends Error {
  /** Stable across releases; safe to branch on. */
  readonly code: ShardexErrorCode;

  constructor(code: ShardexErrorCode, message: string) {
    super(message);
    // As a string, here and below: minifiers change the names of classes.
    this.name = 'ShardexError';
    this.code = code;
  }
}

/** A configuration value is missing, unknown, of the wrong type or out of range. Code `INVALID_CONFIG`. */
export class ConfigError extends ShardexError {
  /** The name of the offending option. */
  readonly option: string;

  constructor(option: string, message: string) {
    super('INVALID_CONFIG', message);
    this.name = 'ConfigError';
    this.option = option;
  }
}

/** A vector has the wrong number of components, or one that is not a finite 32-bit float. Code `INVALID_VECTOR`. */
export class InvalidVectorError extends ShardexError {
  /** Its place in the batch it came with, counted from 0; `undefined` for a query. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super('INVALID_VECTOR', message);
    this.name = 'InvalidVectorError';
    this.position = position;
  }
}

/** A posting's `documentId`, `start` or `length` is unusable. Code `INVALID_POSTING`. */
export class InvalidPostingError extends ShardexError {
  /** Its place in the batch it came with, counted from 0. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super('INVALID_POSTING', message);
    this.name = 'InvalidPostingError';
    this.position = position;
  }
}

/** Metadata of a document have a value that JSON cannot express, or that cannot be frozen. Code `INVALID_METADATA`. */
export class InvalidMetadataError extends ShardexError {
  /** Where in the metadata it is, as names with dots between them: `'author.born'`, `'tags.2'`; empty for all of them. */
  readonly path: string;
  /** The document that they were given for. */
  readonly documentId: string;

  constructor(message: string, path: string, documentId: string) {
    super('INVALID_METADATA', message);
    this.name = 'InvalidMetadataError';
    this.path = path;
    this.documentId = documentId;
  }
}

/** An option or argument of a call is unknown or out of range. Code `INVALID_OPTION`. */
export class InvalidOptionError extends ShardexError {
  /** The name of the offending option. */
  readonly option: string;

  constructor(option: string, message: string) {
    super('INVALID_OPTION', message);
    this.name = 'InvalidOptionError';
    this.option = option;
  }
}

/** A value that is not a `ShardexIndex` of this library was passed as one. Code `INVALID_INDEX`. */
export class InvalidIndexError extends ShardexError {
  constructor(message: string) {
    super('INVALID_INDEX', message);
    this.name = 'InvalidIndexError';
  }
}

/** A filter has an operator that is unknown, or whose operand does not fit it. Code `INVALID_FILTER`. */
export class InvalidFilterError extends ShardexError {
  /** Where in the filter, such as `$or[1].year.$gt`; empty for the filter itself. */
  readonly at: string;

  constructor(message: string, at: string) {
    super('INVALID_FILTER', message);
    this.name = 'InvalidFilterError';
    this.at = at;
  }
}

/** A writer or draft was used after it was committed, discarded or its recipe returned. Code `WRITER_CLOSED`. */
export class WriterClosedError extends ShardexError {
  constructor(message: string) {
    super('WRITER_CLOSED', message);
    this.name = 'WriterClosedError';
  }
}

/** How two commits overlap, as a {@link ConflictError} tells. */
export interface ConflictDetails {
  /** The version number that the writer started from. */
  readonly baseVersion: number;
  /** The version number that was current when the commit was tried. */
  readonly currentVersion: number;
  /** The documents that both sides changed, sorted. */
  readonly documents: readonly string[];
  /**
   * The postings that both sides touched, sorted.
   *
   * If one side removed or replaced a whole document, these are all of its postings that the other one changed. Empty if any
   * other commit is a conflict.
   */
  readonly postings: readonly PostingKey[];
  /** The fields of records that both sides touched, sorted by document; of a removed one, all that the other side set. */
  readonly fields: readonly RecordField[];
  /** The shards of the current version that hold those documents, ascending. */
  readonly shards: readonly number[];
}

/** The text of a document, or a field of its metadata. */
export interface RecordField {
  /** The document's id. */
  readonly documentId: string;
  /** Which of the two. */
  readonly part: 'text' | 'metadata';
  /** In metadata the names that lead to it, with dots between them, empty for all of them; `'text'` for the text. */
  readonly path: string;
}

/** Another commit came first and the changes overlap; nothing was published (I3). Code `COMMIT_CONFLICT`. */
export class ConflictError extends ShardexError implements ConflictDetails {
  readonly baseVersion: number;
  readonly currentVersion: number;
  readonly documents: readonly string[];
  readonly postings: readonly PostingKey[];
  readonly fields: readonly RecordField[];
  readonly shards: readonly number[];

  constructor(message: string, details: Omit<ConflictDetails, 'fields'> & Partial<ConflictDetails>) {
    super('COMMIT_CONFLICT', message);
    this.name = 'ConflictError';
    this.baseVersion = details.baseVersion;
    this.currentVersion = details.currentVersion;
    this.documents = Object.freeze([...details.documents]);
    this.postings = Object.freeze([...details.postings]);
    this.fields = Object.freeze([...(details.fields ?? [])]);
    this.shards = Object.freeze([...details.shards]);
  }
}

/**
 * An async function was given where its answer is needed at once. Code `ASYNC_RECIPE`.
 *
 * That is so for a recipe of `update`, `validate`, a `filter`, the predicate of `waitFor`, and `onConflict` of `merge`.
 */
export class AsyncRecipeError extends ShardexError {
  constructor(message: string) {
    super('ASYNC_RECIPE', message);
    this.name = 'AsyncRecipeError';
  }
}

/** A bound on pending work was reached; nothing was done. Code `RESOURCE_EXHAUSTED`. */
export class ResourceExhaustedError extends ShardexError {
  /** The bound that was reached. */
  readonly limit: number;

  constructor(message: string, limit: number) {
    super('RESOURCE_EXHAUSTED', message);
    this.name = 'ResourceExhaustedError';
    this.limit = limit;
  }
}

/** A delta was applied to another version than its base, or composed with one that does not follow. Code `DELTA_MISMATCH`. */
export class DeltaMismatchError extends ShardexError {
  /** The version that the delta starts from. */
  readonly expected: number;
  /** The version that it was given. */
  readonly actual: number;

  constructor(message: string, expected: number, actual: number) {
    super('DELTA_MISMATCH', message);
    this.name = 'DeltaMismatchError';
    this.expected = expected;
    this.actual = actual;
  }
}

/** Bytes are not a delta, or a damaged one; or a value is not a `Delta` at all. Code `INVALID_DELTA`. */
export class InvalidDeltaError extends ShardexError {
  constructor(message: string) {
    super('INVALID_DELTA', message);
    this.name = 'InvalidDeltaError';
  }
}

/** A posting that both sides of a merge changed, each in another way. */
export interface MergeConflict extends PostingKey {
  /** Its vector in the base; `undefined`, here and below, if it did not exist. */
  readonly base: Float32Array | undefined;
  /** Its vector on our side. */
  readonly ours: Float32Array | undefined;
  /** Its vector on their side. */
  readonly theirs: Float32Array | undefined;
}

/** A field of a record that both sides of a merge changed, each in another way. */
export interface RecordConflict extends RecordField {
  /** Its value in the base; `undefined`, here and below, if it did not exist. */
  readonly base: JsonValue | undefined;
  /** Its value on our side. */
  readonly ours: JsonValue | undefined;
  /** Its value on their side. */
  readonly theirs: JsonValue | undefined;
}

/** Two versions changed the same postings or fields in different ways; nothing was merged. Code `MERGE_CONFLICT`. */
export class MergeConflictError extends ShardexError {
  /** All of the conflicts: of postings, sorted by key, then of records, sorted by document. */
  readonly conflicts: readonly (MergeConflict | RecordConflict)[];

  constructor(message: string, conflicts: readonly (MergeConflict | RecordConflict)[]) {
    super('MERGE_CONFLICT', message);
    this.name = 'MergeConflictError';
    this.conflicts = Object.freeze([...conflicts]);
  }
}

/** A version was asked for that the cell does not keep, or a tag that it does not have. Code `VERSION_NOT_KEPT`. */
export class VersionNotKeptError extends ShardexError {
  /** What was asked for. */
  readonly wanted: number | string;

  constructor(message: string, wanted: number | string) {
    super('VERSION_NOT_KEPT', message);
    this.name = 'VersionNotKeptError';
    this.wanted = wanted;
  }
}

/** A cell was used after it was closed, in a way that needs it to be open; nothing was published. Code `CELL_CLOSED`. */
export class CellClosedError extends ShardexError {
  constructor(message: string) {
    super('CELL_CLOSED', message);
    this.name = 'CellClosedError';
  }
}

/** The version of a pin was asked for after the pin was released. Code `PIN_RELEASED`. */
export class PinReleasedError extends ShardexError {
  constructor(message: string) {
    super('PIN_RELEASED', message);
    this.name = 'PinReleasedError';
  }
}

/** The port to another thread was closed, or that thread has ended, before it gave an answer. Code `PORT_CLOSED`. */
export class PortClosedError extends ShardexError {
  constructor(message: string) {
    super('PORT_CLOSED', message);
    this.name = 'PortClosedError';
  }
}

/** A search thread could not be started, or died with the search, more than once. Code `WORKER_FAILED`. */
export class WorkerFailedError extends ShardexError {
  constructor(message: string) {
    super('WORKER_FAILED', message);
    this.name = 'WorkerFailedError';
  }
}

/** A search pool was closed before the search was answered. Code `POOL_CLOSED`. */
export class PoolClosedError extends ShardexError {
  constructor(message: string) {
    super('POOL_CLOSED', message);
    this.name = 'PoolClosedError';
  }
}
