// Postings as callers give and get them: their types, and how they are read and checked.
import { isWhole, show } from '../config.js';
import { isThenable } from '../checks/callbacks.js';
import { InvalidPostingError, InvalidVectorError, type PostingKey, ShardexError } from '../errors.js';
import { because, isArray, iterated, takeFields, thrownText } from '../checks/given.js';
import type { Columns } from './row-block.js';

/** Any typed array of numbers: `Float32Array`, `Float64Array`, `Int8Array`, `Uint8Array` and so on, also `Float16Array`. */
export interface NumberArray extends Iterable<number>, ArrayLike<number> {
  /** Bytes of a number; what tells it from a list that merely looks like one. */
  readonly BYTES_PER_ELEMENT: number;
}

/**
 * A vector as a caller may give it: an array of numbers, or any typed array of them.
 *
 * Numbers are stored as 32-bit floats. 8-bit numbers are not scaled, and bits packed into bytes are not unpacked.
 */
export type VectorInput = NumberArray | readonly number[];

/** A vector with where it came from. Its key is (`documentId`, `start`, `length`): adding the key again replaces it. */
export interface Posting {
  /** Any non-empty string; given back as it came. */
  readonly documentId: string;
  /** Where in the document it starts, in whatever unit the caller counts; 0 to 4,294,967,295. Default 0. */
  readonly start?: number;
  /** How far it reaches, in the same unit. Default 0. */
  readonly length?: number;
  /** As many finite numbers as the index has dimensions, in an array or a typed array; stored as 32-bit floats. */
  readonly vector: VectorInput;
}

/** A posting that is given with its document: its `documentId` may be left out, or must be that of the document. */
export type DocumentPosting = Omit<Posting, 'documentId'> & Partial<Pick<Posting, 'documentId'>>;

/** A posting as the index gives it back: with all fields, and a vector that is the caller's own copy. */
export interface StoredPosting extends PostingKey {
  /** A copy of the stored vector. */
  readonly vector: Float32Array;
}

const MOST = 0xffff_ffff;

type Refuse = (what: string) => InvalidVectorError;

/**
 * Checks a vector and writes it to `target` at `at`. If it throws, the target may be half written.
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
  const name = position === undefined ? 'The query' : `The vector of posting ${position}`;
  reading(name, position, (refuse) => {
    const components = componentsOf(vector, refuse);
    if (components.length !== dimensions)
      throw refuse(
        `has ${components.length} components; this index takes ${dimensions}.${adviceOnLength(components, dimensions)}`,
      );
    copyComponents(components, dimensions, target, at, refuse);
  });
}

/**
 * Checks and copies a vector of any length, as an index would store it; errors call it `name`.
 *
 * @throws {@link InvalidVectorError}
 */
export function takeVector(vector: unknown, name: string): Float32Array {
  return reading(name, undefined, (refuse) => {
    const components = componentsOf(vector, refuse);
    const { length } = components;
    if (length === 0) throw refuse('has no components; it takes one at least.');
    const taken = new Float32Array(length);
    copyComponents(components, length, taken, 0, refuse);
    return taken;
  });
}

/** Reads a vector; whatever reading it throws becomes an error of this library. */
function reading<T>(name: string, position: number | undefined, read: (refuse: Refuse) => T): T {
  try {
    return read((what) => new InvalidVectorError(`${name} ${what}`, position));
  } catch (error) {
    if (error instanceof ShardexError) throw error;
    // A proxy that was revoked, or a component that throws when it is read.
    throw because(
      new InvalidVectorError(`${name} could not be read: ${thrownText(error)}.`, position),
      error,
    );
  }
}

function componentsOf(vector: unknown, refuse: Refuse): ArrayLike<unknown> {
  if (Array.isArray(vector) || isNumberArray(vector)) return vector;
  throw refuse(`must be an array or a typed array of numbers, not ${show(vector)}.${adviceOn(vector)}`);
}

function copyComponents(
  components: ArrayLike<unknown>,
  count: number,
  target: Float32Array | Float64Array,
  at: number,
  refuse: Refuse,
): void {
  for (let i = 0; i < count; i++) {
    const component = components[i];
    const value = typeof component === 'number' ? Math.fround(component) : Number.NaN;
    // x − x is 0 for every finite number and NaN for the others.
    if (value - value !== 0) {
      throw refuse(
        `has ${show(component)} at component ${i}; every component must be a finite 32-bit float. Leave such vectors out, or clean them first.`,
      );
    }
    target[at + i] = value;
  }
}

/** Advice on values that are nearly vectors. */
function adviceOn(vector: unknown): string {
  if (isThenable(vector)) return ' Await it first.';
  if (/^BigU?[Ii]nt64Array$/.test(tagOf(vector)))
    return ' Its bigints have to be made numbers first, as Float64Array.from(vector, Number) does.';
  return ArrayBuffer.isView(vector) || vector instanceof ArrayBuffer ? ADVICE_ON_BYTES : '';
}

/** Advice on a buffer of bytes, as from a file or database, that is taken for 8-bit numbers. */
function adviceOnLength(components: ArrayLike<unknown>, dimensions: number): string {
  const isBytes = tagOf(components) === 'Uint8Array' && components.length === 4 * dimensions;
  return isBytes ? ADVICE_ON_BYTES : '';
}

const ADVICE_ON_BYTES =
  ' If it holds 32-bit floats, new Float32Array(buffer, byteOffset, length) reads them.';

