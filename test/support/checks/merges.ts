import type { ShardexIndex } from 'shardex';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** What only one side added, changed or removed is in the merged version, and what both changed is refused. */
export function mergesBothSides(lib: Library): void {
  const put = (index: ShardexIndex, values: Readonly<Record<string, number>>): ShardexIndex =>
    lib.update(index, (draft) => {
      for (const [documentId, value] of Object.entries(values))
        draft.addPosting({ documentId, vector: [value] });
    });
  const remove = (index: ShardexIndex, documentId: string): ShardexIndex =>
    lib.update(index, (draft) => {
      draft.removeDocument(documentId);
    });
  const base = put(lib.createIndex({ dimensions: 1, metric: 'euclidean' }), { a: 1, b: 2, c: 3, d: 4, e: 5 });
  const ours = remove(put(base, { a: 10, f: 6 }), 'b');
  const theirs = remove(put(base, { c: 30, g: 7 }), 'd');
  const merged = lib.merge(ours, theirs, base);
  checkThat(valuesOf(lib, merged) === 'a10,c30,e5,f6,g7', 'both sides are in it');
  checkThat(lib.verify(merged).length === 0, 'the outcome is sound');

  const also = put(theirs, { a: 11 });
  let refused: unknown;
  try {
    lib.merge(ours, also, base);
  } catch (error) {
    refused = error;
  }
  checkThat(refused instanceof lib.MergeConflictError, 'what both changed is refused');
  checkThat(refused.conflicts.map(({ documentId }) => documentId).join() === 'a', 'the error names it');
  const decided = lib.merge(ours, also, base, { onConflict: 'ours' });
  checkThat(valuesOf(lib, decided) === 'a10,c30,e5,f6,g7', 'or decided as was asked for');
}

function valuesOf(lib: Library, index: ShardexIndex): string {
  const ids = [...lib.documentIds(index)].sort();
  return ids.map((id) => `${id}${lib.postings(index, id)[0].vector[0]}`).join();
}
