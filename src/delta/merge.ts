/*
 * Three-way merge of versions, posting by posting: takes the deltas of both sides from a common base, decides
 * conflicts, and replays their changes on ours.
 */

import { refusePromise } from '../checks/callbacks.js';
import { show } from '../config.js';
import type { JsonValue } from '../documents/record.js';
import {
  InvalidOptionError,
  type MergeConflict,
  MergeConflictError,
  type PostingKey,
  type RecordConflict,
} from '../errors.js';
import { isArray, takeOptions } from '../checks/given.js';
import { type VectorInput, compareKeys, keyOfRow, keyText, postingOfRow } from '../version/posting.js';
import { sameVector } from '../version/row-block.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { ReplaySet, type Row, replay, rowAt, rowsOfDocuments, shardsIn } from '../write/replay.js';
import { stagePostings } from '../write/staging.js';
import { extentText } from '../write/write-set.js';
import { diff } from './between.js';
import { writtenRows } from './changes.js';
import { type Delta, changesOf } from './delta.js';
import { RecordMerge, beyondTexts } from './merge-records.js';

/**
 * The outcome for a posting or a field that both sides changed.
 *
 * It is the state on one side or in the base (which may be that it does not exist), its removal, or another value: for a
 * posting a vector, for a field `{ value }`.
 */
export type Resolution = 'ours' | 'theirs' | 'base' | 'remove' | VectorInput | ResolvedField;

/** The value of a field if neither side's is taken. */
export interface ResolvedField {
  /** Its value. */
  readonly value: JsonValue;
}

/** Options of {@link merge}. */
export interface MergeOptions {
  /**
   * Decides conflicts, for one side or one by one. Without it, conflicts are an error.
   *
   * A function gets postings in the order of their keys, then texts and fields of metadata, which have a `path`, in the order
   * of their documents. An error that it throws comes out of `merge`, and nothing is made.
   */
  readonly onConflict?: 'ours' | 'theirs' | ((conflict: MergeConflict | RecordConflict) => Resolution);
}

/**
 * Merges the changes that two versions made to a common base, posting by posting and field by field.
 *
 * It takes what only one side added, removed or changed, and what both changed in the same way. A vector, a text and an array
 * are merged as a whole. Returns a successor of `ours`; `ours` itself if it already has all of their changes, `theirs` itself
 * if ours changed nothing.
 *
 * Time: O(rows of the shards that differ), besides routing the rows that are taken over.
 *
 * @throws {@link MergeConflictError} with every conflict, if there is no `onConflict`; {@link InvalidIndexError} for
 * versions of different configurations; {@link InvalidOptionError} for unknown options or an invalid resolution;
 * {@link InvalidVectorError} and {@link InvalidMetadataError} for a resolution that cannot be stored. A posting of one side
 * that reaches beyond a text of the other is a conflict that cannot be resolved. Nothing is made then.
 *
 * @example
 * ```ts
 * import { createIndex, hasDocument, merge, update } from 'shardex';
 *
 * const base = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
 * const ours = update(base, (draft) => { draft.addPosting({ documentId: 'b', vector: [2] }); });
 * const theirs = update(base, (draft) => { draft.removeDocument('a'); });
 * const merged = merge(ours, theirs, base);
 * hasDocument(merged, 'a'); // → false
 * hasDocument(merged, 'b'); // → true
 *
 * const other = update(base, (draft) => { draft.addPosting({ documentId: 'b', vector: [3] }); });
 * merge(ours, other, base); // → throws MergeConflictError
 * merge(ours, other, base, { onConflict: 'ours' }) === ours; // → true
 * ```
 */
