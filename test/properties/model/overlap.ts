import type { PostingKey } from 'shardex';
import { comparePostings, type NaiveTwin } from '../../support/naive-twin.js';
import { type TouchedFields, joinRecords } from './fields.js';
import { differences, keyOf } from './difference.js';

/** The documents a draft touched: as a whole, or the keys of the postings that it named; and the fields of records. */
export interface TouchedKeys {
  readonly postings: ReadonlyMap<string, 'whole' | ReadonlySet<string>>;
  readonly fields: TouchedFields;
}

/** What committing on another version than the base must come to. */
export interface Outcome {
  /** The documents in which both sides touched something, sorted; none where the commit succeeds. */
  readonly documents: readonly string[];
  /** The postings that both sides touched, sorted. */
  readonly postings: readonly PostingKey[];
  /** What the current version becomes where it succeeds. */
  readonly merged: NaiveTwin;
}

/**
 * Predicts a rebase from values and from what each commit meanwhile touched (I3). It is a conflict where one side changed a
 * posting that the other one added or removed, even without effect, or whose document the other one removed or replaced: that
 * one did so is also known from a posting that is gone and that nobody touched by itself.
 */
export function outcomeOf(
  base: NaiveTwin,
  mine: NaiveTwin,
  current: NaiveTwin,
  touched: TouchedKeys,
  recorded: readonly TouchedKeys[],
): Outcome {
  const ours = differences(base, mine);
  const theirs = differences(base, current);
  const postings: PostingKey[] = [];
  const merged = current.clone();
  const records = joinRecords(
    base,
    mine,
    current,
    touched.fields,
    recorded.map(({ fields }) => fields),
  );
  for (const [documentId, record] of records.joined) merged.setRecord(documentId, record);
  for (const [documentId, keys] of touched.postings) {
    const theirChanges = theirs.get(documentId) ?? new Map<string, never>();
    const isTouched = (key: string): boolean =>
      recorded.some((other) => covers(other.postings.get(documentId), key));
    const isLost = [...theirChanges].some(([key, { after }]) => after === undefined && !isTouched(key));
    const met = new Map<string, PostingKey>();
    for (const [key, { before, after }] of theirChanges)
      if (covers(keys, key)) met.set(key, bareKey(after ?? before));
    const changed = ours.get(documentId);
    for (const [key, { before, after }] of changed ?? [])
      if (isLost || isTouched(key)) met.set(key, bareKey(after ?? before));
    postings.push(...met.values());
    if (changed === undefined) continue;
    const rest = merged.postings(documentId).filter((posting) => !changed.has(keyOf(posting)));
    const added = [...changed.values()].flatMap(({ after }) => (after === undefined ? [] : [after]));
    merged.replaceDocument(documentId, [...rest, ...added]);
  }
  const met = [...postings.map(({ documentId }) => documentId), ...records.conflicts];
  const documents = [...new Set(met)].sort();
  return { documents, postings: postings.sort(comparePostings), merged };
}

function covers(keys: 'whole' | ReadonlySet<string> | undefined, key: string): boolean {
  return keys === 'whole' || keys?.has(key) === true;
}

function bareKey(posting: PostingKey | undefined): PostingKey {
  if (posting === undefined) throw new Error('A difference has at least one side.');
  const { documentId, start, length } = posting;
  return { documentId, start, length };
}
