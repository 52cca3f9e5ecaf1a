import { isWhole, show } from '../config.js';
import { InvalidPostingError, InvalidVectorError, type PostingKey } from '../errors.js';
import type { Columns } from './row-block.js';

/** A vector as a caller may give it. */
export type VectorInput = Float32Array | readonly number[];

/** A vector with where it came from. Its key is (`documentId`, `start`, `length`): adding the key again replaces it. */
export interface Posting {
  /** Any non-empty string; given back as it came. */
  readonly documentId: string;
  /** Where in the document it starts, in whatever unit the caller counts; 0 to 4,294,967,295. Default 0. */
  readonly start?: number;
  /** How far it reaches, in the same unit. Default 0. */
  readonly length?: number;
  /** As many finite numbers as the index has dimensions; stored as 32-bit floats. */
  readonly vector: VectorInput;
}

/** A posting as the index gives it back: with all fields, and a vector that is the caller's own copy. */
export interface StoredPosting extends PostingKey {
  /** A copy of the stored vector. */
  readonly vector: Float32Array;
}

const MOST = 0xffff_ffff;

/**
 * Writes a vector into `target` at `at`, checking it on the way; the target is scratch memory until this returns.
 *
 * @throws {@link InvalidVectorError}
 */
export function writeVector(
  vector: unknown,
  dimensions: number,
  target: Float32Array | Float64Array,
  at: number,
  position?: number,
): void {
  const where = position === undefined ? 'The query' : `The vector of posting ${position}`;
  if (!Array.isArray(vector) && !isFloat32Array(vector)) {
    throw new InvalidVectorError(
      `${where} must be a Float32Array or an array of numbers, not ${show(vector)}.`,
      position,
    );
  }
  const components: ArrayLike<unknown> = vector;
  if (components.length !== dimensions) {
    throw new InvalidVectorError(
      `${where} has ${components.length} components; this index takes ${dimensions}.`,
      position,
    );
  }
  for (let i = 0; i < dimensions; i++) {
    const component = components[i];
    const value = typeof component === 'number' ? Math.fround(component) : Number.NaN;
    // x − x is 0 for every finite number and NaN for the others.
    if (value - value !== 0) {
      throw new InvalidVectorError(
        `${where} has ${show(component)} at component ${i}; every component must be a finite 32-bit float. Leave such vectors out, or clean them first.`,
        position,
      );
    }
    target[at + i] = value;
  }
}

/** By its tag and not by `instanceof`, which fails for arrays of another realm, such as a frame or a test runner's. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return ArrayBuffer.isView(value) && (value as Partial<Float32Array>)[Symbol.toStringTag] === 'Float32Array';
}

/**
 * Checks a document's id.
 *
 * @throws {@link InvalidPostingError}
 */
export function assertDocumentId(documentId: unknown, position?: number): asserts documentId is string {
  if (typeof documentId === 'string' && documentId.length > 0) return;
  const of = position === undefined ? 'A documentId' : `The documentId of posting ${position}`;
  throw new InvalidPostingError(`${of} must be a non-empty string, not ${show(documentId)}.`, position);
}

/**
 * Checks all of a posting but its vector, and fills in the defaults.
 *
 * @throws {@link InvalidPostingError}
 */
export function keyOfInput(posting: unknown, position: number): PostingKey {
  if (posting === null || typeof posting !== 'object') {
    throw new InvalidPostingError(
      `Posting ${position} must be an object { documentId, vector, start?, length? }, not ${show(posting)}.`,
      position,
    );
  }
  const { documentId, start = 0, length = 0 } = posting as Record<string, unknown>;
  assertDocumentId(documentId, position);
  for (const [name, value] of [
    ['start', start],
    ['length', length],
  ] as const) {
    if (!isWhole(value, 0, MOST)) {
      throw new InvalidPostingError(
        `The ${name} of posting ${position} must be an integer from 0 to 4,294,967,295, not ${show(value)}.`,
        position,
      );
    }
  }
  return { documentId, start: start as number, length: length as number };
}

/** A text that is the same for equal keys only: the numbers come first, so no id can imitate them. */
export function keyText(documentId: string, start: number, length: number): string {
  return `${start}:${length}:${documentId}`;
}

/** The key of a stored row. */
export function keyOfRow(columns: Columns, row: number): PostingKey {
  return { documentId: columns.ids.at(row), start: columns.starts[row], length: columns.lengths[row] };
}

/** A stored row as a posting of the caller's own. */
export function postingOfRow(columns: Columns, row: number, dimensions: number): StoredPosting {
  // A copy through a plain array buffer: what callers get must not share memory with the index (I1).
  const vector = Float32Array.from(columns.vectors.subarray(row * dimensions, (row + 1) * dimensions));
  return { ...keyOfRow(columns, row), vector };
}

/** The fixed order of postings: documentId by UTF-16 code units, then start, then length (I10). */
export function compareKeys(a: PostingKey, b: PostingKey): number {
  if (a.documentId !== b.documentId) return a.documentId < b.documentId ? -1 : 1;
  return a.start - b.start || a.length - b.length;
}
