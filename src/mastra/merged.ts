// Takes into a draft what a branch has changed, document by document, so that it is one commit of a cell as of a store.
import {
  type IndexDraft,
  type MergeOptions,
  type ShardexIndex,
  diff,
  documents,
  getDocument,
  hasDocument,
  merge,
  postings,
} from '../index.js';

/**
 * Merges the newest version of a branch into a draft; of a branch without a base, all of it.
 *
 * @throws {@link MergeConflictError}, and what `onConflict` throws.
 */
export function putMerged(
  draft: IndexDraft,
  theirs: ShardexIndex,
  base: ShardexIndex | undefined,
  options: MergeOptions,
): void {
  const ours = draft.preview();
  const merged = base === undefined ? theirs : merge(ours, theirs, base, options);
  for (const documentId of base === undefined ? idsOf(theirs) : changedBetween(ours, merged)) {
    if (hasDocument(merged, documentId))
      draft.putDocument(documentId, {
        ...getDocument(merged, documentId),
        postings: postings(merged, documentId),
      });
    else draft.removeDocument(documentId);
  }
}

function* idsOf(index: ShardexIndex): Iterable<string> {
  for (const { documentId } of documents(index)) yield documentId;
}

function changedBetween(ours: ShardexIndex, merged: ShardexIndex): readonly string[] {
  const { added, updated, removed } = diff(ours, merged).documents;
  return [...added, ...updated, ...removed];
}
