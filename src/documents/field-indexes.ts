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
import { type FieldKey, compareFieldKeys, keysOf } from './field-keys.js';
import { partsOf } from './field-path.js';
import type { Records } from './record.js';
import type { ChangedRecord } from './records-draft.js';

/** An index of one field. */
export interface FieldIndex {
  readonly keys: SortedSet<FieldKey>;
  /** How many documents have a key: fewer than there are keys where some have several, as by arrays. */
  readonly documentCount: number;
}

/** The indexes of a version, by their paths. */
export type FieldIndexes = ReadonlyMap<string, FieldIndex>;

const EMPTY: FieldIndex = Object.freeze({ keys: emptySet<FieldKey>(), documentCount: 0 });

/** Makes the indexes of an index without records. */
export function noFields(paths: readonly string[]): Lazy<FieldIndexes> {
  return Lazy.of(new Map(paths.map((path) => [path, EMPTY])));
}

/**
 * The indexes after some records have changed. Those of the version before are changed where they are made; else these are
 * made from all records, when they are first asked for. Time: O(changed values · log documents).
 */
export function fieldsAfter(
  paths: readonly string[],
  before: Lazy<FieldIndexes>,
  records: Records,
  changed: () => readonly ChangedRecord[],
): Lazy<FieldIndexes> {
  if (paths.length === 0) return before;
  if (!before.isMade) return new Lazy(() => fieldsOf(paths, records));
  const indexes = before.value;
  const changes = changed();
  const next = new Map([...indexes].map(([path, index]) => [path, indexAfter(path, index, changes)]));
  return paths.every((path) => next.get(path) === indexes.get(path)) ? before : Lazy.of(next);
}

/** The indexes of some records, made anew. Time: O(records · log records). */
export function fieldsOf(paths: readonly string[], records: Records): FieldIndexes {
  return new Map(
    paths.map((path) => {
      const parts = partsOf(path);
      const changes: Change<FieldKey>[] = [];
      let documentCount = 0;
      for (const [id, { metadata }] of records) {
        const keys = keysOf(metadata, parts);
        for (const key of keys) changes.push({ key, id, isIn: true });
        documentCount += Math.min(1, keys.length);
      }
      return [path, withKeys(EMPTY, changes, documentCount)];
    }),
  );
}

/** The paths whose indexes are missing, too many, or not what the records say. Time: O(records · log records). */
export function wrongFields(index: {
  readonly config: { readonly indexed: readonly string[] };
  readonly records: Records;
  readonly fields: Lazy<FieldIndexes>;
}): string[] {
  const kept = index.fields.value;
  const right = fieldsOf(index.config.indexed, index.records);
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
    pairsA.every(([key, id], i) => key === pairsB[i][0] && id === pairsB[i][1])
  );
}

function pairsOf({ keys }: FieldIndex): (readonly [FieldKey, string])[] {
  const pairs: (readonly [FieldKey, string])[] = [];
  eachInRange(keys, ALL_KEYS, (leaf, from, to) => {
    for (let i = from; i < to; i++) pairs.push([leaf.keys[i], leaf.ids[i]]);
  });
  return pairs;
}

/** The range of all keys. */
export const ALL_KEYS: Range<FieldKey> = Object.freeze({ isBefore: () => false, isBehind: () => false });

function indexAfter(path: string, index: FieldIndex, changed: readonly ChangedRecord[]): FieldIndex {
  const parts = partsOf(path);
  const changes: Change<FieldKey>[] = [];
  let more = 0;
  for (const { documentId: id, before, after } of changed) {
    if (before?.metadata === after?.metadata) continue;
    const [old, now] = [keysOf(before?.metadata, parts), keysOf(after?.metadata, parts)];
    more += Math.min(1, now.length) - Math.min(1, old.length);
    for (const key of old) if (!now.includes(key)) changes.push({ key, id, isIn: false });
    for (const key of now) if (!old.includes(key)) changes.push({ key, id, isIn: true });
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
