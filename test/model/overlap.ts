import type { PostingKey } from 'shardex';
import { comparePostings, type NaiveTwin } from '../support/naive-twin.js';
import { differences, keyOf } from './difference.js';

/** The documents a draft touched: as a whole, or the keys of the postings that it added. */
export type TouchedKeys = ReadonlyMap<string, 'whole' | ReadonlySet<string>>;

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
 * Predicts a rebase from values alone (I3): others touched a posting if it is not the same in the base and the current
 * version. That is a conflict where the writer added it too, even as it was, or removed or replaced its document.
 */
export function outcomeOf(
  base: NaiveTwin,
  mine: NaiveTwin,
  current: NaiveTwin,
  touched: TouchedKeys,
): Outcome {
  const ours = differences(base, mine);
  const theirs = differences(base, current);
  const postings: PostingKey[] = [];
  const merged = current.clone();
  for (const [documentId, keys] of touched) {
    for (const [key, { before, after }] of theirs.get(documentId) ?? []) {
      if (keys === 'whole' || keys.has(key)) postings.push(bareKey(after ?? before));
    }
    const changed = ours.get(documentId);
    if (changed === undefined) continue;
    const rest = merged.postings(documentId).filter((posting) => !changed.has(keyOf(posting)));
    const added = [...changed.values()].flatMap(({ after }) => (after === undefined ? [] : [after]));
    merged.replaceDocument(documentId, [...rest, ...added]);
  }
  const documents = [...new Set(postings.map(({ documentId }) => documentId))].sort();
  return { documents, postings: postings.sort(comparePostings), merged };
}

function bareKey(posting: PostingKey | undefined): PostingKey {
  if (posting === undefined) throw new Error('A difference has at least one side.');
  const { documentId, start, length } = posting;
  return { documentId, start, length };
}
