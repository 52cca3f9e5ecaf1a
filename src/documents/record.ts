// What a document has beside its postings: an optional text, and metadata that are JSON values.
import type { Map as ImmutableMap } from 'immutable';

/** A value that JSON can express; in an index always frozen, through and through. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Metadata where nothing more is known of them: names with JSON values. */
export type Metadata = Readonly<Record<string, JsonValue>>;

/** The same type, read-only in all its depth, as an index gives it back. */
export type DeepReadonly<T> = JsonValue extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : { readonly [K in keyof T]: DeepReadonly<T[K]> };

/**
 * Metadata of a type, read-only in all their depth. (Not {@link DeepReadonly} itself, a conditional type, by which the compiler
 * could not tell that metadata of a narrower type will do.)
 */
export type FrozenMetadata<M extends object> = { readonly [K in keyof M]: DeepReadonly<M[K]> };

/** A dotted path to a field of metadata, of which the first name is checked: `'year'`, `'author.name'`. */
export type MetadataPath<M extends object = Metadata> = [keyof M] extends [never]
  ? string
  : (keyof M & string) | `${keyof M & string}.${string}`;

/**
 * What an index keeps of a document beside its postings: a frozen value, which stays the same object (`===`) in every
 * version that does not change it.
 */
export interface DocumentRecord<M extends object = Metadata> {
  /** The text that `start` and `length` of its postings count in, in UTF-16 code units. */
  readonly text?: string;
  /** Its metadata. */
  readonly metadata?: FrozenMetadata<M>;
}

/** The records of a version, by document: a hash array mapped trie. */
export type Records = ImmutableMap<string, DocumentRecord>;

/** A record of these two; none where there is neither. The metadata are frozen already. */
export function recordOf(
  text: string | undefined,
  metadata: Metadata | undefined,
): DocumentRecord | undefined {
  if (metadata === undefined) return text === undefined ? undefined : Object.freeze({ text });
  // Written out, since a spread leaves room for fields that never come.
  return Object.freeze(text === undefined ? { metadata } : { text, metadata });
}

/** The same record where it is of these two already, else a new one. */
export function recordLike(
  before: DocumentRecord | undefined,
  text: string | undefined,
  metadata: Metadata | undefined,
): DocumentRecord | undefined {
  if (before?.text === text && before?.metadata === metadata) return before;
  return recordOf(text, metadata);
}

/** Metadata as JSON; of none the empty text. */
export function jsonOf(metadata: Metadata | undefined): string {
  return metadata === undefined ? '' : JSON.stringify(metadata);
}

/**
 * About how many bytes a record keeps: two for each code unit of its text and of its metadata as JSON. Time: O(metadata).
 */
export function bytesOfRecord(record: DocumentRecord | undefined): number {
  if (record === undefined) return 0;
  return 2 * ((record.text?.length ?? 0) + jsonOf(record.metadata).length);
}