export function merge<M extends object>(
  ours: ShardexIndex<M>,
  theirs: ShardexIndex<M>,
  base: ShardexIndex<M>,
  options: MergeOptions = {},
): ShardexIndex<M> {
  const { onConflict } = takeOptions(options, ['onConflict']);
  if (!isDecider(onConflict)) {
    throw new InvalidOptionError(
      'onConflict',
      `onConflict must be 'ours', 'theirs' or a function, not ${show(onConflict)}.`,
    );
  }
  assertIndex(ours);
  const theirChanges = changedRows(diff(base, theirs));
  const ourChanges = changedRows(diff(base, ours));
  if (ours === base) return theirs;

  const changed = new ReplaySet();
  const both: { key: PostingKey; ours: Row | undefined; theirs: Row | undefined }[] = [];
  for (const [text, { key, row }] of [...theirChanges].sort(([, a], [, b]) => compareKeys(a.key, b.key))) {
    const our = ourChanges.get(text);
    if (our === undefined) take(changed, key, row);
    else if (!sameRow(our.row, row)) both.push({ key, ours: our.row, theirs: row });
  }
  const inBase = rowsOfDocuments(
    shardsIn(base),
    both.map(({ key }) => key.documentId),
  );
  const conflicts = both.map(({ key, ours, theirs }) => {
    const before = inBase(key.documentId).get(extentText(key.start, key.length));
    const conflict = Object.freeze({
      ...key,
      base: vectorOf(base, before),
      ours: vectorOf(base, ours),
      theirs: vectorOf(base, theirs),
    });
    return { conflict, base: before, theirs };
  });
  const records = new RecordMerge(ours, theirs, base);
  if (onConflict === undefined && conflicts.length + records.conflicts.length > 0)
    throw mergeConflict([...conflicts.map(({ conflict }) => conflict), ...records.conflicts]);
  const decided = (conflict: MergeConflict | RecordConflict): unknown => {
    const resolution: unknown = typeof onConflict === 'function' ? onConflict(conflict) : onConflict;
    refusePromise(
      resolution,
      'onConflict is async, so its decision would come too late. Nothing was merged.',
    );
    return resolution;
  };
  for (const { conflict, ...rows } of conflicts) {
    const { documentId, start, length } = conflict;
    const key = { documentId, start, length };
    const resolution = decided(conflict);
    if (resolution === 'ours') continue;
    if (resolution === 'remove') take(changed, key, undefined);
    else if (resolution === 'theirs' || resolution === 'base') take(changed, key, rows[resolution]);
    else take(changed, key, resolvedRow(base, key, resolution));
  }
  for (const [documentId, record] of records.merged(decided)) changed.records.set(documentId, record);
  const beyond = beyondTexts(ours, changed);
  if (beyond.length > 0) throw mergeConflict(beyond);
  return replay(ours, changed);
}

/**
 * The version after `ours` that has the contents of `theirs`, also where the two share nothing: only what differs is written.
 * `ours` itself where nothing does. Time: O(rows of the shards that differ + records that are not `===`).
 */
export function withContentsOf(ours: ShardexIndex, theirs: ShardexIndex): ShardexIndex {
  const changed = new ReplaySet();
  const delta = diff(ours, theirs);
  const rows = [...changedRows(delta).values()];
  for (const { key, row } of rows.sort((a, b) => compareKeys(a.key, b.key))) take(changed, key, row);
  for (const { documentId, after } of changesOf(delta).records) changed.records.set(documentId, after);
  return replay(ours, changed);
}

interface ChangedRow {
  readonly key: PostingKey;
  /** The new row; `undefined` if the posting was removed. */
  readonly row: Row | undefined;
}

/** Lists the changed rows of a delta, by the texts of their keys. */
function changedRows(delta: Delta): Map<string, ChangedRow> {
  const changed = new Map<string, ChangedRow>();
  for (const key of delta.removed) changed.set(textOf(key), { key, row: undefined });
  for (const [block, at] of writtenRows(changesOf(delta).shards)) {
    const row = rowAt(block, at);
    const key = keyOfRow(row.columns, at);
    changed.set(textOf(key), { key, row });
  }
  return changed;
}

function take(changed: ReplaySet, key: PostingKey, row: Row | undefined): void {
  if (row === undefined) changed.remove(key.documentId, extentText(key.start, key.length));
  else changed.added.push(row.block, row.row);
}

function resolvedRow({ config }: ShardexIndex, key: PostingKey, resolution: unknown): Row {
  if (!isArray(resolution) && !ArrayBuffer.isView(resolution)) {
    throw new InvalidOptionError(
      'onConflict',
      `onConflict must return 'ours', 'theirs', 'base', 'remove' or a vector, not ${show(resolution)}.`,
    );
  }
  // Staging checks the vector itself.
  const staged = stagePostings(config, [{ ...key, vector: resolution as VectorInput }]);
  return rowAt(staged.blocks[0], staged.rows[0]);
}

function mergeConflict(conflicts: readonly (MergeConflict | RecordConflict)[]): MergeConflictError {
  const named = conflicts.slice(0, 5).map((conflict) => {
    const { documentId } = conflict;
    if ('start' in conflict) return `${show(documentId)} at ${conflict.start}, length ${conflict.length}`;
    return conflict.part === 'text'
      ? `the text of ${show(documentId)}`
      : `${show(conflict.path)} of ${show(documentId)}`;
  });
  const more = conflicts.length > 5 ? `; and ${conflicts.length - 5} more` : '';
  return new MergeConflictError(
    `Both sides changed the same in different ways: ${named.join('; ')}${more}. Nothing was merged; pass onConflict to decide, as 'ours', 'theirs' or a function.`,
    conflicts,
  );
}

function isDecider(value: unknown): boolean {
  return value === undefined || value === 'ours' || value === 'theirs' || typeof value === 'function';
}

function sameRow(a: Row | undefined, b: Row | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameVector(a.columns, a.row, b.columns, b.row);
}

function vectorOf({ config }: ShardexIndex, row: Row | undefined): Float32Array | undefined {
  return row && postingOfRow(row.columns, row.row, config.dimensions).vector;
}

function textOf({ documentId, start, length }: PostingKey): string {
  return keyText(documentId, start, length);
}