const NUMBER_ARRAY = /^(Float(16|32|64)|Int(8|16|32)|Uint(8|16|32)|Uint8Clamped)Array$/;

/** By its tag and not by `instanceof`, which fails for arrays of another realm, such as a frame or a test runner's. */
function isNumberArray(value: unknown): value is NumberArray {
  return NUMBER_ARRAY.test(tagOf(value));
}

/** The name of a typed array's type; empty for anything else. */
function tagOf(value: unknown): string {
  return ArrayBuffer.isView(value) ? ((value as Partial<Uint8Array>)[Symbol.toStringTag] ?? '') : '';
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

/** A given posting of which all but the vector is checked. */
export interface GivenPosting extends PostingKey {
  readonly vector: unknown;
}

const FIELDS = ['documentId', 'start', 'length', 'vector'] as const;

/**
 * Reads a posting, each field once: checks all but its vector, and fills in defaults.
 *
 * Unknown fields are refused: text that was dropped would not be missed until somebody searches for it. A posting of the
 * document `owner` may leave out its `documentId`, but not name another one.
 *
 * @throws {@link InvalidPostingError}
 */
export function takePosting(posting: unknown, position: number, owner?: string): GivenPosting {
  const refuse = (what: string): InvalidPostingError =>
    new InvalidPostingError(`Posting ${position} ${what}`, position);
  if (posting === null || typeof posting !== 'object' || isThenable(posting) || isArray(posting)) {
    const advice = isThenable(posting)
      ? ' Await it first, or use ingest(), which takes async iterables.'
      : '';
    throw refuse(`must be an object { documentId, vector, start?, length? }, not ${show(posting)}.${advice}`);
  }
  const {
    documentId = owner,
    start = 0,
    length = 0,
    vector,
  } = takeFields(posting as Partial<GivenPosting>, FIELDS, {
    unknown: (name) => refuse(`has an unknown field, ${show(name)}. ${adviceOnField(name)}`),
    unreadable: (thrown) => refuse(`could not be read: ${thrown}.`),
  });
  assertDocumentId(documentId, position);
  if (owner !== undefined && documentId !== owner)
    throw refuse(`names document ${show(documentId)}, but is given as one of document ${show(owner)}.`);
  assertExtent('start', start, position);
  assertExtent('length', length, position);
  return { documentId, start, length, vector };
}

function adviceOnField(name: string): string {
  const has = `A posting has ${FIELDS.slice(0, -1).join(', ')} and ${FIELDS[FIELDS.length - 1]}, and nothing else is kept`;
  if (name === 'score' || name === 'distance')
    return `${has}: pick those of a search result before adding it.`;
  if (FIELDS.some((field) => field.toLowerCase() === name.toLowerCase()))
    return `${has}; names are written just so.`;
  return `${has}: give text and metadata to its document, by putDocument(documentId, { text, metadata, postings }).`;
}

/**
 * Checks the `start` or `length` of a posting.
 *
 * @throws {@link InvalidPostingError}
 */
export function assertExtent(
  name: 'start' | 'length',
  value: unknown,
  position?: number,
): asserts value is number {
  if (isWhole(value, 0, MOST)) return;
  const of = position === undefined ? 'a key' : `posting ${position}`;
  throw new InvalidPostingError(
    `The ${name} of ${of} must be an integer from 0 to 4,294,967,295, not ${show(value)}.`,
    position,
  );
}

/**
 * Iterates over given postings, once.
 *
 * @throws {@link InvalidPostingError} for what is no iterable.
 */
export function eachPosting<P>(postings: Iterable<P>): Iterable<P> {
  return iterated(postings, (what) => {
    const advice = what === 'an async generator' ? ' Use ingest(), which takes it.' : '';
    return new InvalidPostingError(`Postings must be an iterable, such as an array, not ${what}.${advice}`);
  });
}

/**
 * Iterates over given ids of documents, each checked.
 *
 * @throws {@link InvalidPostingError}, also for what is no iterable, such as one id.
 */
export function* eachDocumentId(documentIds: Iterable<string>): Iterable<string> {
  const each = iterated(
    documentIds,
    (what) =>
      new InvalidPostingError(`documentIds must be an iterable of strings, such as an array, not ${what}.`),
  );
  for (const documentId of each) {
    assertDocumentId(documentId);
    yield documentId;
  }
}

/** A key as a string, unique because the numbers come first. */
export function keyText(documentId: string, start: number, length: number): string {
  return `${start}:${length}:${documentId}`;
}

/** The key of a stored row. */
export function keyOfRow(columns: Columns, row: number): PostingKey {
  return { documentId: columns.ids.at(row), start: columns.starts[row], length: columns.lengths[row] };
}

/** A stored row as a posting for the caller to keep. */
export function postingOfRow(columns: Columns, row: number, dimensions: number): StoredPosting {
  // In an array buffer of its own: callers must not share memory with the index (I1).
  const vector = Float32Array.from(columns.vectors.subarray(row * dimensions, (row + 1) * dimensions));
  return { ...keyOfRow(columns, row), vector };
}

/** Compares keys by the total order of postings: documentId by UTF-16 code units, then start, then length (I10). */
export function compareKeys(a: PostingKey, b: PostingKey): number {
  if (a.documentId !== b.documentId) return a.documentId < b.documentId ? -1 : 1;
  return a.start - b.start || a.length - b.length;
}
