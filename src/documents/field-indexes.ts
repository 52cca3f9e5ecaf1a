// The field indexes of a version: for each indexed path a sorted set of what it leads to, with the documents.
import { Lazy } from '../collections/lazy.js';
import {
  type Change,
  type Range,
  type SortedSet,
  eachInRange,
  emptySet,
  withChanges,
} from '../collections/sorted-set.js';
import { DocumentNumbers } from './document-numbers.js';
import { type FieldKey, compareFieldKeys, keysOf } from './field-keys.js';
import { fieldIn, partsOf } from './field-path.js';
import type { Records } from './record.js';
import type { ChangedRecord } from './records-draft.js';

/** An index of one field. */
export interface FieldIndex {
  readonly keys: SortedSet<FieldKey>;
  /** How many documents have a key: fewer than there are keys where some have several, as by arrays. */
  readonly documentCount: number;
}

/** The indexes of a version. */
export interface FieldIndexes {
  /** The numbers by which they know documents. */
  readonly numbers: DocumentNumbers;
  readonly byPath: ReadonlyMap<string, FieldIndex>;
}

const EMPTY: FieldIndex = Object.freeze({ keys: emptySet<FieldKey>(), documentCount: 0 });

/** Makes the indexes of an index without records. */
export function noFields(paths: readonly string[]): Lazy<FieldIndexes> {
  return Lazy.of(indexesOf(new DocumentNumbers(), new Map(paths.map((path) => [path, EMPTY]))));
}

/** What indexes are made from. */
interface Described {
  readonly records: Records;
  readonly documentCount: number;
}

/**
 * The indexes after some records have changed. Those of the version before are changed where they are made; else, and where
 * most of their numbers are of documents that are gone, these are made from all records when they are first asked for.
 * Time: O(changed values · log documents).
 */
export function fieldsAfter(
  paths: readonly string[],
  { fields, records: known }: Described & { readonly fields: Lazy<FieldIndexes> },
  { records, documentCount }: Described,
  changed: () => readonly ChangedRecord[],
): Lazy<FieldIndexes> {
  const isStale = fields.isMade && fields.value.numbers.isStale(documentCount);
  if (records === known && !isStale) return fields;
  if (!fields.isMade || isStale) return new Lazy(() => fieldsOf(paths, records));
  const { numbers, byPath } = fields.value;
  const changes = changed();
  numbers.records.follow(known, records, changes, numbers);
  const next = new Map<string, FieldIndex>();
  let isSame = true;
  for (const [path, index] of byPath) {
    const after = indexAfter(path, index, changes, numbers);
    if (after !== index) isSame = false;
    next.set(path, after);
  }
  return isSame ? fields : Lazy.of(indexesOf(numbers, next));
}

/** The indexes of some records, made anew. Time: O(records · log records). */
export function fieldsOf(
  paths: readonly string[],
  records: Records,
  numbers: DocumentNumbers = new DocumentNumbers(),
): FieldIndexes {
  const column = numbers.records.of(records, numbers);
  const made = paths.map((path): [string, FieldIndex] => {
    const parts = partsOf(path);
    const changes: Change<FieldKey>[] = [];
    let documentCount = 0;
    for (let number = 0; number < column.length; number++) {
      const keys = keysOf(column[number]?.metadata, parts);
      for (const key of keys) changes.push({ key, number, isIn: true });
      documentCount += Math.min(1, keys.length);
    }
    return [path, withKeys(EMPTY, changes, documentCount)];
  });
  return indexesOf(numbers, new Map(made));
}

function indexesOf(numbers: DocumentNumbers, byPath: ReadonlyMap<string, FieldIndex>): FieldIndexes {
  return Object.freeze({ numbers, byPath });
}

/** The paths whose indexes are missing, too many, or not what the records say. Time: O(records · log records). */
export function wrongFields(index: {
  readonly config: { readonly indexed: readonly string[] };
  readonly records: Records;
  readonly fields: Lazy<FieldIndexes>;
}): string[] {
  const { byPath: kept, numbers } = index.fields.value;
  const right = fieldsOf(index.config.indexed, index.records, numbers).byPath;
  const paths = new Set([...kept.keys(), ...right.keys()]);
  return [...paths].filter((path) => {
    const [is, ought] = [kept.get(path), right.get(path)];
    return is === undefined || ought === undefined || !samePairs(is, ought);
  });
}

function samePairs(a: FieldIndex, b: FieldIndex): boolean {
  const [pairsA, pairsB] = [pairsOf(a), pairsOf(b)];
  return (
    a.documentCount === b.documentCount &&
    a.keys.size === b.keys.size &&
    pairsA.length === pairsB.length &&
    pairsA.every(([key, number], i) => key === pairsB[i][0] && number === pairsB[i][1])
  );
}

function pairsOf({ keys }: FieldIndex): (readonly [FieldKey, number])[] {
  const pairs: (readonly [FieldKey, number])[] = [];
  eachInRange(keys, ALL_KEYS, (leaf, from, to) => {
    for (let i = from; i < to; i++) pairs.push([leaf.keys[i], leaf.numbers[i]]);
  });
  return pairs;
}

/** The range of all keys. */
export const ALL_KEYS: Range<FieldKey> = Object.freeze({ isBefore: () => false, isBehind: () => false });

function indexAfter(
  path: string,
  index: FieldIndex,
  changed: readonly ChangedRecord[],
  numbers: DocumentNumbers,
): FieldIndex {
  const parts = partsOf(path);
  const changes: Change<FieldKey>[] = [];
  let more = 0;
  for (const { documentId, before, after } of changed) {
    const [was, is] = [before?.metadata, after?.metadata];
    // What an edit leaves as it was is the same object.
    if ((was === undefined) === (is === undefined) && fieldIn(was, parts[0]) === fieldIn(is, parts[0]))
      continue;
    const [old, now] = [keysOf(was, parts), keysOf(is, parts)];
    more += Math.min(1, now.length) - Math.min(1, old.length);
    const number = numbers.of(documentId);
    for (const key of old) if (!now.includes(key)) changes.push({ key, number, isIn: false });
    for (const key of now) if (!old.includes(key)) changes.push({ key, number, isIn: true });
  }
  return changes.length === 0 ? index : withKeys(index, changes, more);
}

function withKeys(
  { keys, documentCount }: FieldIndex,
  changes: readonly Change<FieldKey>[],
  more: number,
): FieldIndex {
  return Object.freeze({
    keys: withChanges(keys, compareFieldKeys, changes),
    documentCount: documentCount + more,
  });
}
