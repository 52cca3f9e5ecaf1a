// An index of films in the versions that tests of documents need, and short ways to change it.
import { type IndexDraft, type Metadata, type ShardexIndex, createIndex, getDocument, update } from 'shardex';

export const empty = createIndex({ dimensions: 2, shardCapacity: 8 });

/** Two films with postings, one that has a record alone, and one that has none. */
export const films = update(empty, (draft) => {
  draft.putDocument('heat', {
    text: 'A thief and a policeman.',
    metadata: { title: 'Heat', year: 1995, tags: ['crime'], cast: { lead: 'Pacino', other: 'De Niro' } },
    postings: [
      { start: 0, length: 7, vector: [1, 0] },
      { start: 8, length: 16, vector: [0, 1] },
    ],
  });
  draft.putDocument('ran', { metadata: { year: 1985 }, postings: [{ vector: [1, 1] }] });
  draft.putDocument('alone', { text: 'No vector yet.' });
  draft.addPosting({ documentId: 'bare', vector: [-1, 0.5] });
});

export type Change = (draft: IndexDraft<Metadata>) => void;

export const changed = (index: ShardexIndex<Metadata>, change: Change): ShardexIndex<Metadata> =>
  update(index, change);

export const edit =
  (documentId: string, recipe: (fields: Record<string, unknown>) => void): Change =>
  (draft) => {
    draft.editMetadata(documentId, recipe);
  };

export const set = (documentId: string, name: string, value: unknown): Change =>
  edit(documentId, (fields) => {
    fields[name] = value;
  });

/** Everything that documents have beside postings, by document. */
export function recordsOf(index: ShardexIndex): Record<string, unknown> {
  const all = [...index.records.keys()].sort().map((id) => [id, getDocument(index, id)]);
  return Object.fromEntries(all) as Record<string, unknown>;
}
