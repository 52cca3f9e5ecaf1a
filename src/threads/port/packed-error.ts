/*
 * Errors on their way between threads. `postMessage` would turn them into plain Errors; packed, they arrive with
 * their class, code and fields.
 */

import {
  AsyncRecipeError,
  CellClosedError,
  ConfigError,
  type ConflictDetails,
  ConflictError,
  DeltaMismatchError,
  InvalidDeltaError,
  InvalidFilterError,
  InvalidIndexError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  type MergeConflict,
  MergeConflictError,
  PinReleasedError,
  PoolClosedError,
  PortClosedError,
  type RecordConflict,
  ResourceExhaustedError,
  ShardexError,
  type ShardexErrorCode,
  type StoreErrorCode,
  VersionNotKeptError,
  WorkerFailedError,
  WriterClosedError,
} from '../../errors.js';
import { isInstance, thrownText } from '../../checks/given.js';

/** An error in a form that can be sent; the receiver makes one of the same class with the same fields. */
export interface PackedError {
  /** Missing for errors of other libraries. */
  readonly code: ShardexErrorCode | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Fields of any error of the library. Its class says which exist; they come from the same class on the other side.
 */
type Fields = Readonly<Record<string, unknown>> & {
  readonly option: string;
  readonly path: string;
  readonly documentId: string;
  readonly position: number | undefined;
  readonly limit: number;
  readonly expected: number;
  readonly actual: number;
  readonly at: string;
  readonly wanted: number | string;
  readonly conflicts: readonly (MergeConflict | RecordConflict)[];
} & ConflictDetails;

/** The codes of errors that a cell or a pool raises. Those of a store never cross a port. */
type SentCode = Exclude<ShardexErrorCode, StoreErrorCode>;

const MAKERS: Readonly<Record<SentCode, (message: string, fields: Fields) => ShardexError>> = {
  INVALID_CONFIG: (message, { option }) => new ConfigError(option, message),
  INVALID_VECTOR: (message, { position }) => new InvalidVectorError(message, position),
  INVALID_POSTING: (message, { position }) => new InvalidPostingError(message, position),
  INVALID_METADATA: (message, { path, documentId }) => new InvalidMetadataError(message, path, documentId),
  INVALID_OPTION: (message, { option }) => new InvalidOptionError(option, message),
  INVALID_INDEX: (message) => new InvalidIndexError(message),
  INVALID_FILTER: (message, { at }) => new InvalidFilterError(message, at),
  WRITER_CLOSED: (message) => new WriterClosedError(message),
  COMMIT_CONFLICT: (message, details) => new ConflictError(message, details),
  ASYNC_RECIPE: (message) => new AsyncRecipeError(message),
  RESOURCE_EXHAUSTED: (message, { limit }) => new ResourceExhaustedError(message, limit),
  DELTA_MISMATCH: (message, { expected, actual }) => new DeltaMismatchError(message, expected, actual),
  INVALID_DELTA: (message) => new InvalidDeltaError(message),
  MERGE_CONFLICT: (message, { conflicts }) => new MergeConflictError(message, conflicts),
  VERSION_NOT_KEPT: (message, { wanted }) => new VersionNotKeptError(message, wanted),
  CELL_CLOSED: (message) => new CellClosedError(message),
  PIN_RELEASED: (message) => new PinReleasedError(message),
  PORT_CLOSED: (message) => new PortClosedError(message),
  WORKER_FAILED: (message) => new WorkerFailedError(message),
  POOL_CLOSED: (message) => new PoolClosedError(message),
};

/** Packs an error, or whatever else was thrown. */
export function packError(thrown: unknown): PackedError {
  if (!isInstance(thrown, Error))
    return { code: undefined, name: 'Error', message: thrownText(thrown), stack: undefined, fields: {} };
  const { name, message, stack } = thrown;
  if (!(thrown instanceof ShardexError)) return { code: undefined, name, message, stack, fields: {} };
  // The classes of this library have fields of plain values only, which every port can send.
  return { code: thrown.code, name, message, stack, fields: Object.fromEntries(Object.entries(thrown)) };
}

/**
 * Makes the error again.
 *
 * An error of another library becomes an `Error` of the same name, and so does a value that is no packed error: any code may
 * post anything on a port.
 */
export function unpackError(packed: unknown): Error {
  const { code, name, message, stack, fields } = (packed ?? {}) as Readonly<
    Record<keyof PackedError, unknown>
  >;
  const says = typeof message === 'string' ? message : 'The other thread failed, and does not say why.';
  const error = ours(code, says, fields) ?? new Error(says);
  if (!(error instanceof ShardexError) && typeof name === 'string') error.name = name;
  if (typeof stack === 'string') error.stack = stack;
  return error;
}

function ours(code: unknown, message: string, fields: unknown): ShardexError | undefined {
  if (typeof code !== 'string' || !Object.hasOwn(MAKERS, code)) return undefined;
  try {
    return MAKERS[code as SentCode](message, (fields ?? {}) as Fields);
  } catch {
    // Without the fields of its class it cannot be of that class.
    return undefined;
  }
}
