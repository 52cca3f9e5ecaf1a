import type { CowShardexIndex, Posting, ShardexIndex } from 'shardex';
import { type Random, integerBelow, pick } from '../../support/random.js';

export const OPTIONS = { dimensions: 3, metric: 'euclidean', shardCapacity: 8 } as const;

export const QUERIES = [
  [0.5, -0.25, 1],
  [0, 0, 0],
];

const DOCUMENTS = Array.from({ length: 60 }, (_, i) => `d${i}`);

function posting(random: Random): Posting {
  return {
    documentId: pick(random, DOCUMENTS),
    start: integerBelow(random, 3),
    // Coarse, so that vectors and distances meet again.
    vector: Array.from({ length: OPTIONS.dimensions }, () => (integerBelow(random, 17) - 8) / 4),
  };
}

function postings(random: Random, most: number): Posting[] {
  return Array.from({ length: 1 + integerBelow(random, most) }, () => posting(random));
}

/**
 * Does something to a cell, mostly one commit: adds, removes, replaces, goes back, merges a branch that wrote behind the
 * same rows, or leaves rows claimed by a writer that is thrown away.
 */
export function change(cell: CowShardexIndex, random: Random, kept: ShardexIndex[] = []): void {
  const kind = integerBelow(random, 20);
  if (kind < 8)
    cell.update((draft) => {
      draft.addPosting(posting(random));
    });
  else if (kind < 11) cell.update((draft) => void draft.addPostings(postings(random, 30)));
  else if (kind < 14)
    cell.update(
      (draft) => void draft.removeDocuments(Array.from({ length: 4 }, () => pick(random, DOCUMENTS))),
    );
  else if (kind < 16) {
    cell.update((draft) => {
      const documentId = pick(random, DOCUMENTS);
      draft.replaceDocument(
        documentId,
        postings(random, 5).map((each) => ({ ...each, documentId })),
      );
    });
  } else if (kind < 17) {
    using writer = cell.cloneForWrite();
    writer.addPostings(postings(random, 20));
  } else if (kind < 18) {
    const branch = cell.fork();
    branch.update((draft) => void draft.addPostings(postings(random, 10)));
    cell.update((draft) => void draft.addPostings(postings(random, 10)));
    const expected = cell.read();
    cell.commitChanges(branch.read(), { expected });
  } else if (kind < 19 && kept.length > 0) cell.commitChanges(pick(random, kept), { expected: cell.read() });
  else if (integerBelow(random, 4) === 0) {
    // Now and then almost everything goes.
    cell.update((draft) => void draft.removeDocuments(DOCUMENTS.slice(0, 55)));
  }
  if (integerBelow(random, 8) === 0) {
    kept.push(cell.read());
    if (kept.length > 6) kept.shift();
  }
}
